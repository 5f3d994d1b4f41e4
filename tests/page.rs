//! The web page at `/`, in a browser.

use serde_json::json;

use crate::harness::{Browser, Server, Sidecar, TOKEN, skip};

/// A browser at the page of a server; without one on this machine, none, and the reason is recorded.
fn browser_at(server: &Server) -> Option<Browser> {
    let Some(browser) = Browser::start() else {
        skip("the page in a browser", "chromium-driver is not installed");
        return None;
    };
    browser.open(&server.url);
    Some(browser)
}

#[test]
fn a_user_with_the_token_sees_and_starts_runs() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let server = sidecar
        .command(&format!("{}; echo done", gate.wait()))
        .capture()
        .serve();
    let Some(browser) = browser_at(&server) else {
        return;
    };
    browser.types("#token", TOKEN).clicks("#sign-in button");
    browser.reads("#ready", "ready");
    browser.reads("#capabilities", "database");
    browser.reads("#none", "Nothing has run yet");

    browser.clicks("#start");
    let open = gate.reached();
    browser.reads("#jobs .state", "running");
    browser.clicks("#start");
    browser.reads("#problem", "another run is in progress");
    drop(open);
    browser.reads("#jobs .state", "succeeded");
    browser.reads("#jobs .size", "5 B");
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
}

#[test]
fn a_run_can_be_cancelled() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("for-ever");
    let server = sidecar.command(&gate.wait()).capture().serve();
    let Some(browser) = browser_at(&server) else {
        return;
    };
    browser.types("#token", TOKEN).clicks("#sign-in button");
    browser.reads("#capabilities", "database");
    browser.clicks("#start");
    let _open = gate.reached();
    browser.reads("#jobs .cancel", "Cancel");
    browser.clicks("#jobs .cancel");
    browser.reads("#jobs .state", "cancelled");
    let jobs = server.get("/backup/jobs").json();
    assert_eq!(jobs["jobs"][0]["state"], json!("cancelled"));
}

#[test]
fn a_failed_run_shows_its_error_and_no_markup() {
    let server = Sidecar::new()
        .command("echo '<img src=x onerror=alert(1)>' >&2; exit 3")
        .serve();
    let Some(browser) = browser_at(&server) else {
        return;
    };
    server.over(&server.start_run());
    browser.types("#token", TOKEN).clicks("#sign-in button");
    browser.reads("#jobs .state", "failed");
    browser.reads("#jobs small", "<img src=x onerror=alert(1)>");
}

#[test]
fn without_the_token_nothing_is_shown() {
    let server = Sidecar::new().command("echo x").capture().serve();
    let Some(browser) = browser_at(&server) else {
        return;
    };
    assert_eq!(browser.text("#inside"), "");
    browser.types("#token", "wrong").clicks("#sign-in button");
    browser.reads("#problem", "Invalid authorization token");
    assert_eq!(browser.text("#inside"), "");
    assert_eq!(browser.text("#capabilities"), "");
}

#[test]
fn the_page_may_load_nothing_from_elsewhere() {
    let server = Sidecar::new().command("echo x").capture().serve();
    for path in ["/", "/page.css", "/page.js"] {
        let answer = server.ask("GET", path, &[]);
        assert_eq!(answer.status, 200);
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let text = String::from_utf8(answer.body.clone()).unwrap();
        assert!(!text.contains("https://"), "{path} names another place");
    }
}
