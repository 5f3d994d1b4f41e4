//! What is wrong with a configuration: all of it at once, each with its place and the way out.

use std::fmt;
use std::path::{Path, PathBuf};

use super::tree::Position;
use crate::error::{Error, Kind};

/// One mistake.
///
/// Neither text ever holds a secret, nor a value that came from a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands; none when the file could not be read at all.
    pub at: Option<Position>,
    /// The key, as in `strategy.artifact.compression`; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub wrong: String,
    /// What to write instead.
    pub write: String,
}

/// Everything that is wrong with one file, in the order of the file. Never empty.
#[derive(Debug, Clone)]
pub struct Problems {
    file: PathBuf,
    list: Vec<Problem>,
}

impl Problems {
    /// In the order of the file, each once.
    pub(super) fn new(file: &Path, mut list: Vec<Problem>) -> Self {
        list.sort_by_key(|problem| problem.at);
        list.dedup();
        Self {
            file: file.to_owned(),
            list,
        }
    }

    /// A single problem with the file as a whole.
    pub(super) fn with_file(
        file: &Path,
        wrong: impl Into<String>,
        write: impl Into<String>,
    ) -> Self {
        let problem = Problem {
            at: None,
            key: String::new(),
            wrong: wrong.into(),
            write: write.into(),
        };
        Self {
            file: file.to_owned(),
            list: vec![problem],
        }
    }

    /// The file that they are in.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The problems alone.
    pub(super) fn into_list(self) -> Vec<Problem> {
        self.list
    }

    /// Each of them, in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Problem> {
        self.list.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.list.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{}:", self.file.display())?;
            if let Some(at) = problem.at {
                write!(f, "{at}:")?;
            }
            if !problem.key.is_empty() {
                write!(f, " {}:", problem.key)?;
            }
            write!(f, " {}", problem.wrong)?;
            for line in problem.write.lines() {
                write!(f, "\n    {line}")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

impl From<Problems> for Error {
    fn from(problems: Problems) -> Self {
        Self::new(Kind::Config, "config-invalid", problems.to_string())
    }
}
