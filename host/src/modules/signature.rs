//! Signatures by minisign.

use minisign_verify::{PublicKey, Signature};

use crate::error::{Error, Kind, Result};

/// Fails unless `signature` is by `key` and over exactly these bytes.
pub(super) fn verify(name: &str, wasm: &[u8], signature: Option<&str>, key: &str) -> Result<()> {
    let refused = |code: &'static str, message: String, hint: String| {
        Err(Error::new(Kind::Denied, code, message).hint(hint))
    };
    let Some(signature) = signature else {
        return refused(
            "module-unsigned",
            format!("module {name} is not signed, and modules.{name}.signed_by wants it to be"),
            "ask its makers for the file that `minisign -S` writes, and keep it beside the component as \
             NAME.wasm.minisig; `sidecar module push` takes it along"
                .to_owned(),
        );
    };
    let valid = PublicKey::from_base64(key).and_then(|key| {
        // Only signatures over a hash, which minisign has made by default since 0.10.
        key.verify(wasm, &Signature::decode(signature)?, false)
    });
    match valid {
        Ok(()) => Ok(()),
        Err(error) => refused(
            "module-wrongly-signed",
            format!("the signature of module {name} is not one of {key} for this file: {error}"),
            format!(
                "do not run it: ask its makers what they have signed, and with which key; \
                 a new key of theirs goes to modules.{name}.signed_by"
            ),
        ),
    }
}
