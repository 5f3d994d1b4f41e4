//! Who may look, and whose forms are obeyed.

use super::{Client, backup, signed_in, with_store};
use crate::harness::{Browser, Sidecar, TOKEN, skip};

#[test]
fn without_the_token_nothing_is_shown() {
    let server = Sidecar::printing("x").serve();
    let Some(browser) = Browser::start() else {
        skip("the page in a browser", "chromium-driver is not installed");
        return;
    };
    browser.open(&server.url);
    browser.types("#token", "wrong").clicks("main button");
    browser.reads("#problem", "This token is not right");
    assert_eq!(browser.text("nav"), "");
    browser.open(&format!("{}/ui/runs", server.url));
    assert_eq!(browser.text("nav"), "");
    // What was asked for comes after signing in.
    browser.types("#token", TOKEN).clicks("main button");
    browser.reads("h1", "Runs");
    browser.clicks("header form button");
    browser.reads("h1", "Sign in");
    browser.open(&format!("{}/ui/runs", server.url));
    browser.reads("h1", "Sign in");
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
}

#[test]
fn the_cookie_is_no_token_and_the_token_is_in_no_cookie() {
    let server = Sidecar::printing("x").serve();
    let client = Client::new(&server);
    let answer = client.submits("/ui/sign-in", &[("token", TOKEN), ("next", "ui/backups")]);
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "../ui/backups")
    );
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("; HttpOnly; SameSite=Strict"), "{cookie}");
    assert!(!cookie.contains(TOKEN), "{cookie}");
    // The API takes no cookie: what can be sent without asking the user must not start anything.
    assert_eq!(client.gets("/backup/jobs").status, 401);
    let elsewhere = client.submits("/ui/sign-in", &[("token", TOKEN), ("next", "//evil.test")]);
    assert_eq!(elsewhere.header("location"), "../");
}

#[test]
fn what_another_origin_sends_changes_nothing() {
    let server = Sidecar::printing("x").serve();
    let client = Client::signed_in(&server);
    let host = server.url.strip_prefix("http://").unwrap().to_owned();
    let own = format!("http://{host}");
    let refused: [&[(&str, &str)]; 5] = [
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site"), ("Origin", &own)],
        &[("Origin", "http://127.0.0.1:1")],
        &[("Origin", "null")],
        &[],
    ];
    for headers in refused {
        let answer = client.sends("POST", "/ui/runs", headers, "x=");
        assert_eq!(answer.status, 403, "{headers:?}");
        let text = String::from_utf8(answer.body).unwrap();
        assert!(
            text.contains("did not come from a form of this page"),
            "{text}"
        );
    }
    assert_eq!(
        server.get("/backup/jobs").json()["jobs"],
        serde_json::json!([])
    );
    let answer = client.sends("POST", "/ui/runs", &[("Origin", &own)], "x=");
    assert_eq!(answer.status, 303, "{answer:?}");
}

#[test]
fn without_a_session_forms_are_not_obeyed() {
    let server = Sidecar::printing("x").serve();
    let client = Client::new(&server);
    let answer = client.submits("/ui/runs", &[]);
    assert!(String::from_utf8_lossy(&answer.body).contains("name=\"token\""));
    assert_eq!(
        server.get("/backup/jobs").json()["jobs"],
        serde_json::json!([])
    );
    let stream = client.sends("GET", "/ui/events", &[("Accept", "text/event-stream")], "");
    assert_eq!(stream.status, 401);
}

#[test]
fn wrong_tokens_count_as_they_do_in_the_api() {
    let server = Sidecar::printing("x").serve();
    let client = Client::new(&server);
    let signs_in = |token: &str| client.submits("/ui/sign-in", &[("token", token)]).status;
    for _ in 0..20 {
        assert_eq!(signs_in("guess"), 401);
    }
    assert_eq!(signs_in("guess"), 429);
    // Behind one address there may be others than the one who guesses.
    assert_eq!(signs_in(TOKEN), 303);
    assert_eq!(server.get("/backup/jobs").status, 200);
}

