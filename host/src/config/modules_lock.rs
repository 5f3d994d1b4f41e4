//! `modules_lock`: whether modules run without a `modules.lock`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::section_reader::SectionReader;

/// Whether modules run without a `modules.lock`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum LockRule {
    /// A lock counts if it is there.
    #[default]
    Optional,
    /// No module runs that the lock does not have.
    Required,
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> LockRule {
    reader.read_or_default("/modules_lock")
}
