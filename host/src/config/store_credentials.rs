//! The keys of a bucket in `stores`.

use super::secret::{self, Secret};
use super::section_reader::SectionReader;

/// A pair of keys.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// The public half.
    pub access_key_id: Secret,
    /// The private half.
    pub secret_access_key: Secret,
    /// Only with temporary credentials.
    pub session_token: Option<Secret>,
}

/// Both keys or neither.
pub(super) fn read(reader: &mut SectionReader<'_>, at: &str) -> Option<Credentials> {
    let id = secret::is_given(reader, at, "access_key_id");
    let key = secret::is_given(reader, at, "secret_access_key");
    let token = secret::is_given(reader, at, "session_token");
    let missing = match (id, key) {
        (true, false) => "secret_access_key",
        (false, true) => "access_key_id",
        (false, false) if token => "access_key_id",
        (false, false) => return None,
        (true, true) => {
            let mut key = |name| Some(secret::read(reader, at, name)?.1);
            return Some(Credentials {
                access_key_id: key("access_key_id")?,
                secret_access_key: key("secret_access_key")?,
                session_token: if token { key("session_token") } else { None },
            });
        }
    };
    reader.key_problem(
        at,
        format!("`{missing}` is missing: the credentials are incomplete"),
        format!("add `{missing}`, or `{missing}_file`; without any, AWS's own variables or a role are used"),
    );
    None
}
