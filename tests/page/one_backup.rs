//! What one backup's page says beside its contents: sizes, encryption, and what was done with it since.

use serde_json::json;

use super::{Client, backup, signed_in, with_store};
use crate::harness::Sidecar;

#[test]
fn what_was_done_with_a_backup_is_on_its_page() {
    let sidecar = with_store(Sidecar::printing("x")).set("strategy.config.restore", "cat > state");
    let (restored, other) = (backup(&sidecar, &[]), backup(&sidecar, &[]));
    sidecar.run(&["restore", &restored, "--replace"]).succeeds();
    let server = sidecar.serve();
    let client = Client::signed_in(&server);
    let page = |id: &str| client.reads(&format!("/ui/backups/{id}"));
    assert!(!page(&restored).contains("Verification"));
    client.submits(&format!("/ui/backups/{restored}/verify"), &[]);
    let runs = server.get("/backup/runs").json();
    let verifying = runs["runs"][0]["id"].as_str().unwrap();
    server.over(&format!("/backup/jobs/{verifying}"));
    let text = page(&restored);
    let (_, done) = text.split_once("What was done with it").unwrap();
    assert!(done.contains("Restore"), "{done}");
    assert!(done.contains("Verification"), "{done}");
    assert!(!page(&other).contains("What was done with it"));
}

#[test]
fn sizes_say_what_they_are() {
    let key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let sidecar = with_store(Sidecar::new())
        .command("seq 1 20000")
        .capture()
        .set("strategy.artifact.compression", "gz")
        .set(
            "strategy.artifact.encryption",
            json!({"age": {"recipients": [key]}}),
        );
    let id = backup(&sidecar, &[]);
    let server = sidecar.serve();
    let client = Client::signed_in(&server);
    let overview = client.reads("/");
    for said in ["106 KiB, stored as ", "all backups: local "] {
        assert!(overview.contains(said), "`{said}` is missing in {overview}");
    }
    let list = client.reads("/ui/backups");
    assert!(
        list.contains("stored as ") && list.contains(">encrypted<"),
        "{list}"
    );
    let page = client.reads(&format!("/ui/backups/{id}"));
    assert!(page.contains(">encrypted<"), "{page}");
    let sidecar_screen = client.reads("/ui/sidecar");
    assert!(
        sidecar_screen.contains("1 good backup, "),
        "{sidecar_screen}"
    );
}

#[test]
fn a_command_line_is_copied_with_one_click() {
    let sidecar = with_store(Sidecar::printing("x"));
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.clicks("#members summary");
    assert_eq!(browser.copies("#members .copy"), "sidecar backup");
}
