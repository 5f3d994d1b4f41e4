//! The files of a tree, and what of their text is code.

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::repository;

/// A file, by its path in the repository.
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl Source {
    /// "host/src/error.rs:12"
    pub(super) fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }

    /// A file of tests alone: by its name, or by the folder that it lies in.
    pub(super) fn is_test(&self) -> bool {
        let name = self.path.file_stem().and_then(|stem| stem.to_str());
        let within = |part: &std::ffi::OsStr| part == "tests";
        self.path.iter().any(within)
            || name.is_some_and(|name| name == "tests" || name.ends_with("_tests"))
    }
}

/// All files below `folder` that end with one of `endings`, sorted; nothing that was built.
pub(super) fn files(folder: &str, endings: &[&str]) -> Vec<Source> {
    let mut found = Vec::new();
    collect(&repository().join(folder), &mut found);
    found.retain(|path| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        endings.contains(&ending.unwrap_or(""))
    });
    found.sort();
    let read = |path: PathBuf| {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        let path = path.strip_prefix(repository()).unwrap().to_owned();
        Source { path, text }
    };
    found.into_iter().map(read).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    const BUILT: [&str; 4] = ["target", "__pycache__", "prebuilt", "node_modules"];
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        let name = path.file_name().and_then(|name| name.to_str());
        if path.is_symlink() || name.is_some_and(|name| BUILT.contains(&name)) {
            continue;
        }
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Rust without comments, texts and characters: blanks stand in their place, lines stay.
pub(super) fn code(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let at = |place: usize| chars.get(place).copied().unwrap_or('\0');
    let mut out = String::with_capacity(text.len());
    let mut place = 0;
    while place < chars.len() {
        let end = match (at(place), at(place + 1)) {
            ('/', '/') => find(&chars, place, |c| c == '\n'),
            ('/', '*') => comment(&chars, place),
            ('"', _) => quoted(&chars, place),
            ('r', '"' | '#') if !is_word(before(&chars, place)) => raw(&chars, place),
            ('\'', '\\') => find(&chars, place + 3, |c| c == '\'') + 1,
            ('\'', _) if at(place + 2) == '\'' => place + 3,
            _ => place,
        };
        if end == place {
            out.push(chars[place]);
            place += 1;
        } else {
            let end = end.min(chars.len());
            let blank = |c: &char| if *c == '\n' { '\n' } else { ' ' };
            out.extend(chars[place..end].iter().map(blank));
            place = end;
        }
    }
    out
}

fn before(chars: &[char], place: usize) -> char {
    place.checked_sub(1).map_or(' ', |place| chars[place])
}

fn find(chars: &[char], from: usize, what: impl Fn(char) -> bool) -> usize {
    (from..chars.len())
        .find(|place| what(chars[*place]))
        .unwrap_or(chars.len())
}

fn comment(chars: &[char], from: usize) -> usize {
    let (mut depth, mut place) = (0, from);
    while place + 1 < chars.len() {
        match (chars[place], chars[place + 1]) {
            ('/', '*') => (depth, place) = (depth + 1, place + 2),
            ('*', '/') if depth == 1 => return place + 2,
            ('*', '/') => (depth, place) = (depth - 1, place + 2),
            _ => place += 1,
        }
    }
    chars.len()
}

fn quoted(chars: &[char], from: usize) -> usize {
    let mut place = from + 1;
    while place < chars.len() && chars[place] != '"' {
        place += if chars[place] == '\\' { 2 } else { 1 };
    }
    place + 1
}

/// `r"…"`, `r#"…"#`; a raw identifier stays.
fn raw(chars: &[char], from: usize) -> usize {
    let quote = find(chars, from + 1, |c| c != '#');
    if chars.get(quote) != Some(&'"') {
        return from;
    }
    let hashes = quote - from - 1;
    let ends = |place: &usize| {
        chars[*place] == '"' && (1..=hashes).all(|more| chars.get(place + more) == Some(&'#'))
    };
    (quote + 1..chars.len())
        .find(ends)
        .map_or(chars.len(), |place| place + hashes + 1)
}

/// Code without what is behind `#[cfg(test)]`: an item, or a module in its braces.
pub(super) fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut out = code.to_owned();
    while let Some(from) = out.find(MARK) {
        let rest = &out[from..];
        let brace = rest.find('{').unwrap_or(rest.len());
        let end = match rest.find(';') {
            Some(semicolon) if semicolon < brace => semicolon + 1,
            _ => closing(rest, brace),
        };
        let blank: String = out[from..from + end]
            .chars()
            .map(|c| if c == '\n' { '\n' } else { ' ' })
            .collect();
        out.replace_range(from..from + end, &blank);
    }
    out
}

/// Behind the brace that closes the one at `from`.
fn closing(text: &str, from: usize) -> usize {
    let mut depth = 0;
    for (place, c) in text[from..].char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return from + place + 1,
            '}' => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// A word of code: where it starts, and on which line.
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
    pub(super) line: usize,
}

/// The words of a line of code and the numbers of their lines, from 1.
pub(super) fn words(code: &str) -> Vec<Word<'_>> {
    let (mut found, mut start, mut line) = (Vec::new(), None, 1);
    for (place, c) in code.char_indices().chain([(code.len(), ' ')]) {
        match (is_word(c), start) {
            (true, None) => start = Some(place),
            (false, Some(from)) => {
                let text = &code[from..place];
                found.push(Word {
                    text,
                    start: from,
                    line,
                });
                start = None;
            }
            _ => {}
        }
        if c == '\n' {
            line += 1;
        }
    }
    found
}

#[test]
fn only_code_is_left() {
    let text = "a /* b /* c */ d */ e // f\n\"g \\\" h\" 'i' '\\'' 'j: r#\"k\"l\"# r#m";
    let left: Vec<(String, usize)> = words(&code(text))
        .iter()
        .map(|word| (word.text.to_owned(), word.line))
        .collect();
    let expected = [("a", 1), ("e", 1), ("j", 2), ("r", 2), ("m", 2)];
    assert_eq!(left, expected.map(|(word, line)| (word.to_owned(), line)));
}

#[test]
fn tests_are_left_out() {
    let text = "#[cfg(test)]\nmod tests;\nfn a() {}\n#[cfg(test)]\nmod b { fn c() {} }\nfn d() {}";
    let left = without_tests(text);
    assert!(left.contains("fn a") && left.contains("fn d"), "{left}");
    assert!(!left.contains("mod") && !left.contains("fn c"), "{left}");
}
