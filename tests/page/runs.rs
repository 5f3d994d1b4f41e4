//! What ran, and how it ended.

use super::{Client, signed_in, with_store};
use crate::harness::{Sidecar, TOKEN};

#[test]
fn runs_are_found_by_their_kind_and_state() {
    let sidecar = with_store(Sidecar::new())
        .command("test ! -e broken; echo x")
        .capture();
    sidecar.backup().succeeds();
    std::fs::write(sidecar.workdir().join("broken"), "").unwrap();
    sidecar.backup().exits(1);
    let server = sidecar.serve();
    let client = Client::signed_in(&server);
    let rows = |path: &str| client.reads(path).matches("<tr id=\"run-").count();
    assert_eq!(rows("/ui/runs"), 2);
    assert_eq!(rows("/ui/runs?state=failed"), 1);
    assert_eq!(rows("/ui/runs?state=succeeded&kind=backup"), 1);
    assert_eq!(rows("/ui/runs?kind=restore"), 0);
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.open(&format!("{}/ui/runs", server.url));
    browser.reads("#runs", "Failed");
    browser.clicks("a[href*='kind=restore']");
    browser.reads("#runs", "Nothing fits this filter");
}

#[test]
fn what_no_address_leads_to_is_said() {
    let server = Sidecar::printing("x").serve();
    let client = Client::signed_in(&server);
    for path in ["/ui/runs/none", "/ui/runs/none/cancel"] {
        let answer = client.gets(path);
        assert_eq!(answer.status, 404, "{path}");
        let text = String::from_utf8(answer.body).unwrap();
        assert!(text.contains("<h1>There is no such thing</h1>"), "{text}");
    }
}

#[test]
fn what_a_run_says_is_kept_without_secrets_and_shown() {
    let sidecar = with_store(Sidecar::new())
        .command(&format!(
            "printf 'key {TOKEN} \\033[2J <b>\\n' >&2; echo two >&2; echo x"
        ))
        .capture();
    let id = super::backup(&sidecar, &[]);
    let server = sidecar.serve();
    let path = format!("/backup/jobs/{id}/log");
    let log = server.get(&path).json();
    let lines = log["lines"].as_array().unwrap();
    assert!(lines.len() >= 2, "{log}");
    let text = lines[0]["text"].as_str().unwrap();
    assert!(text.starts_with("key ") && text.ends_with("<b>"), "{log}");
    assert!(!text.contains(TOKEN) && !text.contains('\u{1b}'), "{log}");
    assert_eq!(lines[1]["text"], "two");
    assert_eq!(lines[1]["source"], "stderr");
    let rest = server.get(&format!("{path}?after=1")).json();
    assert_eq!(rest["before"], 1);
    assert_eq!(rest["lines"][0], lines[1]);
    assert_eq!(server.get("/backup/jobs/none/log").status, 404);
    let shown = Client::signed_in(&server).reads(&format!("/ui/runs/{id}"));
    assert!(shown.contains("stderr: two</div>"), "{shown}");
    assert!(!shown.contains("<b>"), "{shown}");
}
