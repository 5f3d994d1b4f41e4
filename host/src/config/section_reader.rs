//! What every section is read with: its values, and the one list of problems.
//!
//! Each section is read for itself, so that a mistake in one does not hide those in another.

use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::environment::Environment;
use super::yaml::{ConfigProblem, Document};

/// Reads sections by their JSON pointers ("/strategy/artifact") and collects problems.
pub(super) struct SectionReader<'a> {
    pub(super) document: &'a Document,
    pub(super) environment: &'a Environment,
    problems: Vec<ConfigProblem>,
    unreadable: Vec<String>,
}

impl<'a> SectionReader<'a> {
    /// `problems` are those that the schema found.
    pub(super) fn new(
        document: &'a Document,
        environment: &'a Environment,
        problems: Vec<ConfigProblem>,
    ) -> Self {
        Self {
            document,
            environment,
            problems,
            unreadable: Vec::new(),
        }
    }

    /// A section in its raw form; none if it is not there, or not as the schema wants it.
    pub(super) fn read<T: DeserializeOwned>(&mut self, pointer: &str) -> Option<T> {
        let value = self.given(pointer)?;
        let read = serde_json::from_value(value.clone()).ok();
        if read.is_none() {
            self.unreadable.push(pointer.to_owned());
        }
        read
    }

    /// A section that may be left out.
    pub(super) fn read_or_default<T: DeserializeOwned + Default>(&mut self, pointer: &str) -> T {
        self.read(pointer).unwrap_or_default()
    }

    /// What stands at a pointer, unless it is nothing.
    pub(super) fn given(&self, pointer: &str) -> Option<&'a Value> {
        self.document.get(pointer).filter(|value| !value.is_null())
    }

    /// The pointers of a list's items.
    pub(super) fn items(&self, list: &str) -> Vec<String> {
        let length = self
            .given(list)
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        (0..length).map(|index| format!("{list}/{index}")).collect()
    }

    /// The keys of a map, valid or not.
    pub(super) fn keys(&self, map: &str) -> Vec<String> {
        let map = self.given(map).and_then(Value::as_object);
        map.into_iter()
            .flat_map(|map| map.keys().cloned())
            .collect()
    }

    /// The directory that the configuration file is in.
    pub(super) fn config_directory(&self) -> PathBuf {
        let file = self.environment.absolute(self.document.file());
        file.parent()
            .map_or(file.clone(), std::path::Path::to_owned)
    }

    /// A mistake in the value at `pointer`; nothing where an earlier problem explains it.
    pub(super) fn problem(
        &mut self,
        pointer: &str,
        wrong: impl Into<String>,
        write: impl Into<String>,
    ) {
        if !self.document.is_broken(pointer) {
            self.problems
                .push(self.document.problem(pointer, wrong, write));
        }
    }

    /// A mistake in the key itself.
    pub(super) fn key_problem(
        &mut self,
        pointer: &str,
        wrong: impl Into<String>,
        write: impl Into<String>,
    ) {
        self.problems
            .push(self.document.key_problem(pointer, wrong, write));
    }

    /// Problems that something else found in the same file.
    pub(super) fn add(&mut self, problems: Vec<ConfigProblem>) {
        self.problems.extend(problems);
    }

    /// Those that were found so far.
    pub(super) fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }

    pub(super) fn has_problems(&self) -> bool {
        !self.problems.is_empty()
    }

    /// All problems. What the raw forms cannot read must have been refused by the schema; if it was
    /// not, this says so without the values.
    pub(super) fn finish(mut self) -> Vec<ConfigProblem> {
        if self.problems.is_empty() {
            for pointer in std::mem::take(&mut self.unreadable) {
                self.key_problem(
                    &pointer,
                    "this section cannot be read",
                    "compare it with config/README.md, and report it as a bug of sidecar",
                );
            }
        }
        self.problems
    }
}
