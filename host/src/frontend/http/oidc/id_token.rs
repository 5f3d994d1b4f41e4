//! An ID token: who has signed in, if the provider says so, to us, now, and because we asked
//! (OpenID Connect Core 1.0, section 3.1.3.7).

use jiff::Timestamp;
use jsonwebtoken::errors::{Error as TokenError, ErrorKind};
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::signature;
use crate::error::{Error, Kind};

/// Seconds by which the provider's clock may differ from ours.
const LEEWAY: f64 = 60.0;

/// What a token must say.
pub(super) struct ExpectedToken<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

/// All that the token says.
pub(super) type Claims = Map<String, Value>;

/// Why a token counts for nothing.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The library's words for it.
    Malformed(String),
    /// One whose keys are secrets.
    Symmetric(Algorithm),
    /// The provider has no such key, or has got it since.
    UnknownKey,
    Signature,
    Issuer,
    Audience,
    /// It is for several clients, and does not say which has asked.
    Audiences,
    Nonce,
    Expired,
    NotYet,
}

/// What is checked beside what the library checks: its clock would not be ours.
#[derive(Deserialize)]
struct CheckedClaims {
    /// The library takes a list, of which one is enough.
    iss: String,
    sub: String,
    exp: f64,
    nbf: Option<f64>,
    nonce: Option<String>,
    azp: Option<String>,
}

/// The claims of a token that is what it should be.
pub(super) fn verify(
    token: &str,
    keys: &JwkSet,
    expected: &ExpectedToken<'_>,
) -> Result<Claims, Refusal> {
    signature::install();
    let header = decode_header(token).map_err(|error| Refusal::Malformed(error.to_string()))?;
    if !signature::is_asymmetric(header.alg) {
        return Err(Refusal::Symmetric(header.alg));
    }
    if let Some(other) = header
        .typ
        .as_ref()
        .filter(|typ| !typ.eq_ignore_ascii_case("JWT"))
    {
        return Err(Refusal::Malformed(format!(
            "it is no ID token but `{other}`"
        )));
    }
    let mut validation = Validation::new(header.alg);
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[expected.issuer]);
    validation.set_audience(&[expected.client_id]);
    validation.validate_exp = false;
    // Without a `kid`, any of the provider's keys may be the one.
    let mut refusal = Refusal::UnknownKey;
    for key in keys.keys.iter().filter_map(|key| usable(key, &header)) {
        match decode::<Claims>(token, &key, &validation) {
            Ok(token) => return check(token.claims, expected),
            Err(error) => refusal = refusal_of(&error),
        }
        if refusal != Refusal::Signature {
            break;
        }
    }
    Err(refusal)
}

/// The key, if the header may mean it.
fn usable(key: &Jwk, header: &Header) -> Option<DecodingKey> {
    let common = &key.common;
    let is_named = header.kid.is_none() || header.kid == common.key_id;
    let signs = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    let fits = common
        .key_algorithm
        .is_none_or(|algorithm| algorithm == header.alg.into());
    let key = DecodingKey::from_jwk(key).ok()?;
    (is_named && signs && fits && key.family() == header.alg.family()).then_some(key)
}

fn refusal_of(error: &TokenError) -> Refusal {
    match error.kind() {
        ErrorKind::InvalidSignature => Refusal::Signature,
        ErrorKind::InvalidIssuer => Refusal::Issuer,
        ErrorKind::InvalidAudience => Refusal::Audience,
        _ => Refusal::Malformed(error.to_string()),
    }
}

fn check(claims: Claims, expected: &ExpectedToken<'_>) -> Result<Claims, Refusal> {
    let checked = CheckedClaims::deserialize(&Value::Object(claims.clone()))
        .map_err(|error| Refusal::Malformed(error.to_string()))?;
    let now = expected.now.as_second() as f64;
    let is_several = matches!(claims.get("aud"), Some(Value::Array(all)) if all.len() > 1);
    if checked.sub.trim().is_empty() {
        Err(Refusal::Malformed("its `sub` is empty".to_owned()))
    } else if checked.iss != expected.issuer {
        Err(Refusal::Issuer)
    } else if is_several && checked.azp.is_none() {
        Err(Refusal::Audiences)
    } else if checked.nonce.as_deref() != Some(expected.nonce) {
        Err(Refusal::Nonce)
    } else if checked.azp.is_some_and(|azp| azp != expected.client_id) {
        Err(Refusal::Audience)
    } else if checked.exp + LEEWAY <= now {
        Err(Refusal::Expired)
    } else if checked.nbf.is_some_and(|nbf| nbf > now + LEEWAY) {
        Err(Refusal::NotYet)
    } else {
        Ok(claims)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let (code, wrong, hint) = match refusal {
            Refusal::Malformed(why) => {
                let wrong = format!("cannot be read: {why}");
                return refused("oidc-malformed-token", &wrong, ASK_PROVIDER);
            }
            Refusal::Symmetric(algorithm) => {
                let wrong =
                    format!("is signed with {algorithm:?}, which takes a secret and no key");
                let hint =
                    "let the provider sign with a key of its own: RS256, PS256, ES256, EdDSA";
                return refused("oidc-symmetric-signature", &wrong, hint);
            }
            Refusal::UnknownKey => (
                "oidc-unknown-key",
                "is signed with a key that the provider does not publish",
                ASK_PROVIDER,
            ),
            Refusal::Signature => (
                "oidc-wrong-signature",
                "has a wrong signature",
                ASK_PROVIDER,
            ),
            Refusal::Issuer => (
                "oidc-wrong-issuer",
                "is from another issuer than app.oidc.issuer",
                ASK_PROVIDER,
            ),
            Refusal::Audience => (
                "oidc-wrong-audience",
                "is for another client than app.oidc.client_id",
                ASK_PROVIDER,
            ),
            Refusal::Audiences => (
                "oidc-wrong-audience",
                "is for several clients, and does not say in `azp` that this one has asked",
                "let the provider write app.oidc.client_id alone into `aud`, or `azp` beside it",
            ),
            Refusal::Nonce => (
                "oidc-wrong-nonce",
                "belongs to another sign-in",
                "sign in again; if it happens again, another program may be intercepting the sign-in",
            ),
            Refusal::Expired => ("oidc-expired-token", "has expired", COMPARE_CLOCKS),
            Refusal::NotYet => ("oidc-early-token", "is not valid yet", COMPARE_CLOCKS),
        };
        refused(code, wrong, hint)
    }
}

const ASK_PROVIDER: &str = "sign in again; if that does not help, ask those who run the provider";
const COMPARE_CLOCKS: &str = "compare the clocks of this machine and of the provider";

fn refused(code: &'static str, wrong: &str, hint: &str) -> Error {
    let message = format!("the provider's ID token {wrong}");
    Error::new(Kind::Forbidden, code, message).hint(hint)
}

#[cfg(test)]
#[path = "id_token_tests.rs"]
mod tests;
