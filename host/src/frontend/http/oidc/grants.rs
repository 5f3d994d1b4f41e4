//! Who has signed in, and what the person may do: the claims of an ID token against `app.oidc.grants`.

use serde_json::Value;

use super::id_token::Claims;
use crate::config::Oidc;
use crate::display::{one_line, visible_line};
use crate::error::{Error, Kind, Result};
use crate::frontend::http::auth::Caller;

/// Characters of a name at most.
const LONGEST_NAME: usize = 100;
/// Characters of a subject at most, by the standard (OpenID Connect Core 1.0, section 2).
const LONGEST_SUBJECT: usize = 255;
/// Characters of a list of values at most.
const LONGEST_LIST: usize = 500;

/// The caller that a person is; an error if nothing is granted.
pub(super) fn caller(config: &Oidc, claims: &Claims) -> Result<Caller> {
    let name = name(claims);
    let values = values(config, claims);
    let granted = values.iter().filter_map(|value| config.grants.get(*value));
    match granted.max() {
        Some(scope) => Ok(Caller {
            // No token has a colon in its name.
            name: format!("oidc:{name} ({})", identity(config, claims)),
            scope: *scope,
        }),
        None => Err(not_granted(config, claims, &name, &values)),
    }
}

/// What people know the person by, which the person may have chosen: who it is, the identity behind it says.
fn name(claims: &Claims) -> String {
    let names = ["preferred_username", "email", "sub"].into_iter();
    let names = names.filter(|claim| *claim != "email" || is_confirmed(claims));
    let mut names = names.filter_map(|claim| claims.get(claim)?.as_str());
    let name = names.find(|name| !name.trim().is_empty());
    let name = one_line(&visible_line(name.unwrap_or_default()), LONGEST_NAME);
    // No name looks as if an identity followed it.
    name.replace('(', "[").replace(')', "]")
}

/// The only claims that name a person for ever (OpenID Connect Core 1.0, section 5.7).
fn identity(config: &Oidc, claims: &Claims) -> String {
    let subject = claims.get("sub").and_then(Value::as_str);
    let subject = visible_line(subject.unwrap_or_default());
    let subject = one_line(&subject, LONGEST_SUBJECT);
    format!("sub {subject} of {}", config.issuer)
}

/// An address that the provider has not confirmed may be another person's.
fn is_confirmed(claims: &Claims) -> bool {
    claims.get("email_verified") == Some(&Value::Bool(true))
}

/// The values of the claim that decides: one text, or a list of them.
fn values<'a>(config: &Oidc, claims: &'a Claims) -> Vec<&'a str> {
    if config.claim == "email" && !is_confirmed(claims) {
        return Vec::new();
    }
    match claim(config, claims) {
        Some(Value::String(value)) => vec![value],
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// The claim that decides, whatever it holds.
fn claim<'a>(config: &Oidc, claims: &'a Claims) -> Option<&'a Value> {
    let name = &config.claim;
    claims.get(name).or_else(|| within(claims, name))
}

/// `realm_access.roles`: a claim within another one.
fn within<'a>(claims: &'a Claims, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let first = claims.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}

fn not_granted(config: &Oidc, claims: &Claims, name: &str, values: &[&str]) -> Error {
    let wanted = &config.claim;
    let lacks = match (values, claim(config, claims)) {
        ([], None) => format!("the ID token has no `{wanted}`"),
        ([], Some(Value::String(_))) => {
            format!("the provider has not confirmed the `{wanted}` in the ID token")
        }
        ([], Some(Value::Array(list))) if list.is_empty() => {
            format!("the list `{wanted}` in the ID token is empty")
        }
        ([], Some(other)) => format!(
            "`{wanted}` in the ID token is {}, and has to be a text or a list of texts",
            kind(other)
        ),
        (values, _) => {
            let values = listed(values.iter().copied());
            format!("nothing is granted to any `{wanted}` of {values}")
        }
    };
    let who = identity(config, claims);
    let message = format!("{name} has signed in ({who}), but {lacks}");
    let granted = listed(config.grants.keys().map(String::as_str));
    Error::new(Kind::Forbidden, "oidc-not-granted", message).hint(format!(
        "app.oidc.grants has {granted}: add a value there, or let the provider put one into the claim"
    ))
}

