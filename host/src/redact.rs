//! The values that the configuration keeps secret, and text without them: in every error and in every
//! log line, those of libraries included.

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use percent_encoding::percent_decode_str;

/// What stands in place of a secret.
const HIDDEN: &str = "***";
/// Bytes of the shortest one that is looked for within text.
const SHORTEST: usize = 8;
/// Bytes from which even a word is looked for.
const LONG: usize = 16;

static KNOWN: RwLock<Vec<String>> = RwLock::new(Vec::new());

/// Keeps `value` out of errors, logs and foreign environments from now on.
pub fn keep_secret(value: &str) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    for form in [value.to_owned(), escaped(value)] {
        if !form.is_empty() && !known.contains(&form) {
            known.push(form);
        }
    }
}

/// The same for the password within a URL, as it is written there and as it is meant.
pub fn keep_password(url: &str) {
    let Some((_, rest)) = url.split_once("://") else {
        return;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = authority.rsplit_once('@').map(|(user, _)| user);
    if let Some((_, password)) = user.and_then(|user| user.split_once(':')) {
        keep_secret(password);
        keep_secret(&percent_decode_str(password).decode_utf8_lossy());
    }
}

/// Whether `value` is a secret, or holds one.
pub fn is_secret(value: &str) -> bool {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    known
        .iter()
        .any(|secret| value == secret || is_distinct(secret) && value.contains(secret.as_str()))
}

/// `text` without any secret that is distinct enough to be told from other words.
pub fn redacted(text: &str) -> Cow<'_, str> {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let mut shown = Cow::Borrowed(text);
    for secret in known.iter().filter(|secret| is_distinct(secret)) {
        if shown.contains(secret.as_str()) {
            shown = Cow::Owned(shown.replace(secret.as_str(), HIDDEN));
        }
    }
    shown
}

/// A password that is a common word would take that word out of every sentence.
fn is_distinct(secret: &str) -> bool {
    let is_word = secret.bytes().all(|byte| byte.is_ascii_lowercase());
    secret.len() >= LONG || secret.len() >= SHORTEST && !is_word
}

/// As JSON and Rust's own debug form write it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_taken_out_of_text_and_a_word_is_not() {
        keep_secret("S3cr\"et-of-this-test");
        keep_secret("database");
        assert_eq!(redacted("key S3cr\"et-of-this-test."), "key ***.");
        assert_eq!(
            redacted(r#"{"key":"S3cr\"et-of-this-test"}"#),
            r#"{"key":"***"}"#
        );
        assert_eq!(redacted("the database"), "the database");
        assert!(is_secret("database") && !is_secret("the database"));
        assert!(is_secret("x=S3cr\"et-of-this-test"));
    }

    #[test]
    fn the_password_of_a_url_is_one() {
        keep_password("postgresql://app:p%40ss-of-this-Test@db:5432/x?sslmode=require");
        keep_password("postgresql://app@db/x");
        keep_password("/a/directory");
        assert_eq!(
            redacted("p@ss-of-this-Test, p%40ss-of-this-Test"),
            "***, ***"
        );
    }
}
