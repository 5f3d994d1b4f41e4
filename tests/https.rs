//! The API with the operator's certificate.

use std::path::Path;

use serde_json::json;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::harness::{Daemon, Sidecar, TOKEN, free_port, sh};

/// A self-signed certificate for `localhost`, and its key.
pub(crate) fn certificate(folder: &Path, name: &str) -> (String, String) {
    let [cert, key] = ["crt", "key"].map(|ending| {
        folder
            .join(format!("{name}.{ending}"))
            .display()
            .to_string()
    });
    sh(&format!(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
         -subj /CN=localhost -addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost \
         -keyout '{key}' -out '{cert}'"
    ))
    .succeeds();
    (cert, key)
}

#[test]
fn an_export_over_https() {
    let port = free_port();
    let sidecar = Sidecar::new().command("echo secret").capture();
    let (cert, key) = certificate(sidecar.folder(), "server");
    let sidecar = sidecar
        .set("app.port", port)
        .set("app.tls", json!({"cert": cert, "key": key}));
    let mut server = Daemon::start(sidecar.sidecar(&["serve"]));
    server.await_line(|line| line.contains("listening").then_some(()));

    let pem = std::fs::read(cert).unwrap();
    let root = Certificate::from_pem(&pem).unwrap();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&[root]))
        .build();
    let agent: ureq::Agent = ureq::Agent::config_builder().tls_config(tls).build().into();
    let mut answer = agent
        .post(format!("https://localhost:{port}/backup/export"))
        .header("Authorization", format!("Bearer {TOKEN}"))
        .send_empty()
        .unwrap();
    assert_eq!(answer.body_mut().read_to_string().unwrap(), "secret\n");
    assert!(
        agent
            .get(format!("http://localhost:{port}/healthz"))
            .call()
            .is_err()
    );
    sidecar.run(&["health"]).succeeds();
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused() {
    let sidecar = Sidecar::new().command("echo x").capture();
    let (cert, _) = certificate(sidecar.folder(), "one");
    let (_, other) = certificate(sidecar.folder(), "another");
    for (cert, key, words) in [
        (
            cert.as_str(),
            "/nowhere/key",
            "app.tls.key: cannot read /nowhere/key",
        ),
        (other.as_str(), other.as_str(), "there is no certificate in"),
        (cert.as_str(), other.as_str(), "app.tls cannot be used"),
    ] {
        let tls = json!({"cert": cert, "key": key});
        let sidecar = Sidecar::new()
            .command("echo x")
            .capture()
            .set("app.tls", tls);
        sidecar.run(&["serve"]).exits(3).stderr_contains(words);
    }
}