/// In quotes where a space at an end would not be seen.
fn listed<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let shown = values.map(|value| match value.trim() == value && !value.is_empty() {
        true => value.to_owned(),
        false => format!("{value:?}"),
    });
    one_line(&shown.collect::<Vec<_>>().join(", "), LONGEST_LIST)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list without a text in it",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use serde_json::json;

    use super::super::sample;
    use super::*;
    use crate::config::TokenScope;

    fn called(claim: &str, claims: Value) -> Result<(String, TokenScope)> {
        let config = Oidc {
            claim: claim.to_owned(),
            ..sample()
        };
        let Value::Object(claims) = claims else {
            panic!("{claims}");
        };
        caller(&config, &claims).map(|caller| (caller.name, caller.scope))
    }

    #[test]
    fn the_highest_of_what_is_granted_counts() {
        let (name, scope) = called(
            "groups",
            json!({"sub": "7", "preferred_username": "alice", "groups": ["developers", 7, "ops", "x"]}),
        )
        .unwrap();
        assert_eq!(
            (name.as_str(), scope),
            (
                "oidc:alice (sub 7 of https://sso.example)",
                TokenScope::Admin
            )
        );
        let one = called("groups", json!({"sub": "7", "groups": "developers"}));
        let seven = "oidc:7 (sub 7 of https://sso.example)".to_owned();
        assert_eq!(one.unwrap(), (seven, TokenScope::Run));
        let nested = json!({"sub": "7", "realm_access": {"roles": ["developers"]}});
        let nested = called("realm_access.roles", nested);
        assert_eq!(nested.unwrap().1, TokenScope::Run);
    }

    #[test]
    fn a_person_without_a_grant_is_told_why() {
        let error = called(
            "groups",
            json!({"sub": "7", "email": "eve@example", "email_verified": true, "groups": ["guests"]}),
        );
        let error = error.unwrap_err();
        assert_eq!(error.code(), "oidc-not-granted");
        assert!(error.message().contains("eve@example"), "{error}");
        assert!(error.message().contains("guests"), "{error}");
        let hint = error.hint_text().unwrap();
        assert!(hint.contains("alice@example, developers, ops"), "{hint}");
        let error = called("groups", json!({"sub": "7"})).unwrap_err();
        assert!(error.message().contains("has no `groups`"), "{error}");
    }

    #[test]
    fn a_claim_of_a_wrong_kind_and_a_space_at_an_end_are_told() {
        for (groups, words) in [
            (json!(5), "is a number, and has to be"),
            (json!({"ops": true}), "is an object, and has to be"),
            (json!([7]), "is a list without a text in it"),
            (json!([]), "is empty"),
            (json!([" developers"]), "of \" developers\""),
        ] {
            let error = called("groups", json!({"sub": "7", "groups": groups}));
            let error = error.unwrap_err();
            assert!(error.message().contains(words), "{error}");
        }
        let unconfirmed = called("email", json!({"sub": "7", "email": "alice@example"}));
        let error = unconfirmed.unwrap_err();
        assert!(error.message().contains("has not confirmed"), "{error}");
    }

    #[test]
    fn who_it_is_is_no_matter_of_what_the_person_chose() {
        let eve = "sub mallory of https://sso.example)";
        for (claims, name) in [
            (
                json!({"email": "alice@example", "email_verified": false}),
                "mallory",
            ),
            (
                json!({"email": "alice@example", "email_verified": true}),
                "alice@example",
            ),
            (json!({"preferred_username": "alice"}), "alice"),
            (
                json!({"preferred_username": "alice (sub 7 of https://sso.example)"}),
                "alice [sub 7 of https://sso.example]",
            ),
        ] {
            let mut claims = claims;
            claims["sub"] = json!("mallory");
            claims["groups"] = json!("ops");
            assert_eq!(
                called("groups", claims).unwrap().0,
                format!("oidc:{name} ({eve}")
            );
        }
    }

    #[test]
    fn an_address_counts_once_the_provider_has_confirmed_it() {
        let claims = |verified: Value| json!({"sub": "7", "email": "alice@example", "email_verified": verified});
        assert_eq!(
            called("email", claims(json!(true))).unwrap().1,
            TokenScope::Read
        );
        for unconfirmed in [json!(false), json!("true"), Value::Null] {
            assert!(called("email", claims(unconfirmed)).is_err());
        }
    }

    #[test]
    fn a_name_steers_nothing() {
        let claims = json!({"sub": "7", "preferred_username": "a\u{202e}\nb", "groups": "ops"});
        let name = called("groups", claims).unwrap().0;
        assert!(name.starts_with("oidc:a\\u202e\\nb (sub 7 of "), "{name}");
    }
}
