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

fn client_that_trusts(pem: &[u8]) -> ureq::Agent {
    let root = Certificate::from_pem(pem).unwrap();
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&[root]))
        .build();
    ureq::Agent::config_builder().tls_config(tls).build().into()
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

    let agent = client_that_trusts(&std::fs::read(cert).unwrap());
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

#[test]
fn a_renewed_certificate_is_served_once_its_key_is_there() {
    let port = free_port();
    let sidecar = Sidecar::new().command("echo x").capture();
    let folder = sidecar.folder().to_owned();
    let (cert, key) = certificate(&folder, "server");
    let (renewed, its_key) = certificate(&folder, "renewed");
    let [before, after] = [&cert, &renewed].map(|file| std::fs::read(file).unwrap());
    let sidecar = sidecar
        .set("app.port", port)
        .set("app.tls", json!({"cert": cert, "key": key}));
    let mut server = Daemon::start(sidecar.sidecar(&["serve"]));
    let mut logs =
        |text: &str| server.await_line(|line| line.contains(text).then(|| line.to_owned()));
    logs("listening");
    let answers = |pem: &[u8]| {
        let asked = client_that_trusts(pem).get(format!("https://localhost:{port}/healthz"));
        asked.call().is_ok()
    };
    assert!(answers(&before) && !answers(&after));

    std::fs::copy(&renewed, &cert).unwrap();
    let said = logs("the new configuration is refused");
    assert!(said.contains("app.tls cannot be used"), "{said}");
    assert!(answers(&before) && !answers(&after));

    std::fs::copy(&its_key, &key).unwrap();
    logs("the new configuration is in force");
    assert!(!answers(&before) && answers(&after));
}
