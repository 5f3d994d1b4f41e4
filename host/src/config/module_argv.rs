//! `modules.NAME.allow.argv`: programs with their arguments, which no shell reads.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::section_reader::SectionReader;

/// One word of a vector: text that stands for itself, or a map that says how it may vary.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawArgument {
    Fixed(String),
    Varying(RawVaryingArgument),
}

/// A word that may vary.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVaryingArgument {
    kind: Option<RawArgumentKind>,
    one_of: Option<Vec<String>>,
    after: Option<String>,
    dash: Option<bool>,
    empty: Option<bool>,
    rest: Option<bool>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum RawArgumentKind {
    Word,
    Number,
    Name,
    Path,
}

impl JsonSchema for RawArgument {
    fn schema_name() -> Cow<'static, str> {
        "Argument".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let flag = |description: &str| json_schema!({"type": "boolean", "default": false, "description": description});
        json_schema!({
            "description": "A word that stands for itself, whatever is in it; or a map: a word that varies.",
            "type": ["string", "object"],
            "examples": ["--rdb", {"kind": "number"}],
            "additionalProperties": false,
            "properties": {
                "kind": {
                    "enum": ["word", "number", "name", "path"],
                    "default": "word",
                    "description": "`name`: letters, digits, `_`, then also `.` and `-`; `path`: an absolute one that `allow.read` covers.",
                },
                "one_of": {
                    "type": "array", "items": {"type": "string"}, "minItems": 1, "examples": [["-Fc", "-Fd"]],
                    "description": "One of these words, instead of a kind.",
                },
                "after": {
                    "type": "string", "minLength": 1, "examples": ["--dbname="],
                    "description": "What the word begins with; the rest of it varies.",
                },
                "dash": flag("Whether the word may begin with `-` or `@`, which make an option or a file of arguments of it."),
                "empty": flag("Whether it may be empty."),
                "rest": flag("Whether any number of such words may follow; only for the last."),
            },
        })
    }
}

/// One vector: its words, the program first.
pub type VectorRule = Vec<ArgumentRule>;

/// One word of a vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArgumentRule {
    /// Itself.
    Fixed(String),
    /// It may vary.
    Varying(VaryingArgument),
}

/// A word that may vary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VaryingArgument {
    /// What it may be.
    pub kind: ArgumentKind,
    /// What it begins with; the kind is about what comes after that.
    pub after: String,
    /// Whether it may begin with `-` or `@`.
    pub dash: bool,
    /// Whether it may be empty.
    pub empty: bool,
    /// Whether any number of them may stand there.
    pub rest: bool,
}

/// What a word may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArgumentKind {
    /// Anything but control characters.
    Word,
    /// Digits.
    Number,
    /// Letters, digits, `_`, and `.` or `-` behind the first.
    Name,
    /// An absolute path that the module may read.
    Path,
    /// One of these.
    OneOf(Vec<String>),
}

/// The vectors of a module, whose pointer is `module`.
pub(super) fn read(
    reader: &mut SectionReader<'_>,
    module: &str,
    raw: Vec<Vec<RawArgument>>,
) -> Vec<VectorRule> {
    let vectors = raw.into_iter().enumerate().map(|(at, words)| {
        let at = format!("{module}/allow/argv/{at}");
        check(reader, &at, &words);
        words.into_iter().map(ArgumentRule::from).collect()
    });
    vectors.collect()
}

fn check(reader: &mut SectionReader<'_>, at: &str, words: &[RawArgument]) {
    if !matches!(words.first(), Some(RawArgument::Fixed(text)) if is_program(text)) {
        reader.problem(
            at,
            "a vector begins with its program: a name, or an absolute path",
            "write for example `[redis-cli, --rdb, \"-\"]`",
        );
    }
    for (nth, word) in words.iter().enumerate() {
        let RawArgument::Varying(word) = word else {
            continue;
        };
        let at = format!("{at}/{nth}");
        if word.rest == Some(true) && nth + 1 < words.len() {
            reader.problem(
                &at,
                "only the last word of a vector can stand for the rest",
                "move it to the end, or remove `rest`",
            );
        }
        if word.one_of.is_some() && word.kind.is_some() {
            reader.problem(&at, "`one_of` is a kind of its own", "remove `kind`");
        }
    }
}

/// A name for the `PATH`, or an absolute path that is written in the shortest way.
fn is_program(text: &str) -> bool {
    let mut names = text.strip_prefix('/').unwrap_or(text).split('/');
    let is_plain = names.all(|name| !matches!(name, "" | "." | ".."));
    is_plain && (text.starts_with('/') || !text.contains('/'))
}

impl From<RawArgument> for ArgumentRule {
    fn from(raw: RawArgument) -> Self {
        let raw = match raw {
            RawArgument::Fixed(text) => return Self::Fixed(text),
            RawArgument::Varying(raw) => raw,
        };
        let kind = match (raw.one_of, raw.kind.unwrap_or(RawArgumentKind::Word)) {
            (Some(words), _) => ArgumentKind::OneOf(words),
            (None, RawArgumentKind::Word) => ArgumentKind::Word,
            (None, RawArgumentKind::Number) => ArgumentKind::Number,
            (None, RawArgumentKind::Name) => ArgumentKind::Name,
            (None, RawArgumentKind::Path) => ArgumentKind::Path,
        };
        Self::Varying(VaryingArgument {
            kind,
            after: raw.after.unwrap_or_default(),
            dash: raw.dash.unwrap_or(false),
            empty: raw.empty.unwrap_or(false),
            rest: raw.rest.unwrap_or(false),
        })
    }
}
