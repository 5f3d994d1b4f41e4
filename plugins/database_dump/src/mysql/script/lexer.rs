//! Where a statement of a dump ends, as the server that wrote it reads it: the SQL mode and the character
//! set of an object decide what is a quote in its code.

use std::io::{self, Read};

/// How the text of a statement is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reading {
    pub(super) delimiter: Vec<u8>,
    /// `ANSI_QUOTES`: `"` quotes names, in which `\` escapes nothing.
    pub(super) ansi_quotes: bool,
    /// `NO_BACKSLASH_ESCAPES`.
    pub(super) no_escapes: bool,
    pub(super) charset: Charset,
}

/// Character sets with characters whose second byte looks like ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Charset {
    /// Every byte below 128 is what it seems to be.
    Plain,
    Sjis,
    Big5,
    Gbk,
}

/// A statement, without its delimiter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lexed {
    /// Where it begins and ends.
    pub(super) start: u64,
    pub(super) end: u64,
    /// The position after its delimiter.
    pub(super) next: u64,
    /// Its beginning, at most [`HEAD`] bytes.
    pub(super) head: Vec<u8>,
}

/// As much as tells what a statement is.
pub(super) const HEAD: usize = 64 << 10;
const BUFFER: usize = 1 << 20;

impl Default for Reading {
    fn default() -> Self {
        Self {
            delimiter: b";".to_vec(),
            ansi_quotes: false,
            no_escapes: false,
            charset: Charset::Plain,
        }
    }
}

impl Charset {
    pub(super) fn named(name: &str) -> Self {
        match name {
            "sjis" | "cp932" => Self::Sjis,
            "big5" => Self::Big5,
            "gbk" | "gb2312" | "gb18030" => Self::Gbk,
            _ => Self::Plain,
        }
    }

    /// Whether two bytes are one character.
    fn is_pair(self, first: u8, second: u8) -> bool {
        let low = (0x40..=0x7e).contains(&second);
        match self {
            Self::Plain => false,
            Self::Sjis => {
                matches!(first, 0x81..=0x9f | 0xe0..=0xfc) && (low || matches!(second, 0x80..=0xfc))
            }
            Self::Big5 => matches!(first, 0xa1..=0xf9) && (low || matches!(second, 0xa1..=0xfe)),
            Self::Gbk => matches!(first, 0x81..=0xfe) && (low || matches!(second, 0x80..=0xfe)),
        }
    }
}

/// Reads a dump statement by statement.
pub(super) struct Lexer<R> {
    source: R,
    buffer: Vec<u8>,
    /// The next byte in `buffer`.
    at: usize,
    /// The position of `buffer` in the dump.
    offset: u64,
    ended: bool,
    /// What has been read of the statement.
    head: Vec<u8>,
}

impl<R: Read> Lexer<R> {
    pub(super) fn new(source: R) -> Self {
        Self {
            source,
            buffer: Vec::new(),
            at: 0,
            offset: 0,
            ended: false,
            head: Vec::new(),
        }
    }

    /// The next statement; none at the end. `DELIMITER` is a statement that ends with its line.
    pub(super) fn next(&mut self, reading: &Reading) -> io::Result<Option<Lexed>> {
        self.skip_blanks()?;
        self.head.clear();
        let start = self.position();
        if self.peek(0)?.is_none() {
            return Ok(None);
        }
        if self.starts_with(b"DELIMITER ")? {
            while self.peek(0)?.is_some_and(|byte| byte != b'\n') {
                self.take()?;
            }
            return Ok(Some(self.lexed(start)));
        }
        // Inside of `/*!50003 … */`, which is code.
        let mut conditional = false;
        loop {
            let Some(byte) = self.peek(0)? else {
                return Ok(Some(self.lexed(start)));
            };
            match byte {
                _ if byte == reading.delimiter[0] && self.starts_with(&reading.delimiter)? => {
                    let lexed = self.lexed(start);
                    self.at += reading.delimiter.len();
                    let next = self.position();
                    return Ok(Some(Lexed { next, ..lexed }));
                }
                b'\'' | b'"' | b'`' => self.quoted(byte, reading)?,
                b'#' => self.line()?,
                b'-' if self.dashes()? => self.line()?,
                b'/' if self.starts_with(b"/*!")? || self.starts_with(b"/*M!")? => {
                    conditional = true;
                    self.take_all(3)?;
                }
                b'/' if self.starts_with(b"/*")? => self.comment()?,
                b'*' if conditional && self.starts_with(b"*/")? => {
                    conditional = false;
                    self.take_all(2)?;
                }
                0x80.. if reading.charset != Charset::Plain => self.character(reading)?,
                _ => {
                    self.take()?;
                    self.take_while(|byte| {
                        byte.is_ascii_alphanumeric() || matches!(byte, b',' | b'(' | b')' | b' ')
                    })?;
                }
            }
        }
    }

