//! What belongs in a backup and cannot be put in it. It is compared with what the operator allows to be
//! missing before the first dump starts, so that no backup lacks anything in silence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sidecar_sdk::{Failure, Result, omissions};

/// A kind of content that the operator may allow to be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Databases that the account cannot see, or cannot connect to.
    Databases,
    /// Tables and views that the account has no right to.
    Tables,
    /// Stored procedures and functions.
    Routines,
    /// Triggers.
    Triggers,
    /// Scheduled events.
    Events,
    /// The accounts of the server, and their rights.
    Users,
    /// Former rows of system-versioned tables.
    History,
    /// The passwords of PostgreSQL's roles.
    RolePasswords,
    /// Subscriptions of logical replication.
    Subscriptions,
    /// Options (passwords) of user mappings for foreign servers.
    UserMappings,
    /// Rows of unlogged tables, which a standby does not have.
    UnloggedRows,
    /// Rows on damaged pages, where the server is set to pass over them.
    DamagedPages,
}

/// What the operator has to say to a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Allowance {
    /// It makes the dump fail, whatever the operator allows.
    Never,
    /// It is named in `allow_missing`.
    Content(Content),
    /// Its database is named in `allow_empty`.
    Empty,
    /// Nothing: no right and no tool would change it. It is said.
    Always,
}

/// Something that belongs in the backup and cannot be put in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gap {
    allowance: Allowance,
    /// The database in which it is missing, or that is missing.
    database: Option<String>,
    /// "the triggers of shop".
    what: String,
    /// "the account has no TRIGGER privilege".
    reason: String,
    /// What makes the backup complete: "GRANT TRIGGER …".
    remedy: String,
}

/// The word for all databases in `allow_empty`.
pub(crate) const ALL: &str = "all";

/// What the operator allows.
#[derive(Debug, Default)]
pub(crate) struct AllowedByOperator<'a> {
    /// `allow_missing`.
    pub(crate) missing: &'a [Content],
    /// `allow_empty`.
    pub(crate) empty: &'a [String],
}

/// The gaps that the operator allows: what the dump leaves out.
#[derive(Debug)]
pub(crate) struct AllowedGaps(Vec<Gap>);

impl Gap {
    /// A gap that the operator may allow.
    pub(crate) fn new(
        content: Content,
        what: impl Into<String>,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            allowance: Allowance::Content(content),
            database: None,
            what: what.into(),
            reason: reason.into(),
            remedy: remedy.into(),
        }
    }

    /// One without which there is no dump at all.
    pub(crate) fn required(
        what: impl Into<String>,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            allowance: Allowance::Never,
            ..Self::new(Content::Databases, what, reason, remedy)
        }
    }

    /// One that no right and no tool would close: it is said, and no reason to fail.
    pub(crate) fn said(what: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            allowance: Allowance::Always,
            ..Self::new(Content::Databases, what, reason, "")
        }
    }

    /// A database in which there is nothing, as after a loss.
    pub(crate) fn empty(
        database: &str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self {
            allowance: Allowance::Empty,
            ..Self::new(Content::Databases, what, "nothing is in it", remedy)
        }
        .of(database)
    }

    /// Says in which database.
    pub(crate) fn of(mut self, database: &str) -> Self {
        self.database = Some(database.to_owned());
        self
    }

    fn is_allowed(&self, allowed: &AllowedByOperator<'_>) -> bool {
        match self.allowance {
            Allowance::Never => false,
            Allowance::Content(content) => allowed.missing.contains(&content),
            Allowance::Empty => allowed
                .empty
                .iter()
                .any(|name| name == ALL || Some(name) == self.database.as_ref()),
            Allowance::Always => true,
        }
    }

    /// The code of the omission.
    fn code(&self) -> &'static str {
        match self.allowance {
            Allowance::Empty => "empty",
            Allowance::Always => "not-supported",
            Allowance::Never | Allowance::Content(_) => "not-allowed",
        }
    }

    fn message(&self) -> String {
        format!("{} ({})", self.what, self.reason)
    }
}

impl AllowedGaps {
    /// Says in the manifest what the backup lacks.
    pub(crate) fn report(&self) {
        for gap in &self.0 {
            omissions::report(&gap.what, gap.code(), &gap.reason);
        }
    }

    /// The same for who asks before a run.
    pub(crate) fn warnings(&self) -> Vec<Failure> {
        let warn =
            |gap: &Gap| Failure::new(gap.code(), format!("not in the backup: {}", gap.message()));
        self.0.iter().map(warn).collect()
    }

    /// Whether the dump of `database` has to leave this out.
    pub(crate) fn lack(&self, content: Content, database: Option<&str>) -> bool {
        self.0.iter().any(|gap| {
            gap.allowance == Allowance::Content(content) && gap.database.as_deref() == database
        })
    }
}

/// Fails if anything would be missing that the operator has not allowed to be; what is allowed is returned.
pub(crate) fn require_allowed(
    gaps: Vec<Gap>,
    allowed: &AllowedByOperator<'_>,
) -> Result<AllowedGaps> {
    let (allowed_gaps, others): (Vec<Gap>, Vec<Gap>) =
        gaps.into_iter().partition(|gap| gap.is_allowed(allowed));
    if !others.is_empty() {
        return Err(incomplete(&others));
    }
    Ok(AllowedGaps(allowed_gaps))
}

