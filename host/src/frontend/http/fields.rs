//! The fields of a form or of a query, where a name may occur several times.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::redact::redacted;

/// What RFC 3986 reserves, and all that is not ASCII.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Names and values in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(super) struct FormFields(Vec<(String, String)>);

impl FormFields {
    /// Of `application/x-www-form-urlencoded`: the body of a form, or a query. What is not UTF-8 is replaced.
    pub(super) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        });
        Self(pairs.collect())
    }

    /// The first value; empty text counts as none.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let mut named = self.0.iter().filter(|(given, _)| given == name);
        let found = named.find(|(_, value)| !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    /// Every value that is not empty.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self
            .0
            .iter()
            .filter(move |(given, value)| given == name && !value.is_empty());
        named.map(|(_, value)| value.as_str())
    }

    /// Adds a value.
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same without a name; with another value if one is given.
    pub(super) fn replacing(&self, name: &str, value: Option<&str>) -> Self {
        let others = self.0.iter().filter(|(given, _)| given != name).cloned();
        let new = value.map(|value| (name.to_owned(), value.to_owned()));
        Self(others.chain(new).collect())
    }

    /// With the values of this name as forms have them: see [`exact`].
    pub(super) fn exactly(&self, name: &str) -> Self {
        let pairs = self.0.iter().map(|(given, value)| match given == name {
            true => (given.clone(), exact(value)),
            false => (given.clone(), value.clone()),
        });
        Self(pairs.collect())
    }

    /// As a query, with its question mark; `?` alone keeps a relative link on its own page.
    pub(super) fn query(&self) -> String {
        format!("?{}", self.body())
    }

    /// As the body of a form.
    pub(super) fn body(&self) -> String {
        let pairs = self
            .0
            .iter()
            .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)));
        pairs.collect::<Vec<_>>().join("&")
    }

    /// The pairs, for hidden fields.
    pub(super) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

/// A name as a segment of a path or a value of a query; of a form too, where a page would show it in another way, or a
/// browser send it with other ends of lines. [`exact`] reads it.
pub(super) fn encoded(text: &str) -> String {
    let value = utf8_percent_encode(text, ENCODED).to_string();
    match redacted(&value) == value {
        true => value,
        // Taken out of what is shown, it must still be the same name.
        false => text.bytes().map(|byte| format!("%{byte:02X}")).collect(),
    }
}

/// What [`encoded`] wrote into a form.
pub(super) fn exact(value: &str) -> String {
    percent_decode_str(value).decode_utf8_lossy().into_owned()
}

fn decoded(text: &str) -> String {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_occur_several_times() {
        let fields = FormFields::parse("only=app1&only=a%2Fb+c&empty=&flag");
        assert_eq!(fields.all("only").collect::<Vec<_>>(), ["app1", "a/b c"]);
        assert_eq!(fields.get("empty"), None);
        assert_eq!(fields.get("missing"), None);
        let other = fields.replacing("only", Some("ñ&"));
        assert_eq!(other.query(), "?empty=&flag=&only=%C3%B1%26");
    }

    #[test]
    fn a_value_of_a_form_is_plain_ascii_and_comes_back_as_it_was() {
        crate::redact::keep_secret("aValueThatIsSecret1");
        for name in [
            "a b",
            "p\u{200d}ay.txt",
            "p\\u200day.txt",
            "50%25.txt",
            "two\r\nlines\n",
            "of aValueThatIsSecret1",
        ] {
            let value = encoded(name);
            assert_eq!(exact(&value), name);
            assert_eq!(crate::display::visible(&value), value);
            assert_eq!(redacted(&value), value);
            let fields = FormFields::default().with("only", &value);
            assert_eq!(fields.exactly("only").get("only"), Some(name));
        }
    }
}