    fn position(&self) -> u64 {
        self.offset + self.at as u64
    }

    fn lexed(&mut self, start: u64) -> Lexed {
        let end = self.position();
        Lexed {
            start,
            end,
            next: end,
            head: std::mem::take(&mut self.head),
        }
    }

    /// White space, comment lines, and comments that no server reads as code.
    fn skip_blanks(&mut self) -> io::Result<()> {
        loop {
            match self.peek(0)? {
                Some(byte) if byte.is_ascii_whitespace() => self.at += 1,
                Some(b'-') if self.dashes()? => self.line()?,
                Some(b'#') => self.line()?,
                Some(b'/') if self.starts_with(b"/*M!999999")? => self.comment()?,
                Some(b'/') if self.starts_with(b"/*!")? || self.starts_with(b"/*M!")? => {
                    return Ok(());
                }
                Some(b'/') if self.starts_with(b"/*")? => self.comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn dashes(&mut self) -> io::Result<bool> {
        let blank = match self.peek(2)? {
            None => true,
            Some(byte) => byte.is_ascii_whitespace() || byte.is_ascii_control(),
        };
        Ok(blank && self.starts_with(b"--")?)
    }

    fn line(&mut self) -> io::Result<()> {
        while self.take()?.is_some_and(|byte| byte != b'\n') {}
        Ok(())
    }

    fn comment(&mut self) -> io::Result<()> {
        self.take_all(2)?;
        while self.peek(0)?.is_some() && !self.starts_with(b"*/")? {
            self.take()?;
        }
        self.take_all(2)
    }

    fn quoted(&mut self, quote: u8, reading: &Reading) -> io::Result<()> {
        let names = quote == b'`' || (quote == b'"' && reading.ansi_quotes);
        let escapes = !names && !reading.no_escapes;
        self.take()?;
        loop {
            self.take_while(|byte| byte != quote && byte != b'\\' && byte < 0x80)?;
            match self.peek(0)? {
                None => return Ok(()),
                // A doubled one ends and begins again.
                Some(byte) if byte == quote => {
                    self.take()?;
                    return Ok(());
                }
                Some(b'\\') if escapes => {
                    self.take()?;
                    self.character(reading)?;
                }
                Some(_) => self.character(reading)?,
            }
        }
    }

    /// Bytes that mean nothing to the lexer.
    fn take_while(&mut self, plain: impl Fn(u8) -> bool) -> io::Result<()> {
        loop {
            let rest = &self.buffer[self.at..];
            let end = rest.iter().position(|byte| !plain(*byte));
            let length = end.unwrap_or(rest.len());
            let space = HEAD.saturating_sub(self.head.len()).min(length);
            self.head.extend_from_slice(&rest[..space]);
            self.at += length;
            if end.is_some() || self.peek(0)?.is_none() {
                return Ok(());
            }
        }
    }

    fn character(&mut self, reading: &Reading) -> io::Result<()> {
        let pair = match (self.peek(0)?, self.peek(1)?) {
            (Some(first), Some(second)) => reading.charset.is_pair(first, second),
            _ => false,
        };
        self.take_all(if pair { 2 } else { 1 })
    }

    fn starts_with(&mut self, text: &[u8]) -> io::Result<bool> {
        for (distance, expected) in text.iter().enumerate() {
            if self.peek(distance)? != Some(*expected) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn take_all(&mut self, count: usize) -> io::Result<()> {
        for _ in 0..count {
            self.take()?;
        }
        Ok(())
    }

    fn take(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek(0)?;
        if let Some(byte) = byte {
            if self.head.len() < HEAD {
                self.head.push(byte);
            }
            self.at += 1;
        }
        Ok(byte)
    }

    fn peek(&mut self, distance: usize) -> io::Result<Option<u8>> {
        while self.at + distance >= self.buffer.len() && !self.ended {
            self.fill()?;
        }
        Ok(self.buffer.get(self.at + distance).copied())
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.at);
        self.offset += self.at as u64;
        self.at = 0;
        let length = self.buffer.len();
        self.buffer.resize(length + BUFFER, 0);
        let read = self.source.read(&mut self.buffer[length..])?;
        self.buffer.truncate(length + read);
        self.ended = read == 0;
        Ok(())
    }
}