/// One failure that names all that would be missing, and what to do about each.
fn incomplete(gaps: &[Gap]) -> Failure {
    const SHOWN: usize = 20;
    let mut missing: Vec<String> = gaps.iter().take(SHOWN).map(Gap::message).collect();
    if gaps.len() > SHOWN {
        missing.push(format!("{} more", gaps.len() - SHOWN));
    }
    let mut remedies: Vec<&str> = Vec::new();
    for gap in gaps.iter().take(SHOWN) {
        if !remedies.contains(&gap.remedy.as_str()) {
            remedies.push(&gap.remedy);
        }
    }
    let mut hint = remedies.join("; ");
    let keys = allowable(gaps);
    if !keys.is_empty() {
        hint.push_str(&format!("; or leave it out: {}", keys.join(", ")));
    }
    Failure::new(
        "incomplete",
        format!("the backup would lack {}", missing.join(", ")),
    )
    .hint(hint)
}

/// The keys that would allow these gaps; none if one of them cannot be allowed.
fn allowable(gaps: &[Gap]) -> Vec<String> {
    let mut missing: Vec<String> = Vec::new();
    let mut empty: Vec<String> = Vec::new();
    for gap in gaps {
        let (list, word) = match gap.allowance {
            Allowance::Never => return Vec::new(),
            Allowance::Always => continue,
            Allowance::Empty => (&mut empty, gap.database.clone().unwrap_or_default()),
            Allowance::Content(content) => {
                let word = serde_json::to_string(&content).unwrap_or_default();
                (&mut missing, word.trim_matches('"').to_owned())
            }
        };
        if !list.contains(&word) {
            list.push(word);
        }
    }
    [("allow_missing", missing), ("allow_empty", empty)]
        .into_iter()
        .filter(|(_, words)| !words.is_empty())
        .map(|(key, words)| format!("strategy.config.{key}: [{}]", words.join(", ")))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn missing(missing: &[Content]) -> AllowedByOperator<'_> {
        AllowedByOperator {
            missing,
            ..AllowedByOperator::default()
        }
    }

    fn triggers(database: &str) -> Gap {
        Gap::new(
            Content::Triggers,
            format!("the triggers of {database}"),
            "no TRIGGER privilege",
            "GRANT TRIGGER",
        )
        .of(database)
    }

    fn passwords() -> Gap {
        Gap::new(
            Content::RolePasswords,
            "the passwords of the roles",
            "only a superuser may read them",
            "use a superuser",
        )
    }

    #[test]
    fn all_that_would_be_missing_is_named_with_what_to_do() {
        let failure = require_allowed(
            vec![triggers("a"), triggers("b"), passwords()],
            &missing(&[]),
        )
        .unwrap_err();
        assert_eq!(
            failure.message,
            "the backup would lack the triggers of a (no TRIGGER privilege), the triggers of b (no TRIGGER privilege), \
             the passwords of the roles (only a superuser may read them)"
        );
        assert_eq!(
            failure.hint.unwrap(),
            "GRANT TRIGGER; use a superuser; or leave it out: strategy.config.allow_missing: [triggers, role-passwords]"
        );
    }

    #[test]
    fn what_is_not_allowed_fails_though_something_else_is() {
        let allowed = [Content::RolePasswords];
        let failure =
            require_allowed(vec![triggers("a"), passwords()], &missing(&allowed)).unwrap_err();
        assert!(
            failure.message.contains("triggers of a") && !failure.message.contains("passwords")
        );
    }

    #[test]
    fn a_gap_without_which_there_is_no_dump_cannot_be_allowed() {
        let unreadable = Gap::required("the table t", "no SELECT", "GRANT SELECT");
        let failure = require_allowed(
            vec![triggers("a"), unreadable],
            &missing(&[Content::Databases]),
        )
        .unwrap_err();
        assert!(!failure.hint.unwrap().contains("allow_missing"));
    }

    #[test]
    fn an_empty_database_is_allowed_by_its_name_and_by_no_other() {
        let gap = || {
            vec![Gap::empty(
                "app",
                "the content of app",
                "is it the right server?",
            )]
        };
        let allowed = |names: &[&str]| {
            let empty: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let allowed = AllowedByOperator {
                empty: &empty,
                ..AllowedByOperator::default()
            };
            require_allowed(gap(), &allowed).map(drop)
        };
        for names in [&["app"][..], &["all"], &["other", "app"]] {
            allowed(names).unwrap();
        }
        let failure = allowed(&["other"]).unwrap_err();
        assert!(failure.hint.unwrap().contains("allow_empty: [app]"));
    }

    #[test]
    fn what_nothing_would_change_is_said_and_fails_no_run() {
        let allowed = require_allowed(vec![Gap::said("a", "b")], &missing(&[])).unwrap();
        assert_eq!(allowed.warnings()[0].message, "not in the backup: a (b)");
    }
}
