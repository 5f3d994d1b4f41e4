//! Signing in at an OpenID provider.

mod attacks;

use serde_json::json;

use super::{Client, backup, with_store};
use crate::harness::{
    Answer, Browser, CLIENT_SECRET, OpenId, Server, Sidecar, Signed, free_port, skip,
};

/// A sidecar at which the users of this provider sign in.
fn at(provider: &OpenId) -> Sidecar {
    Sidecar::printing("x").set("app.oidc", provider.config())
}

/// The way of a browser to the provider, where its user says yes: the address that it is sent back to, below the
/// sidecar's.
fn leaves(server: &Server, client: &Client, provider: &OpenId) -> String {
    let departure = client.gets("/ui/sign-in/oidc?next=ui%2Fruns");
    assert_eq!(departure.status, 303, "{departure:?}");
    let back = provider.signs_in(departure.header("location"));
    let path = back.strip_prefix(&server.url);
    path.unwrap_or_else(|| panic!("{back}")).to_owned()
}

/// There and back.
fn signs_in(server: &Server, client: &Client, provider: &OpenId) -> Answer {
    client.gets(&leaves(server, client, provider))
}

fn is_in(client: &Client) -> bool {
    !client.reads("/ui/runs").contains("name=\"token\"")
}

/// What a person reads of a failure: its code stands there too.
#[track_caller]
fn reads_failure(answer: Answer, status: u16, code: &str) -> String {
    let text = String::from_utf8(answer.body).unwrap();
    assert!(
        text.contains(&format!("<code>{code}</code>")),
        "{code}: {text}"
    );
    assert_eq!(answer.status, status, "{text}");
    text
}

#[test]
fn a_person_signs_in_in_a_browser_and_may_do_what_is_granted() {
    let provider = OpenId::start();
    let sidecar = with_store(at(&provider)).set("strategy.config.restore", "cat > state");
    let id = backup(&sidecar, &[]);
    let mut server = sidecar.serve();
    let Some(browser) = Browser::start() else {
        skip("the page in a browser", "chromium-driver is not installed");
        return;
    };
    browser.open(&format!("{}/ui/runs", server.url));
    let host = provider.issuer.strip_prefix("http://").unwrap();
    browser.reads("main .button", &format!("Sign in at {host}"));
    assert_eq!(browser.barriers(), Vec::<String>::new());
    browser.clicks("main .button");
    browser.reads("h1", "The provider");
    browser.clicks("button");
    // What was asked for at first, without a click more: the provider is another site.
    browser.reads("h1", "Runs");
    browser.open(&format!("{}/ui/backups/{id}", server.url));
    browser.reads("main", "scope “restore”");
    assert_eq!(browser.text("form[action*=restore] button"), "");
    browser.clicks("nav li:first-child a");
    browser.clicks("#members button");
    browser.reads("#run .state", "Succeeded");
    let audit = server.get("/backup/audit").json();
    let alice = format!("oidc:alice (sub 248289761001 of {})", provider.issuer);
    assert_eq!(audit["audit"][0]["who"], alice, "{audit}");
    assert_eq!(audit["audit"][0]["operation"], "POST /backup/run");
    browser.clicks("header form button");
    browser.reads("h1", "Sign in");
    assert_eq!(browser.complaints(), Vec::<serde_json::Value>::new());
    let log = server.log();
    assert!(
        log.contains("oidc:alice") && !log.contains("code-0"),
        "{log}"
    );
}

#[test]
fn the_session_is_one_as_a_token_gives() {
    let provider = OpenId::start();
    let server = at(&provider).serve();
    let client = Client::new(&server);
    let answer = signs_in(&server, &client, &provider);
    let cookies = answer.headers.get_all("set-cookie").iter();
    let cookies: Vec<&str> = cookies.map(|cookie| cookie.to_str().unwrap()).collect();
    assert!(
        cookies[0].contains("; HttpOnly; SameSite=Strict"),
        "{cookies:?}"
    );
    assert!(cookies[1].contains("; Max-Age=0"), "{cookies:?}");
    let text = String::from_utf8(answer.body).unwrap();
    assert!(
        text.contains("http-equiv=\"refresh\" content=\"0; url=../../ui/runs\""),
        "{text}"
    );
    assert!(is_in(&client));
    // The API takes no cookie, and no ID token.
    assert_eq!(client.gets("/backup/jobs").status, 401);
    client.submits("/ui/sign-out", &[]);
    assert!(!is_in(&client));
}

#[test]
fn the_highest_scope_that_is_granted_counts() {
    let provider = OpenId::start();
    let server = at(&provider).serve();
    for (groups, sees) in [
        (json!(["developers"]), 403),
        (json!(["developers", "ops"]), 200),
        (json!("ops"), 200),
    ] {
        provider.says(json!({"groups": groups}));
        let client = Client::new(&server);
        assert_eq!(signs_in(&server, &client, &provider).status, 200);
        assert_eq!(client.gets("/ui/sidecar").status, sees, "{groups}");
    }
}

