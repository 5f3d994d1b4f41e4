//! What a command writes: each line into the log, the last of them remembered. A longer line is cut
//! there: a command that dumps into its stderr must not fill memory.

use super::log_budget::LogBudget;
use crate::display::{LONGEST_MESSAGE, terminal_line};
use crate::run_log;

/// Bytes that are remembered of the end.
const TAIL: usize = 4 << 10;

/// Takes a stream in pieces and logs its lines.
pub(super) struct LogLines {
    stream: &'static str,
    line: Vec<u8>,
    cut: bool,
    tail: Vec<u8>,
    budget: LogBudget,
    /// Bytes that came.
    pub(super) bytes: u64,
}

impl LogLines {
    /// `stream` names it in the log.
    pub(super) fn new(stream: &'static str) -> Self {
        Self {
            stream,
            line: Vec::new(),
            cut: false,
            tail: Vec::new(),
            budget: LogBudget::default(),
            bytes: 0,
        }
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        self.remember(bytes);
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let text = piece.strip_suffix(b"\n").unwrap_or(piece);
            let room = LONGEST_MESSAGE - self.line.len();
            self.line.extend_from_slice(&text[..text.len().min(room)]);
            self.cut |= text.len() > room;
            if text.len() < piece.len() {
                self.end_line();
            }
        }
    }

    /// Logs a last line that had no end.
    pub(super) fn finish(&mut self) {
        self.end_line();
    }

    /// The last whole lines: at most 4 KiB of UTF-8.
    pub(super) fn tail(&self) -> String {
        let text = String::from_utf8_lossy(&self.tail[self.tail.len().saturating_sub(TAIL)..]);
        let mut from = text.len().saturating_sub(TAIL);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        let text = &text[from..];
        // What was cut in its middle is left out, unless it is all that there is.
        let started = if self.bytes > text.len() as u64 {
            text.find('\n').map_or(0, |end| end + 1)
        } else {
            0
        };
        let whole = text[started..].trim_end();
        if whole.is_empty() {
            text.trim_end().to_owned()
        } else {
            whole.to_owned()
        }
    }

    fn remember(&mut self, bytes: &[u8]) {
        self.tail
            .extend_from_slice(&bytes[bytes.len().saturating_sub(TAIL)..]);
        if self.tail.len() > 4 * TAIL {
            self.tail.drain(..self.tail.len() - TAIL);
        }
    }

    fn end_line(&mut self) {
        let text = terminal_line(&self.line, self.cut);
        if !text.is_empty() && self.budget.admits(text.len()) {
            let mark = if self.cut { " … (cut)" } else { "" };
            tracing::info!(target: "sidecar::command", stream = self.stream, "{text}{mark}");
            run_log::add(self.stream, &format!("{text}{mark}"));
        }
        self.line.clear();
        self.cut = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_holds_whole_lines() {
        let mut lines = LogLines::new("stderr");
        for n in 0..2000 {
            lines.push(format!("line {n}\n").as_bytes());
        }
        let tail = lines.tail();
        assert!(
            tail.len() <= TAIL && tail.len() > TAIL - 20,
            "{}",
            tail.len()
        );
        assert!(tail.starts_with("line 1"), "{tail}");
        assert!(tail.ends_with("line 1999"), "{tail}");
    }

    #[test]
    fn the_tail_of_bytes_that_are_no_text_is_short_and_valid() {
        let mut lines = LogLines::new("stderr");
        lines.push(&vec![0xff; 100_000]);
        let tail = lines.tail();
        assert!(tail.len() <= TAIL && tail.starts_with('\u{fffd}'));
    }

    #[test]
    fn a_short_stream_is_its_own_tail() {
        let mut lines = LogLines::new("stderr");
        lines.push(b"one\ntw");
        lines.push(b"o");
        assert_eq!(lines.tail(), "one\ntwo");
        assert_eq!(lines.bytes, 7);
    }

    #[test]
    fn an_endless_line_takes_no_memory() {
        let mut lines = LogLines::new("stdout");
        for _ in 0..1000 {
            lines.push(&[b'x'; 4096]);
        }
        assert_eq!(lines.line.len(), LONGEST_MESSAGE);
        assert!(lines.cut);
        lines.push(b"\nnext");
        assert_eq!(
            (lines.line.as_slice(), lines.cut),
            (b"next".as_slice(), false)
        );
    }
}
