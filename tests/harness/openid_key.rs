//! Keys that sign ID tokens, made and used by `openssl`: another implementation than the one that verifies them.

use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::sh;

/// How a token is signed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signed {
    /// With the key that the provider publishes, RS256.
    Well,
    /// The same by RSASSA-PSS, PS256.
    Pss,
    /// With a key that only has the same name.
    ByAStranger,
    /// Not at all: `alg: none`.
    NotAtAll,
    /// With the public key as a shared secret, HS256.
    WithThePublicKey,
}

/// An RSA key.
pub(super) struct RsaKey {
    folder: TempDir,
    id: String,
}

impl RsaKey {
    pub(super) fn new(id: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key.pem");
        sh(&format!(
            "openssl genrsa -out '{0}' 2048 && openssl pkey -in '{0}' -pubout -out '{0}.pub'",
            key.display()
        ))
        .succeeds();
        Self {
            folder,
            id: id.to_owned(),
        }
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    /// As the provider publishes it (RFC 7517).
    pub(super) fn public(&self) -> Value {
        let modulus = sh(&format!(
            "openssl rsa -in '{}' -noout -modulus",
            self.key().display()
        ));
        let hex = modulus.succeeds().stdout.trim().replace("Modulus=", "");
        let digits = hex
            .as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).unwrap());
        let bytes: Vec<u8> = digits
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect();
        json!({"kty": "RSA", "use": "sig", "kid": self.id, "n": encoded(&bytes), "e": "AQAB"})
    }

    /// A token (RFC 7519) with these claims.
    pub(super) fn token(&self, claims: &Value, signed: Signed) -> String {
        let algorithm = match signed {
            Signed::Well | Signed::ByAStranger => "RS256",
            Signed::Pss => "PS256",
            Signed::NotAtAll => "none",
            Signed::WithThePublicKey => "HS256",
        };
        let header = json!({"alg": algorithm, "typ": "JWT", "kid": self.id});
        let message = [header.to_string(), claims.to_string()].map(|part| encoded(part.as_bytes()));
        let message = message.join(".");
        let key = self.key().display().to_string();
        let signature = match signed {
            Signed::Well => self.digest(&message, &format!("-sign '{key}'")),
            Signed::Pss => self.digest(
                &message,
                &format!("-sign '{key}' -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32"),
            ),
            Signed::ByAStranger => {
                let stranger = Self::new(&self.id);
                stranger.digest(&message, &format!("-sign '{}'", stranger.key().display()))
            }
            Signed::NotAtAll => Vec::new(),
            Signed::WithThePublicKey => {
                let public = std::fs::read(format!("{key}.pub")).unwrap();
                let hex: String = public.iter().map(|byte| format!("{byte:02x}")).collect();
                self.digest(&message, &format!("-mac HMAC -macopt hexkey:{hex}"))
            }
        };
        format!("{message}.{}", encoded(&signature))
    }

    /// What `openssl dgst -sha256` makes of it.
    fn digest(&self, message: &str, how: &str) -> Vec<u8> {
        let folder = self.folder.path();
        std::fs::write(folder.join("message"), message).unwrap();
        let line = format!(
            "cd '{}' && openssl dgst -sha256 {how} -binary -out signature message",
            folder.display()
        );
        sh(&line).succeeds();
        std::fs::read(folder.join("signature")).unwrap()
    }
}

pub(super) fn encoded(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
