//! Who has signed in, and what the person may do: the claims of an ID token against `app.oidc.grants`.

use serde_json::Value;

use super::id_token::Claims;
use crate::config::Oidc;
use crate::display::{one_line, visible_line};
use crate::error::{Error, Kind, Result};
use crate::frontend::http::auth::Caller;

/// Characters of a name at most.
const LONGEST_NAME: usize = 100;
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
            name: format!("oidc:{name}"),
            scope: *scope,
        }),
        None => Err(not_granted(config, &name, &values)),
    }
}

/// What people know the person by.
fn name(claims: &Claims) -> String {
    let names = ["preferred_username", "email", "sub"].into_iter();
    let mut names = names.filter_map(|claim| claims.get(claim)?.as_str());
    let name = names.find(|name| !name.trim().is_empty());
    one_line(&visible_line(name.unwrap_or_default()), LONGEST_NAME)
}

/// The values of the claim that decides: one text, or a list of them.
fn values<'a>(config: &Oidc, claims: &'a Claims) -> Vec<&'a str> {
    // An address that the provider has not confirmed may be another person's.
    let is_unconfirmed = || claims.get("email_verified") != Some(&Value::Bool(true));
    if config.claim == "email" && is_unconfirmed() {
        return Vec::new();
    }
    match claims
        .get(&config.claim)
        .or_else(|| within(claims, &config.claim))
    {
        Some(Value::String(value)) => vec![value],
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// `realm_access.roles`: a claim within another one.
fn within<'a>(claims: &'a Claims, path: &str) -> Option<&'a Value> {
    let mut names = path.split('.');
    let first = claims.get(names.next()?)?;
    names.try_fold(first, |value, name| value.get(name))
}

fn not_granted(config: &Oidc, name: &str, values: &[&str]) -> Error {
    let claim = &config.claim;
    let message = match values {
        [] => format!("{name} has signed in, but the ID token has no `{claim}`"),
        values => {
            let values = one_line(&values.join(", "), LONGEST_LIST);
            format!("{name} has signed in, but nothing is granted to any `{claim}` of {values}")
        }
    };
    let granted: Vec<&str> = config.grants.keys().map(String::as_str).collect();
    let granted = one_line(&granted.join(", "), LONGEST_LIST);
    Error::new(Kind::Forbidden, "oidc-not-granted", message).hint(format!(
        "app.oidc.grants has {granted}: add a value there, or let the provider put one into the claim"
    ))
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
        assert_eq!((name.as_str(), scope), ("oidc:alice", TokenScope::Admin));
        let one = called("groups", json!({"sub": "7", "groups": "developers"}));
        assert_eq!(one.unwrap(), ("oidc:7".to_owned(), TokenScope::Run));
        let nested = json!({"sub": "7", "realm_access": {"roles": ["developers"]}});
        let nested = called("realm_access.roles", nested);
        assert_eq!(nested.unwrap().1, TokenScope::Run);
    }

    #[test]
    fn a_person_without_a_grant_is_told_why() {
        let error = called(
            "groups",
            json!({"sub": "7", "email": "eve@example", "groups": ["guests"]}),
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
        assert_eq!(called("groups", claims).unwrap().0, "oidc:a\\u202e\\nb");
    }
}
