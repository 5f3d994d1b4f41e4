//! What the checks found.

use serde::Serialize;

use crate::plan::AccessVerdict;

/// The findings about one module.
#[derive(Debug, Serialize)]
pub struct Conformance {
    /// The name that the module goes by.
    pub module: String,
    /// Lower-case hex.
    pub sha256: String,
    /// In the order of the checks.
    pub findings: Vec<Finding>,
    /// What it asks for and was not allowed: stand-ins ran instead of its commands.
    pub refused: Vec<AccessVerdict>,
    /// Whether checks are missing that need what was not allowed.
    pub untried: bool,
}

/// The result of one check.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// A stable kebab-case word.
    pub check: &'static str,
    /// How it went.
    pub verdict: CheckStatus,
    /// One sentence.
    pub about: String,
}

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// As it should.
    Passed,
    /// The module must be corrected.
    Failed,
    /// There was nothing to try, or it makes no sense after what failed before.
    Skipped,
    /// Worth knowing, and no mistake.
    Note,
}

impl Conformance {
    /// Whether no check has failed.
    pub fn passed(&self) -> bool {
        !self
            .findings
            .iter()
            .any(|finding| finding.verdict == CheckStatus::Failed)
    }
}
