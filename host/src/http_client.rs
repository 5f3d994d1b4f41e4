//! HTTP clients: whom they trust, and why a request failed, in words that quote no URL.

use std::error::Error as StdError;
use std::io;
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, Kind, Result};

/// What a client is for.
pub(crate) struct ClientSpec<'a> {
    /// As messages call it: "store `minio`".
    pub(crate) name: &'a str,
    /// The server's.
    pub(crate) url: &'a str,
    /// PEM: the only certificates to trust; without it, those of the system.
    pub(crate) ca_file: Option<&'a Path>,
    /// How long a connection may take.
    pub(crate) connect_timeout: Duration,
    /// Whether `HTTP_PROXY` and the like are followed. Without TLS a proxy reads what is sent, and such a variable may
    /// stand in a container without anyone having asked for it.
    pub(crate) uses_proxy: bool,
}

/// A client that follows no redirect. Without TLS no certificates are looked for: a small image has none.
pub(crate) fn client(spec: &ClientSpec<'_>) -> Result<reqwest::Client> {
    // Fails only if there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .connect_timeout(spec.connect_timeout)
        .redirect(reqwest::redirect::Policy::none());
    let builder = match spec.uses_proxy {
        true => builder,
        false => builder.no_proxy(),
    };
    let builder = if spec.url.starts_with("http://") {
        builder.tls_certs_only([])
    } else if let Some(file) = spec.ca_file {
        builder.tls_certs_only(authorities(spec, file)?)
    } else {
        builder
    };
    builder.build().map_err(|error| {
        let message = format!("{} cannot be reached over TLS: {error}", spec.name);
        Error::new(Kind::Config, "no-tls", message)
            .hint("install the package `ca-certificates`, or name a `ca_file`")
            .caused_by(error)
    })
}

fn authorities(spec: &ClientSpec<'_>, file: &Path) -> Result<Vec<reqwest::Certificate>> {
    let pem = std::fs::read(file).map_err(|error| Error::io("read", file, error))?;
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => {
            let (file, name) = (file.display(), spec.name);
            let message = format!("{file} of {name} holds no certificate");
            Err(Error::new(Kind::Config, "bad-ca-file", message)
                .hint("it must be PEM: `-----BEGIN CERTIFICATE-----`"))
        }
    }
}

/// Why a request failed, without the library's own text, which may quote the URL.
pub(crate) fn failure(error: &reqwest::Error, limit: Duration) -> String {
    if error.is_timeout() {
        return format!("no answer within {limit:?}");
    }
    if error.is_builder() {
        return "its URL is not valid".to_owned();
    }
    if is_untrusted(error) {
        return "no trusted connection: its certificate or TLS version is not accepted".to_owned();
    }
    if !error.is_connect() {
        return "it does not speak HTTP".to_owned();
    }
    // The look-up of a name has no error type of its own.
    if causes(error).any(|cause| cause.to_string() == "dns error") {
        return "its name is not known".to_owned();
    }
    let io = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>());
    match io {
        Some(io) => format!("no connection: {}", io.kind()),
        None => "no connection".to_owned(),
    }
}

/// Whether its certificate or its TLS is not accepted.
pub(crate) fn is_untrusted(error: &reqwest::Error) -> bool {
    causes(error).any(|cause| cause.is::<rustls::Error>() || is_invalid_data(cause))
}

/// So `rustls` reports a certificate that it does not trust.
fn is_invalid_data(error: &(dyn StdError + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|io| io.kind() == io::ErrorKind::InvalidData)
}

/// What an error was caused by, from the outside in. What an `io::Error` wraps is its cause: it names only that one's own.
fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn StdError + 'static)> {
    std::iter::successors(error.source(), |&cause| {
        match cause.downcast_ref::<io::Error>() {
            Some(io) => io.get_ref().map(|inner| inner as &(dyn StdError + 'static)),
            None => cause.source(),
        }
    })
}