#[test]
fn a_provider_that_is_down_keeps_only_its_own_users_out() {
    let issuer = format!("http://localhost:{}", free_port());
    let oidc = json!({"issuer": issuer, "client_id": "sidecar", "grants": {"ops": "admin"}});
    let mut server = Sidecar::printing("x").set("app.oidc", oidc).serve();
    let failed = Client::new(&server).gets("/ui/sign-in/oidc");
    let text = reads_failure(failed, 502, "oidc-unusable");
    assert!(text.contains(&issuer), "{text}");
    assert!(text.contains("sign in with a token"), "{text}");
    assert!(server.log().contains("oidc-unusable"), "{}", server.log());
    assert!(is_in(&Client::signed_in(&server)));
}

#[test]
fn new_keys_of_the_provider_are_fetched_once() {
    let provider = OpenId::start();
    let server = at(&provider).serve();
    for expected in [1, 1] {
        assert_eq!(
            signs_in(&server, &Client::new(&server), &provider).status,
            200
        );
        assert_eq!(provider.keys_asked(), expected);
    }
    provider.rotates();
    for expected in [2, 2] {
        assert_eq!(
            signs_in(&server, &Client::new(&server), &provider).status,
            200
        );
        assert_eq!(provider.keys_asked(), expected);
    }
}

#[test]
fn providers_differ_in_how_they_take_secrets_and_sign() {
    let provider = OpenId::start();
    provider.takes_forms().signs(Signed::Pss);
    let server = at(&provider).serve();
    let client = Client::new(&server);
    assert_eq!(signs_in(&server, &client, &provider).status, 200);
    assert!(is_in(&client));
}

#[test]
fn a_client_that_the_provider_does_not_know_is_told_apart_from_a_person() {
    let provider = OpenId::start();
    let sidecar = at(&provider).set("app.oidc.client_secret", "another-secret-of-this-test");
    let mut server = sidecar.serve();
    let client = Client::new(&server);
    let failed = signs_in(&server, &client, &provider);
    let text = reads_failure(failed, 502, "oidc-code-refused");
    assert!(text.contains("invalid_client not with this"), "{text}");
    assert!(!is_in(&client));
    let said = text + &server.log();
    for secret in [CLIENT_SECRET, "another-secret-of-this-test"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn behind_a_proxy_the_configured_address_is_the_one_to_come_back_to() {
    let provider = OpenId::start();
    let public = "https://backup.example/citus/ui/sign-in/callback";
    let server = at(&provider).set("app.oidc.redirect_url", public).serve();
    let client = Client::new(&server);
    let departure = client.gets("/ui/sign-in/oidc");
    let back = provider.signs_in(departure.header("location"));
    let below = back.strip_prefix("https://backup.example/citus");
    let arrival = client.gets(below.unwrap_or_else(|| panic!("{back}")));
    assert_eq!(arrival.status, 200, "{arrival:?}");
    // Others of that host get no cookie, and nothing is sent without TLS.
    let session = arrival.header("set-cookie");
    assert!(session.starts_with("__Secure-sidecar-"), "{session}");
    assert!(session.contains("; Path=/citus/; "), "{session}");
    assert!(session.ends_with("; Secure"), "{session}");
    assert!(is_in(&client));
}

#[test]
fn the_address_of_the_page_is_enough_for_the_provider_to_send_browsers_back() {
    let provider = OpenId::start();
    let page = "https://backup.example/citus/";
    let server = at(&provider).set("app.page", page).serve();
    let departure = Client::new(&server).gets("/ui/sign-in/oidc");
    let back = provider.signs_in(departure.header("location"));
    let callback = "https://backup.example/citus/ui/sign-in/callback?";
    assert!(back.starts_with(callback), "{back}");
}

#[test]
fn signing_in_again_ends_the_session_of_before() {
    let provider = OpenId::start();
    let server = at(&provider).serve();
    let client = Client::signed_in(&server);
    let before = client.cookies();
    assert_eq!(signs_in(&server, &client, &provider).status, 200);
    assert!(is_in(&client));
    let thief = Client::new(&server).with_cookies(before);
    assert!(!is_in(&thief));
}

#[test]
fn the_audit_log_tells_a_person_from_one_who_takes_the_name() {
    let provider = OpenId::start();
    let server = at(&provider).serve();
    provider.says(json!({
        "sub": "mallory", "preferred_username": null, "email": "alice@corp", "email_verified": false,
    }));
    let client = Client::new(&server);
    signs_in(&server, &client, &provider);
    assert_eq!(client.submits("/ui/runs", &[]).status, 303);
    let audit = server.get("/backup/audit").json();
    let who = format!("oidc:mallory (sub mallory of {})", provider.issuer);
    assert_eq!(audit["audit"][0]["who"], who, "{audit}");
}
