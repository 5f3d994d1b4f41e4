//! `sidecar health`: asks the running server, for the container's health check.

use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::TlsConfig;

use super::Options;
use crate::config::App;
use crate::error::{Error, Result};

/// A server that takes longer is not well.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) fn run(options: &Options) -> Result<ExitCode> {
    let url = url(&options.load()?.app);
    let (status, body) = ask(&url).map_err(|error| {
        Error::run(
            "not-running",
            format!("no sidecar answers at {url}: {error}"),
        )
        .hint("is `sidecar serve` running with this configuration?")
    })?;
    let (ready, check) = (status == 200, body.trim());
    if options.json {
        println!("{}", serde_json::json!({ "ready": ready, "check": check }));
    } else if ready {
        println!("ready");
    } else {
        println!("not ready: {check}");
    }
    Ok(match ready {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// Where it can be reached from here: one that listens everywhere also listens on loopback.
fn url(app: &App) -> String {
    let scheme = match app.tls {
        Some(_) => "https",
        None => "http",
    };
    let place = match app.host.parse() {
        Ok(IpAddr::V4(address)) if address.is_unspecified() => "127.0.0.1".to_owned(),
        Ok(IpAddr::V6(address)) if address.is_unspecified() => "[::1]".to_owned(),
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => app.host.clone(),
    };
    format!("{scheme}://{place}:{}/readyz", app.port)
}

/// Status and body.
fn ask(url: &str) -> Result<(u16, String), ureq::Error> {
    // The certificate is for another name than loopback. Nothing secret is sent, and nobody else
    // listens on this machine's own port.
    let tls = TlsConfig::builder().disable_verification(true).build();
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .proxy(None)
        .tls_config(tls)
        .build()
        .into();
    let mut answer = agent.get(url).call()?;
    Ok((
        answer.status().as_u16(),
        answer.body_mut().read_to_string()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_reached_from_inside_its_container() {
        let url = |host: &str| {
            url(&App {
                host: host.to_owned(),
                port: 8000,
                tls: None,
                first_byte_within: Duration::ZERO,
            })
        };
        assert_eq!(url("0.0.0.0"), "http://127.0.0.1:8000/readyz");
        assert_eq!(url("::"), "http://[::1]:8000/readyz");
        assert_eq!(url("fd00::1"), "http://[fd00::1]:8000/readyz");
        assert_eq!(url("sidecar.local"), "http://sidecar.local:8000/readyz");
    }
}
