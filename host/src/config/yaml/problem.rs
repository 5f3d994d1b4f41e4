//! What is wrong with a configuration: all of it at once, each with its position and the correction.

use std::fmt;
use std::path::{Path, PathBuf};

use super::position::SourcePosition;
use crate::error::{Error, Kind};

/// One mistake.
///
/// Neither text ever holds a secret, nor a value that came from a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Its position; none when the file could not be read at all.
    pub at: Option<SourcePosition>,
    /// The key, as in `strategy.artifact.compression`; empty for the file as a whole.
    pub key: String,
    /// What is wrong.
    pub wrong: String,
    /// What to write instead.
    pub write: String,
}

/// Everything that is wrong with one file, in the order of the file. Never empty.
#[derive(Debug, Clone)]
pub struct ConfigProblems {
    file: PathBuf,
    list: Vec<ConfigProblem>,
}

impl ConfigProblems {
    /// In the order of the file, each once.
    pub(in crate::config) fn new(file: &Path, mut list: Vec<ConfigProblem>) -> Self {
        list.sort_by_key(|problem| problem.at);
        let mut once: Vec<ConfigProblem> = Vec::new();
        for problem in list {
            // What several strategies share is read for each of them.
            let same = |known: &&ConfigProblem| known.at == problem.at;
            if !once
                .iter()
                .rev()
                .take_while(same)
                .any(|known| *known == problem)
            {
                once.push(problem);
            }
        }
        let list = once;
        Self {
            file: file.to_owned(),
            list,
        }
    }

    /// A single problem with the file as a whole.
    pub(in crate::config) fn with_file(
        file: &Path,
        wrong: impl Into<String>,
        write: impl Into<String>,
    ) -> Self {
        let problem = ConfigProblem {
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

    /// The problems without the file.
    pub(in crate::config) fn into_list(self) -> Vec<ConfigProblem> {
        self.list
    }

    /// Each of them, in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &ConfigProblem> {
        self.list.iter()
    }
}

impl fmt::Display for ConfigProblems {
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

impl std::error::Error for ConfigProblems {}

impl From<ConfigProblems> for Error {
    fn from(problems: ConfigProblems) -> Self {
        Self::new(Kind::Config, "config-invalid", problems.to_string())
    }
}
