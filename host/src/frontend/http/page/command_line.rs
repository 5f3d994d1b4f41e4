//! What does the same on the command line, as a shell reads it.

use std::fmt;

use crate::display::visible_line;

/// `sidecar restore ID --only app1`
pub(super) struct CommandLine(String);

impl CommandLine {
    pub(super) fn new(verb: &str) -> Self {
        Self(format!("sidecar {verb}"))
    }

    /// Adds an argument.
    pub(super) fn word(mut self, word: &str) -> Self {
        self.0.push(' ');
        self.0.push_str(&quoted(word));
        self
    }

    /// Adds an option with its value. One that begins with a hyphen would be taken for an option itself.
    pub(super) fn option(self, name: &str, value: &str) -> Self {
        match value.starts_with('-') {
            true => self.word(&format!("{name}={value}")),
            false => self.word(name).word(value),
        }
    }

    /// Adds which of several strategies it is about.
    pub(super) fn strategy(self, name: Option<&str>) -> Self {
        match name {
            Some(name) => self.option("--strategy", name),
            None => self,
        }
    }

    /// Adds what is selected, under its new name if it gets one.
    pub(super) fn only(self, name: &str, new_name: Option<&str>) -> Self {
        let escaped = |name: &str| name.replace('=', "\\=");
        let selected = match new_name {
            Some(new_name) => format!("{}={}", escaped(name), escaped(new_name)),
            None => escaped(name),
        };
        self.option("--only", &selected)
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A word that a shell reads as it is; what a page or a terminal would not show is written by its number.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._/=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    if visible_line(word) == word {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    let each = word.chars().map(|c| match c {
        '\'' | '\\' => format!("\\{c}"),
        c if visible_line(c.encode_utf8(&mut [0; 4])).starts_with('\\') => {
            let mut bytes = [0; 4];
            let bytes = c.encode_utf8(&mut bytes).bytes();
            bytes.map(|byte| format!("\\{byte:03o}")).collect()
        }
        c => c.to_string(),
    });
    format!("$'{}'", each.collect::<String>())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::process::Command;

    use super::*;

    /// What a shell makes of a line.
    fn words(line: &CommandLine) -> Vec<String> {
        let script = line.to_string().replacen("sidecar", "printf '%s\\0'", 1);
        let printed = Command::new("bash").args(["-c", &script]).output().unwrap();
        let text = String::from_utf8(printed.stdout).unwrap();
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    #[test]
    fn a_shell_reads_every_word_as_it_is() {
        let odd = [
            "app1",
            "",
            "a b",
            "it's $(id) `id` \\ \"x\" *?[!~",
            "two\nlines",
            "\u{1b}[2J\u{202e}'\\",
            "ñandú",
        ];
        for word in odd {
            let line = CommandLine::new("fetch").word(word);
            assert_eq!(words(&line), ["fetch", word], "{line}");
            assert!(!line.to_string().contains('\u{1b}'), "{line}");
        }
    }

    #[test]
    fn what_begins_like_an_option_is_a_value() {
        let line = CommandLine::new("restore").only("-c x", None);
        assert_eq!(words(&line), ["restore", "--only=-c x"]);
        let line = CommandLine::new("restore").only("a=b", Some("c=d"));
        assert_eq!(words(&line), ["restore", "--only", r"a\=b=c\=d"]);
    }
}
