#![allow(clippy::unwrap_used, reason = "a test may panic")]

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::json;

use super::*;

const NOW: i64 = 1_800_000_000;

/// A provider's key.
struct SigningKey(EcdsaKeyPair);

impl SigningKey {
    fn new() -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let made = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self(EcdsaKeyPair::from_pkcs8(algorithm, made.as_ref(), &random).unwrap())
    }

    /// As the provider publishes it.
    fn public(&self, kid: &str) -> Value {
        let (x, y) = self.0.public_key().as_ref()[1..].split_at(32);
        json!({"kty": "EC", "crv": "P-256", "use": "sig", "kid": kid, "x": encoded(x), "y": encoded(y)})
    }

    fn signs(&self, header: &Value, claims: &Value) -> String {
        let message = format!(
            "{}.{}",
            encoded(header.to_string()),
            encoded(claims.to_string())
        );
        let signature = self
            .0
            .sign(&SystemRandom::new(), message.as_bytes())
            .unwrap();
        format!("{message}.{}", encoded(signature))
    }
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn key_set(keys: &[Value]) -> JwkSet {
    JwkSet::deserialize(&json!({"keys": keys})).unwrap()
}

/// What a good provider says.
fn claims() -> Value {
    json!({
        "iss": "https://sso.example", "aud": "sidecar", "sub": "7", "nonce": "n", "iat": NOW, "exp": NOW + 300,
    })
}

fn verified(token: &str, keys: &JwkSet) -> Result<String, Refusal> {
    let expected = ExpectedToken {
        issuer: "https://sso.example",
        client_id: "sidecar",
        nonce: "n",
        now: Timestamp::from_second(NOW).unwrap(),
    };
    let claims = verify(token, keys, &expected)?;
    Ok(claims["sub"].as_str().unwrap().to_owned())
}

/// With one claim as it should not be, or without it.
fn with(name: &str, value: Value) -> Result<String, Refusal> {
    let key = SigningKey::new();
    let mut claims = claims();
    match value {
        Value::Null => claims.as_object_mut().unwrap().remove(name),
        value => claims
            .as_object_mut()
            .unwrap()
            .insert(name.to_owned(), value),
    };
    let token = key.signs(&json!({"alg": "ES256", "kid": "a"}), &claims);
    verified(&token, &key_set(&[key.public("a")]))
}

#[test]
fn what_the_provider_says_to_us_now_is_believed() {
    assert_eq!(with("aud", json!(["sidecar"])), Ok("7".to_owned()));
    assert_eq!(with("azp", json!("sidecar")), Ok("7".to_owned()));
    assert_eq!(with("exp", json!(NOW - 59)), Ok("7".to_owned()));
    assert_eq!(with("nbf", json!(NOW + 59)), Ok("7".to_owned()));
}

#[test]
fn what_it_says_to_others_or_at_another_time_is_not() {
    for (name, value, refusal) in [
        ("iss", json!("https://sso.example/"), Refusal::Issuer),
        ("aud", json!(["other", "sidecar"]), Refusal::Audiences),
        ("aud", json!("other"), Refusal::Audience),
        ("aud", json!(["other"]), Refusal::Audience),
        ("azp", json!("other"), Refusal::Audience),
        ("nonce", json!("m"), Refusal::Nonce),
        ("nonce", Value::Null, Refusal::Nonce),
        ("exp", json!(NOW - 60), Refusal::Expired),
        ("nbf", json!(NOW + 61), Refusal::NotYet),
    ] {
        assert_eq!(with(name, value), Err(refusal), "{name}");
    }
    for missing in ["iss", "aud", "sub", "exp"] {
        let refused = with(missing, Value::Null);
        assert!(
            matches!(&refused, Err(Refusal::Malformed(why)) if why.contains(missing)),
            "{refused:?}"
        );
    }
    for (name, value) in [
        ("sub", json!("")),
        ("sub", json!(" ")),
        ("sub", json!(7)),
        (
            "iss",
            json!(["https://other.example", "https://sso.example"]),
        ),
    ] {
        let refused = with(name, value);
        assert!(matches!(refused, Err(Refusal::Malformed(_))), "{refused:?}");
    }
    let word = with("exp", json!("tomorrow"));
    assert!(matches!(word, Err(Refusal::Malformed(_))), "{word:?}");
}

