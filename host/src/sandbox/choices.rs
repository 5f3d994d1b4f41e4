//! What the operator decided about a restore beyond its request.

use std::time::Duration;

/// How long a restore waits for others unless it is told.
pub const DEFAULT_WAIT: Duration = Duration::from_secs(10);

/// How many characters of a run's id are enough for the names of what a restore makes.
const ID_LENGTH: usize = 10;

/// What a restore is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// The data is to be used.
    #[default]
    Restore,
    /// The backup is tried, and what came back is thrown away.
    Drill,
}

/// What the operator decided about a restore.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choices {
    /// Ten lowercase letters and digits that only this restore has.
    pub id: String,
    /// What it is for.
    pub purpose: Purpose,
    /// Consequences that were accepted ("end-sessions").
    pub accepted: Vec<String>,
    /// How long it may wait for others to let go of what it replaces.
    pub wait: Duration,
}

impl Choices {
    /// Those of a run, by its id: its end is random.
    pub fn of_run(id: &str) -> Self {
        let id: String = id.chars().filter(char::is_ascii_alphanumeric).collect();
        let start = id.len().saturating_sub(ID_LENGTH);
        Self {
            id: id[start..].to_ascii_lowercase(),
            ..Self::default()
        }
    }
}

impl Default for Choices {
    /// Nothing was decided.
    fn default() -> Self {
        Self {
            id: String::new(),
            purpose: Purpose::default(),
            accepted: Vec::new(),
            wait: DEFAULT_WAIT,
        }
    }
}

impl Purpose {
    /// As a module is told.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Restore => "restore",
            Self::Drill => "drill",
        }
    }
}
