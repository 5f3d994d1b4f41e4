//! What another person, another site or another provider may try. Each begins no session, and says why.

use serde_json::json;

use super::{Client, at, is_in, leaves, reads_failure, signs_in};
use crate::harness::{OpenId, Signed};

/// The same address with another value of this field.
fn with(path: &str, field: &str, value: &str) -> String {
    let (path, query) = path.split_once('?').unwrap();
    let fields = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if name == field => format!("{name}={value}"),
        _ => pair.to_owned(),
    });
    format!("{path}?{}", fields.collect::<Vec<_>>().join("&"))
}

fn value<'a>(path: &'a str, field: &str) -> &'a str {
    let pairs = path
        .split(['?', '&'])
        .filter_map(|pair| pair.split_once('='));
    let mut named = pairs.filter(|(name, _)| *name == field);
    named.next().unwrap().1
}

#[test]
fn a_state_is_good_once_and_in_the_browser_that_left_with_it() {
    let provider = OpenId::start();
    let server = at(&provider).serve();
    let client = Client::new(&server);
    let back = leaves(&server, &client, &provider);
    let unknown = client.gets(&with(&back, "state", &"0".repeat(64)));
    reads_failure(unknown, 403, "oidc-other-browser");
    let cookies = client.cookies();
    assert_eq!(client.gets(&back).status, 200);
    client.submits("/ui/sign-out", &[]);
    reads_failure(client.gets(&back), 403, "oidc-unknown-state");
    // Not even with the cookie of then.
    let again = Client::new(&server).with_cookies(cookies);
    reads_failure(again.gets(&back), 403, "oidc-unknown-state");
    assert!(!is_in(&again));
    reads_failure(
        client.gets("/ui/sign-in/callback"),
        403,
        "oidc-unknown-state",
    );
    assert!(!is_in(&client));

    // A stranger who has signed in sends the end of that way to another person, whose browser may be on its own way.
    let (stranger, person) = (Client::new(&server), Client::new(&server));
    leaves(&server, &person, &provider);
    for (victim, code) in [
        (&person, "oidc-other-browser"),
        (&Client::new(&server), "oidc-unknown-state"),
    ] {
        let sent = leaves(&server, &stranger, &provider);
        let text = reads_failure(victim.gets(&sent), 403, code);
        assert!(
            text.contains("if you did not begin it, another person did"),
            "{text}"
        );
        assert!(!is_in(victim));
    }
}

#[test]
fn strangers_who_leave_for_the_provider_keep_no_one_from_coming_back() {
    let provider = OpenId::start();
    let server = at(&provider).serve();
    let person = Client::new(&server);
    let back = leaves(&server, &person, &provider);
    for _ in 0..60 {
        assert_eq!(Client::new(&server).gets("/ui/sign-in/oidc").status, 303);
    }
    assert_eq!(person.gets(&back).status, 200);
    assert!(is_in(&person));
}

#[test]
fn a_code_of_another_sign_in_is_worth_nothing() {
    let provider = OpenId::start();
    let server = at(&provider).serve();
    let (stranger, person) = (Client::new(&server), Client::new(&server));
    let stolen = leaves(&server, &stranger, &provider);
    let own = leaves(&server, &person, &provider);
    let mixed = person.gets(&with(&own, "code", value(&stolen, "code")));
    reads_failure(mixed, 502, "oidc-code-refused");
    assert!(!is_in(&person));
}

#[test]
fn a_token_for_others_or_for_another_time_begins_nothing() {
    let provider = OpenId::start();
    let server = at(&provider).serve();
    for (claims, code) in [
        (json!({"nonce": "another"}), "oidc-wrong-nonce"),
        (json!({"aud": "another-client"}), "oidc-wrong-audience"),
        (
            json!({"aud": ["sidecar", "another"], "azp": "another"}),
            "oidc-wrong-audience",
        ),
        (
            json!({"aud": ["sidecar", "another"]}),
            "oidc-wrong-audience",
        ),
        (json!({"sub": ""}), "oidc-malformed-token"),
        (
            json!({"iss": "https://accounts.example"}),
            "oidc-wrong-issuer",
        ),
        (json!({"exp": 1_700_000_000}), "oidc-expired-token"),
        (json!({"exp": null}), "oidc-malformed-token"),
    ] {
        provider.says(claims);
        let client = Client::new(&server);
        reads_failure(signs_in(&server, &client, &provider), 403, code);
        assert!(!is_in(&client), "{code}");
    }
}

#[test]
fn a_token_that_the_provider_has_not_signed_begins_nothing() {
    let provider = OpenId::start();
    let server = at(&provider).serve();
    for (signed, code) in [
        (Signed::NotAtAll, "oidc-malformed-token"),
        (Signed::WithThePublicKey, "oidc-symmetric-signature"),
        (Signed::ByAStranger, "oidc-wrong-signature"),
    ] {
        provider.signs(signed);
        let client = Client::new(&server);
        reads_failure(signs_in(&server, &client, &provider), 403, code);
        assert!(!is_in(&client), "{signed:?}");
    }
}

#[test]
fn a_person_without_a_grant_is_told_which_groups_came_and_which_count() {
    let provider = OpenId::start();
    let server = at(&provider).serve();
    provider.says(json!({"preferred_username": "eve", "groups": ["guests", "<b>staff"]}));
    let client = Client::new(&server);
    let refused = signs_in(&server, &client, &provider);
    let text = reads_failure(refused, 403, "oidc-not-granted");
    assert!(text.contains("eve has signed in"), "{text}");
    assert!(text.contains("guests, ") && !text.contains("<b>"), "{text}");
    assert!(text.contains("developers, ops"), "{text}");
    assert!(!is_in(&client));
}

#[test]
fn an_answer_that_names_another_issuer_or_is_a_refusal_begins_nothing() {
    let provider = OpenId::start();
    let server = at(&provider).serve();
    let client = Client::new(&server);
    let back = leaves(&server, &client, &provider);
    let mixed = client.gets(&format!("{back}&iss=https%3A%2F%2Faccounts.example"));
    reads_failure(mixed, 403, "oidc-wrong-issuer");
    let back = leaves(&server, &client, &provider);
    let refusal = with(&back, "code", "").replace("code=", "error=access_denied");
    let text = reads_failure(client.gets(&refusal), 403, "oidc-refused");
    assert!(text.contains("access_denied"), "{text}");
    assert!(!is_in(&client));
}

#[test]
fn a_sign_in_leads_to_screens_of_this_page_alone() {
    let provider = OpenId::start();
    let server = at(&provider).serve();
    let client = Client::new(&server);
    let departure = client.gets("/ui/sign-in/oidc?next=%2F%2Fevil.test");
    let back = provider.signs_in(departure.header("location"));
    let text = client.reads(back.strip_prefix(&server.url).unwrap());
    assert!(text.contains("url=../../\""), "{text}");
    assert!(!text.contains("evil.test"), "{text}");
}
