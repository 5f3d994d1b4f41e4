//! The one sink through which names, notes and messages of modules, commands and files are shown: in
//! logs, in errors, on terminals.

use std::borrow::Cow;

use crate::redact::{redacted, without_cut_secret};

/// Bytes of a message, and of a line in the log: neither a log nor an error is a place for data.
pub(crate) const LONGEST_MESSAGE: usize = 8 << 10;

/// A message as it is kept and shown.
pub(crate) fn message(text: &str) -> Cow<'_, str> {
    cut(text, LONGEST_MESSAGE)
}

/// The beginning of a text, at most `most` bytes, cut between two characters; it says that it was cut. No secret is cut:
/// what is left of one would not be known as it.
pub(crate) fn cut(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return text.into();
    }
    let text = redacted(text);
    if text.len() <= most {
        return text.into_owned().into();
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}… (cut at {most} bytes)", &text[..end]).into()
}

/// One line of at most `most` characters. No secret is cut, or loses blanks by which it is known.
pub(crate) fn one_line(text: &str, most: usize) -> String {
    let text = redacted(text);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// What a terminal would show of a line: a progress display overwrites what stands before `\r`. Of a line that `is_cut`,
/// the beginning of a secret at its end goes too.
pub(crate) fn terminal_line(line: &[u8], is_cut: bool) -> String {
    let last = line
        .split(|&byte| byte == b'\r')
        .rfind(|part| !part.is_empty());
    let line = String::from_utf8_lossy(last.unwrap_or_default());
    match is_cut {
        true => without_cut_secret(&line).trim_end().to_owned(),
        false => line.trim_end().to_owned(),
    }
}

/// Text in which what steers a terminal, or reorders what stands beside it, is visible: as `\u001b`, which
/// JSON reads as the same character. Line feeds and tabs stay.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(steers) {
        return text.into();
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match steers(c) {
            true => push_escaped(&mut shown, c),
            false => shown.push(c),
        }
    }
    shown.into()
}

/// The same in one line: a line feed is visible too.
pub(crate) fn visible_line(text: &str) -> String {
    visible(text).replace('\n', "\\n")
}

/// Control characters, those that set the direction of writing, other ends of lines, invisible tags, and those
/// without a width: with them, two names look like one.
fn steers(c: char) -> bool {
    let is_control = c.is_control() && !matches!(c, '\n' | '\t');
    is_control
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

/// A character as JSON escapes it.
fn push_escaped(text: &mut String, c: char) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        text.push_str(&format!("\\u{unit:04x}"));
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn long_lines_are_cut_between_characters() {
        let line = "é".repeat(200);
        assert_eq!(one_line(&line, 120).chars().count(), 121);
        assert_eq!(one_line("a \\\n  b", 120), "a \\ b");
    }

    #[test]
    fn no_secret_is_cut() {
        crate::redact::keep_secret("Cut-Secret  of-this-test");
        let text = "x".repeat(90) + " Cut-Secret  of-this-test";
        assert!(one_line(&text, 100).ends_with("x ***"));
        assert!(cut(&text, 100).ends_with("x ***"));
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let text = format!("x{}", "é".repeat(LONGEST_MESSAGE));
        let mark = "… (cut at 8192 bytes)";
        let shown = message(&text);
        assert_eq!(shown.len(), LONGEST_MESSAGE - 1 + mark.len());
        assert!(shown.ends_with(mark));
        assert!(matches!(message("short"), Cow::Borrowed("short")));
    }

    #[test]
    fn a_progress_display_is_shown_as_it_ended() {
        assert_eq!(terminal_line(b"10%\r50%\r100%\r", false), "100%");
        assert_eq!(terminal_line(b"plain\r", true), "plain");
        assert_eq!(terminal_line(b"\r", false), "");
    }

    #[test]
    fn what_steers_a_terminal_is_made_visible() {
        assert_eq!(visible("a\u{1b}[2Jb\n\tc"), "a\\u001b[2Jb\n\tc");
        assert_eq!(visible("\u{9b}2J\r\u{7f}"), "\\u009b2J\\u000d\\u007f");
        assert_eq!(visible("\u{202e}fdp.exe"), "\\u202efdp.exe");
        assert_eq!(visible("\u{e0041}"), "\\udb40\\udc41");
        assert!(matches!(visible("Größe 12 µs, 数据, 🦀"), Cow::Borrowed(_)));
        assert_eq!(visible_line("a\nerror: b"), "a\\nerror: b");
    }

    #[test]
    fn what_has_no_width_is_made_visible() {
        let invisible = "\u{ad}\u{200b}\u{200c}\u{200d}\u{200e}\u{200f}\u{2060}\u{2061}\u{2062}\u{2063}\u{2064}\u{feff}";
        for c in invisible.chars() {
            let shown = visible(&format!("pass{c}wd")).into_owned();
            assert_eq!(shown, format!("pass\\u{:04x}wd", u32::from(c)));
        }
    }

    #[test]
    fn json_stays_the_same_text() {
        let text = "\u{202e}\u{7f}\u{e0041}\u{1b}";
        let json = serde_json::json!({ "text": text }).to_string();
        let read: serde_json::Value = serde_json::from_str(&visible(&json)).unwrap();
        assert_eq!(read["text"], text);
        assert!(visible(&json).is_ascii());
    }
}