#[test]
fn a_token_for_several_clients_says_which_has_asked() {
    let key = SigningKey::new();
    let mut claims = claims();
    claims["aud"] = json!(["other", "sidecar"]);
    claims["azp"] = json!("sidecar");
    let token = key.signs(&json!({"alg": "ES256"}), &claims);
    let found = verified(&token, &key_set(&[key.public("a")]));
    assert_eq!(found, Ok("7".to_owned()));
}

#[test]
fn what_the_provider_signs_for_another_purpose_is_no_id_token() {
    let key = SigningKey::new();
    let typed = |typ: &str| {
        let token = key.signs(&json!({"alg": "ES256", "typ": typ}), &claims());
        verified(&token, &key_set(&[key.public("a")]))
    };
    assert!(typed("JWT").is_ok() && typed("jwt").is_ok());
    for other in ["logout+jwt", "at+jwt"] {
        let refused = typed(other);
        assert!(
            matches!(&refused, Err(Refusal::Malformed(why)) if why.contains(other)),
            "{refused:?}"
        );
    }
}

#[test]
fn the_header_chooses_among_the_keys_of_the_provider_and_no_other() {
    let (old, new) = (SigningKey::new(), SigningKey::new());
    let keys = key_set(&[
        old.public("old"),
        json!({"kty": "new-kind", "kid": "x"}),
        new.public("new"),
    ]);
    let token = |key: &SigningKey, kid: Value| {
        let mut header = json!({"alg": "ES256"});
        if !kid.is_null() {
            header["kid"] = kid;
        }
        key.signs(&header, &claims())
    };
    assert!(verified(&token(&new, json!("new")), &keys).is_ok());
    assert!(verified(&token(&new, Value::Null), &keys).is_ok());
    assert_eq!(
        verified(&token(&new, json!("old")), &keys),
        Err(Refusal::Signature)
    );
    assert_eq!(
        verified(&token(&new, json!("newer")), &keys),
        Err(Refusal::UnknownKey)
    );
    let stranger = SigningKey::new();
    assert_eq!(
        verified(&token(&stranger, Value::Null), &keys),
        Err(Refusal::Signature)
    );
    let carried = json!({"alg": "ES256", "jwk": stranger.public("new"), "kid": "new"});
    assert_eq!(
        verified(&stranger.signs(&carried, &claims()), &keys),
        Err(Refusal::Signature)
    );
    let mut encrypting = new.public("new");
    encrypting["use"] = json!("enc");
    assert_eq!(
        verified(&token(&new, json!("new")), &key_set(&[encrypting])),
        Err(Refusal::UnknownKey)
    );
}

#[test]
fn a_token_without_a_signature_or_with_a_shared_secret_is_refused() {
    let key = SigningKey::new();
    let keys = key_set(&[key.public("a")]);
    let unsigned = format!(
        "{}.{}.",
        encoded(r#"{"alg":"none"}"#),
        encoded(claims().to_string())
    );
    let refused = verified(&unsigned, &keys);
    assert!(
        matches!(&refused, Err(Refusal::Malformed(why)) if why.contains("none")),
        "{refused:?}"
    );
    let shared = key.signs(&json!({"alg": "HS256", "kid": "a"}), &claims());
    assert_eq!(
        verified(&shared, &keys),
        Err(Refusal::Symmetric(Algorithm::HS256))
    );
    for nonsense in ["", "a.b", "a.b.c", "a.b.c.d.e"] {
        assert!(
            matches!(verified(nonsense, &keys), Err(Refusal::Malformed(_))),
            "{nonsense}"
        );
    }
}
