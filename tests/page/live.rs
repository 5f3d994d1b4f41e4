//! What runs is seen as it runs; a page that is not told anything any more says so.

use rustix::process::Signal;

use super::signed_in;
use crate::harness::Sidecar;

#[test]
fn a_run_is_followed_to_its_end() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("half-way");
    let server = sidecar
        .command(&format!("seq 1 100000; {}; echo done", gate.wait()))
        .capture()
        .serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.clicks("#members button");
    let open = gate.reached();
    browser.reads("#run .state", "Running");
    browser.reads("#run .progress", "so far");
    browser.reads("#run", "You may close this page");
    let run = browser.evaluates("return location.href");
    browser.open(&server.url);
    browser.reads("#members .progress", "Backup in progress");
    // A second one is refused, with the way to the first.
    let client = super::Client::signed_in(&server);
    let refused = client.submits("/ui/runs", &[]);
    assert_eq!(refused.status, 409);
    assert!(String::from_utf8_lossy(&refused.body).contains("/ui/runs/"));
    drop(open);
    // Without being asked again.
    browser.reads("#members", "Up to date");
    browser.open(run.as_str().unwrap());
    browser.reads("#run .state", "Succeeded");
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
}

#[test]
fn a_run_is_cancelled_in_a_dialog_or_on_a_page() {
    let sidecar = Sidecar::new();
    let gate = sidecar.gate("for-ever");
    let server = sidecar.command(&gate.wait()).capture().serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.clicks("#members button");
    let _open = gate.reached();
    browser.reads("#run .state", "Running");
    browser.clicks("#run .progress .button");
    browser.reads("dialog", "leaves nothing behind");
    browser.clicks("dialog form[method=dialog] button");
    browser.reads("#run .state", "Running");
    browser
        .clicks("#run .progress .button")
        .clicks("dialog .danger");
    browser.reads("#run .state", "Cancelled");
    // Without a script the same link leads to a page that asks.
    let id = browser.evaluates("return location.pathname.split('/').pop()");
    let client = super::Client::signed_in(&server);
    let asks = client.reads(&format!("/ui/runs/{}/cancel", id.as_str().unwrap()));
    assert!(asks.contains("Cancel this run?"), "{asks}");
}

#[test]
fn a_page_whose_server_has_gone_is_grey() {
    let server = Sidecar::printing("x").serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.reads("#as-of", "UTC");
    assert_eq!(browser.text("#lost"), "");
    let _ended = server.end_with(Signal::KILL);
    browser.reads("#lost", "may no longer be true");
    let is_grey = "return document.documentElement.classList.contains('lost')";
    assert_eq!(browser.evaluates(is_grey), true);
}
