//! The values that the configuration keeps secret, and text without them: in every error and in every
//! log line, those of libraries included.

mod command_line;

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use percent_encoding::percent_decode_str;

/// What stands in place of a secret.
const HIDDEN: &str = "***";
/// Bytes of the shortest one that is looked for within text.
const SHORTEST: usize = 8;
/// Bytes from which even a word is looked for.
const LONG: usize = 16;

/// Bytes of its beginning by which a secret is known where a text was cut.
const SHORTEST_BEGUN: usize = 4;

static KNOWN: RwLock<Vec<String>> = RwLock::new(Vec::new());
/// Words that hold a secret, and how each is shown; the word before tells even a short one apart.
static WORDS: RwLock<Vec<(String, String)>> = RwLock::new(Vec::new());

/// Keeps `value` out of errors, logs and foreign environments from now on.
pub fn keep_secret(value: &str) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    for form in forms(value) {
        if !form.is_empty() && !known.contains(&form) {
            known.push(form);
        }
    }
}

/// The same for what is a secret within a command line.
pub fn keep_in_line(line: &str) {
    line.split_whitespace().for_each(keep_password);
    for found in command_line::secrets(line) {
        keep_secret(found.secret);
        let word = format!("{}{}", found.before, found.secret);
        // A line, and the list of its words as JSON.
        for list in [" ", "\",\""] {
            let each = [word.as_str(), found.before].map(|text| forms(&text.replace(' ', list)));
            let [words, before] = each;
            let mut known = WORDS.write().unwrap_or_else(PoisonError::into_inner);
            for (word, before) in words.into_iter().zip(before) {
                let shown = (word, format!("{before}{HIDDEN}"));
                if !known.contains(&shown) {
                    known.push(shown);
                }
            }
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
    let words = WORDS.read().unwrap_or_else(PoisonError::into_inner);
    for (word, without) in words.iter() {
        if shown.contains(word.as_str()) {
            shown = Cow::Owned(shown.replace(word.as_str(), without));
        }
    }
    shown
}

/// Text that was cut where it was read, without the beginning of a secret at its end.
pub fn without_cut_secret(text: &str) -> &str {
    let known = KNOWN.read().unwrap_or_else(PoisonError::into_inner);
    let begun = known.iter().filter_map(|secret| {
        let mut lengths = (SHORTEST_BEGUN..secret.len()).rev();
        lengths.find(|length| {
            secret
                .get(..*length)
                .is_some_and(|begun| text.ends_with(begun))
        })
    });
    &text[..text.len() - begun.max().unwrap_or_default()]
}

/// A password that is a common word would take that word out of every sentence.
fn is_distinct(secret: &str) -> bool {
    let is_word = secret.bytes().all(|byte| byte.is_ascii_lowercase());
    secret.len() >= LONG || secret.len() >= SHORTEST && !is_word
}

/// As it is, as JSON and Rust's own debug form write it, and as a page does.
fn forms(value: &str) -> [String; 3] {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    let html = value.replace('&', "&#38;").replace('<', "&#60;");
    let html = html.replace('>', "&#62;").replace('"', "&#34;");
    [value.to_owned(), escaped, html.replace('\'', "&#39;")]
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
    fn one_in_a_command_line_is_known_by_the_word_before_it() {
        keep_in_line(
            "mysqldump -u root -phunt7 app; PGPASSWORD='Pass & word-of-this-test' pg_dump",
        );
        assert_eq!(
            redacted("run mysqldump -u root -phunt7"),
            "run mysqldump -u root -p***"
        );
        assert_eq!(
            redacted("hunt7"),
            "hunt7",
            "too short to be told from a word"
        );
        assert_eq!(redacted("Pass & word-of-this-test"), "***");
        assert_eq!(
            redacted("<code>Pass &#38; word-of-this-test</code>"),
            "<code>***</code>"
        );
    }

    #[test]
    fn what_a_cut_has_left_of_one_goes_too() {
        keep_secret("Begun-Secret-of-this-test");
        assert_eq!(without_cut_secret("x Begun-Secret-of"), "x ");
        assert_eq!(without_cut_secret("x Begun"), "x ");
        assert_eq!(without_cut_secret("x Beg"), "x Beg");
        assert_eq!(without_cut_secret("x Begun."), "x Begun.");
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
