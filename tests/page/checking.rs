//! "Check now": what would go wrong tonight, without a shell.

use serde_json::json;

use super::{Client, signed_in, with_store};
use crate::harness::Sidecar;

const RUNNER: &str = "a-token-that-makes-backups-only";
const READER: &str = "a-token-that-may-look-only-here";

fn with_tokens(sidecar: Sidecar) -> Sidecar {
    sidecar.set(
        "secrets.tokens",
        json!({
            "night": {"scope": "run", "token": RUNNER},
            "wall": {"scope": "read", "token": READER},
        }),
    )
}

#[test]
fn what_would_fail_tonight_is_found_from_the_page() {
    let sidecar = with_store(Sidecar::printing("x"));
    let server = sidecar.serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    browser.clicks("form[action*=check] button");
    browser.reads("h1", "The next backup can run");
    browser.reads("main", "Stores that can do what a backup needs: local");
    std::fs::remove_dir_all(sidecar.folder().join("store")).unwrap();
    std::fs::write(sidecar.folder().join("store"), "no folder").unwrap();
    browser.clicks("main form button");
    browser.reads("h1", "would make the next backup fail");
    browser.reads("main", "Would fail");
    // Another language asks without a form: it says what a check is.
    browser.clicks("a[hreflang=es]");
    browser.reads("h1", "Comprobar");
}

#[test]
fn a_token_that_may_run_may_check_and_one_that_may_look_may_not() {
    let server = with_tokens(with_store(Sidecar::printing("x"))).serve();
    let runner = Client::signed_in_with(&server, RUNNER);
    assert!(runner.reads("/").contains("Check now"));
    let checked = runner.submits("/ui/check", &[]);
    assert_eq!(checked.status, 200);
    let text = String::from_utf8(checked.body).unwrap();
    assert!(text.contains("The next backup can run"), "{text}");
    let reader = Client::signed_in_with(&server, READER);
    assert!(!reader.reads("/").contains("Check now"));
    assert_eq!(reader.gets("/ui/check").status, 403);
    assert_eq!(reader.submits("/ui/check", &[]).status, 403);
    let found = server.post("/backup/check").json();
    assert_eq!(found["errors"], json!([]), "{found}");
    assert_eq!(found["stores"], json!(["local"]));
}

#[test]
fn who_is_signed_in_and_with_which_scope_is_in_the_header() {
    let server = with_tokens(Sidecar::printing("x")).serve();
    let header = |token: &str| {
        let text = Client::signed_in_with(&server, token).reads("/?lang=en");
        text.split("</header>").next().unwrap().to_owned()
    };
    assert!(header(RUNNER).contains("night, scope “run”"));
    assert!(header(READER).contains("wall, scope “read”"));
}
