//! The tokens at the beginning of a statement.

use std::ops::Range;

#[derive(Debug, PartialEq, Eq)]
pub(in crate::mysql) struct Token {
    /// Without its quotes.
    pub(in crate::mysql) text: String,
    pub(in crate::mysql) quoted: bool,
    /// Whether it is the number of `/*!50003`.
    pub(in crate::mysql) is_version: bool,
    pub(in crate::mysql) span: Range<usize>,
}

impl Token {
    /// As a keyword; a quoted name is none.
    pub(in crate::mysql) fn word(&self) -> String {
        if self.quoted {
            String::new()
        } else {
            self.text.to_ascii_uppercase()
        }
    }
}

/// All tokens of a text.
pub(in crate::mysql) fn tokens(text: &[u8], ansi_quotes: bool) -> Vec<Token> {
    first_tokens(text, ansi_quotes, usize::MAX)
}

/// As many tokens as are said.
pub(super) fn first_tokens(text: &[u8], ansi_quotes: bool, most: usize) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() && tokens.len() < most {
        let rest = &text[at..];
        let (length, token) = match rest[0] {
            byte if byte.is_ascii_whitespace() => (1, None),
            b'/' if rest.starts_with(b"/*!") => version(rest, 3),
            b'/' if rest.starts_with(b"/*M!") => version(rest, 4),
            b'/' if rest.starts_with(b"/*") => (until(rest, b"*/"), None),
            b'*' if rest.starts_with(b"*/") => (2, None),
            b'-' if rest.starts_with(b"-- ") => (until(rest, b"\n"), None),
            b'#' => (until(rest, b"\n"), None),
            quote @ (b'`' | b'\'' | b'"') => {
                let escapes = quote == b'\'' || (quote == b'"' && !ansi_quotes);
                let (length, text) = quoted(rest, quote, escapes);
                (length, Some((text, true, false)))
            }
            byte if is_name(byte) => {
                let length = rest.iter().position(|byte| !is_name(*byte));
                let length = length.unwrap_or(rest.len());
                (length, Some((lossy(&rest[..length]), false, false)))
            }
            byte => (1, Some((char::from(byte).to_string(), false, false))),
        };
        if let Some((text, quoted, is_version)) = token {
            tokens.push(Token {
                text,
                quoted,
                is_version,
                span: at..at + length,
            });
        }
        at += length;
    }
    tokens
}

type Found = (usize, Option<(String, bool, bool)>);

fn version(rest: &[u8], mark: usize) -> Found {
    let digits = rest[mark..].iter().take_while(|byte| byte.is_ascii_digit());
    let length = mark + digits.count();
    (length, Some((lossy(&rest[mark..length]), false, true)))
}

fn quoted(rest: &[u8], quote: u8, escapes: bool) -> (usize, String) {
    let mut text = Vec::new();
    let mut at = 1;
    while let Some(&byte) = rest.get(at) {
        match (byte, rest.get(at + 1)) {
            (b'\\', Some(&next)) if escapes => {
                text.push(match next {
                    b'0' => 0,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    b'Z' => 0x1a,
                    other => other,
                });
                at += 1;
            }
            (byte, Some(&next)) if byte == quote && next == quote => {
                text.push(quote);
                at += 1;
            }
            (byte, _) if byte == quote => return (at + 1, lossy(&text)),
            (byte, _) => text.push(byte),
        }
        at += 1;
    }
    (at, lossy(&text))
}

fn until(rest: &[u8], end: &[u8]) -> usize {
    let found = rest.windows(end.len()).position(|window| window == end);
    found.map_or(rest.len(), |at| at + end.len())
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