#[test]
fn the_page_may_load_nothing_from_elsewhere() {
    let server = Sidecar::printing("x").serve();
    let files = [
        "page.css",
        "parts.css",
        "page.js",
        "live.js",
        "time.js",
        "controls.js",
        "bad.svg",
    ];
    let files = files.map(|name| format!("/ui/files/{name}"));
    for path in files.iter().map(String::as_str).chain(["/"]) {
        let answer = server.ask("GET", path, &[]);
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        let text = String::from_utf8(answer.body.clone()).unwrap();
        assert!(!text.contains("https://"), "{path} names another place");
    }
}

#[test]
fn a_user_signs_in_and_out_without_a_mouse() {
    let server = Sidecar::printing("x").serve();
    let Some(browser) = signed_in(&server) else {
        return;
    };
    // The first stop leads past the menu.
    browser.presses("\u{e004}\u{e007}");
    assert_eq!(
        browser.evaluates("return document.activeElement.id"),
        "main"
    );
    browser.presses("\u{e004}");
    let focused = browser.evaluates("return document.activeElement.textContent");
    assert_eq!(focused, "Back up now");
    browser.presses("\u{e007}");
    browser.reads("h1", "Backup");
}

#[test]
fn a_proxy_that_names_another_host_is_told_apart() {
    let server = Sidecar::printing("x").serve();
    let headers = [("Origin", "http://backup.example")];
    let form = format!("token={TOKEN}");
    let answer = Client::new(&server).sends("POST", "/ui/sign-in", &headers, &form);
    assert_eq!(answer.status, 403);
    let text = String::from_utf8(answer.body).unwrap();
    let host = server.url.strip_prefix("http://").unwrap();
    for words in [
        "http://backup.example",
        host,
        "proxy_set_header Host $http_host",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
}

#[test]
fn after_a_session_is_over_a_form_leads_back_to_a_screen() {
    let sidecar = with_store(Sidecar::printing("x"));
    let id = backup(&sidecar, &[]);
    let server = sidecar.serve();
    for (form, screen) in [
        (
            format!("/ui/backups/{id}/verify"),
            format!("/ui/backups/{id}"),
        ),
        ("/ui/sign-out".to_owned(), "/".to_owned()),
    ] {
        let client = Client::new(&server);
        client.submits(&form, &[]);
        let next = form.strip_prefix('/').unwrap();
        // A wrong token in between forgets nothing.
        let wrong = client.submits("/ui/sign-in", &[("token", "wrong"), ("next", next)]);
        let text = String::from_utf8(wrong.body).unwrap();
        assert!(
            text.contains(&format!("name=\"next\" value=\"{next}\"")),
            "{text}"
        );
        let signed_in = client.submits("/ui/sign-in", &[("token", TOKEN), ("next", next)]);
        assert_eq!(signed_in.header("location"), format!("../{next}"));
        let back = client.gets(&form);
        assert_eq!(back.status, 303, "{back:?}");
        let folder = form.rsplit_once('/').unwrap().0;
        let parent = folder.rsplit_once('/').unwrap().0;
        let to = back.header("location").strip_prefix("../").unwrap();
        assert_eq!(format!("{parent}/{to}"), screen);
        client.reads(&screen);
    }
}

#[test]
fn signing_in_again_ends_the_session_of_this_browser() {
    let server = Sidecar::printing("x").serve();
    let client = Client::signed_in(&server);
    let before = client.cookies();
    client.submits("/ui/sign-in", &[("token", TOKEN)]);
    let old = Client::new(&server).with_cookies(before);
    assert!(old.reads("/ui/runs").contains("name=\"token\""));
    assert!(!client.reads("/ui/runs").contains("name=\"token\""));
}

#[test]
fn a_session_that_began_over_https_is_sent_over_https_alone() {
    let server = Sidecar::printing("x").serve();
    let form = format!("token={TOKEN}");
    let signs_in = |origin: &str| {
        let headers = [("Origin", origin), ("Sec-Fetch-Site", "same-origin")];
        let answer = Client::new(&server).sends("POST", "/ui/sign-in", &headers, &form);
        answer.header("set-cookie").to_owned()
    };
    assert!(signs_in("https://backup.example").ends_with("; Secure"));
    assert!(!signs_in(&server.url).contains("; Secure"));
}
