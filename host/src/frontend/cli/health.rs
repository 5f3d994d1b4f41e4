//! `sidecar health`: asks the running server whether it is ready.

use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;

use reqwest::blocking::Client;

use super::options::Options;
use super::print::outln;
use crate::config::Listen;
use crate::error::{Error, Result};

/// A server that takes longer is not healthy.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(3);

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let url = url(&options.load()?.app.listen);
    let (status, body) = ask(&url).map_err(|error| {
        Error::run(
            "not-running",
            format!("no sidecar answers at {url}: {error}"),
        )
        .hint("is `sidecar serve` running with this configuration?")
    })?;
    let (ready, check) = (status == 200, body.trim());
    if options.json {
        outln!("{}", serde_json::json!({ "ready": ready, "check": check }));
    } else if ready {
        outln!("ready");
    } else {
        outln!("not ready: {check}");
    }
    Ok(match ready {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Where the server can be reached from here: one that listens everywhere also listens on loopback.
fn url(listen: &Listen) -> String {
    let scheme = match listen.tls {
        Some(_) => "https",
        None => "http",
    };
    let host = match listen.host.parse() {
        Ok(IpAddr::V4(address)) if address.is_unspecified() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(address)) if address.is_unspecified() => "[::1]".to_owned(),
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => listen.host.clone(),
    };
    format!("{scheme}://{host}:{}/readyz", listen.port)
}

/// Returns status and body.
fn ask(url: &str) -> reqwest::Result<(u16, String)> {
    // Fails only if there is one already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // The certificate is for another name than loopback. Nothing secret is sent, and only this
    // machine's own port is asked.
    let client = Client::builder()
        .timeout(HEALTH_TIMEOUT)
        .no_proxy()
        .tls_danger_accept_invalid_certs(true)
        .build()?;
    let answer = client
        .get(url)
        .send()
        .map_err(reqwest::Error::without_url)?;
    Ok((answer.status().as_u16(), answer.text()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_reached_from_inside_its_container() {
        let url = |host: &str| {
            url(&Listen {
                host: host.to_owned(),
                port: 8000,
                tls: None,
                page: None,
            })
        };
        assert_eq!(url("0.0.0.0"), "http://127.0.0.1:8000/readyz");
        assert_eq!(url("::"), "http://[::1]:8000/readyz");
        assert_eq!(url("fd00::1"), "http://[fd00::1]:8000/readyz");
        assert_eq!(url("sidecar.local"), "http://sidecar.local:8000/readyz");
    }
}
