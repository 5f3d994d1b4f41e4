//! `drill`: how a backup is tried.

use schemars::JsonSchema;
use serde::Deserialize;

use super::cron::{self, RawCron};
use super::secret::{self, Secret};
use super::section_reader::SectionReader;

/// Restores the latest backup into a scratch target and checks it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Drill")]
#[expect(
    dead_code,
    reason = "the target is read key by key, so that one message serves all secrets"
)]
pub(super) struct RawDrill {
    /// Five fields: minute, hour, day of month, month, day of week; in UTC. Left out: only by `sidecar drill`.
    pub(super) cron: Option<RawCron>,
    /// The scratch target: a URL, in which everything is replaced, or a directory, in which a folder
    /// is made and removed again.
    #[schemars(extend("writeOnly" = true, "examples" = ["postgresql://scratch/postgres"]))]
    into: Option<String>,
    /// A file that holds the URL.
    into_file: Option<String>,
    /// Commands that fail if the restored data is not right. SIDE_CAR_DRILL_INTO says where it is.
    pub(super) check: Option<Vec<String>>,
    /// Consequences that the restore may have, as `sidecar restore --accept`: a refusal names the word.
    #[schemars(extend("examples" = [["others-code"]]))]
    pub(super) accept: Option<Vec<String>>,
}

/// How a backup is tried.
#[derive(Debug, Clone)]
pub struct Drill {
    /// When, in UTC; none: only by `sidecar drill`.
    pub cron: Option<String>,
    /// Where it is restored into: a URL may hold a password.
    pub into: Secret,
    /// Commands that fail if the restored data is not right.
    pub check: Vec<String>,
    /// Consequences that the restore may have, beyond what a drill replaces.
    pub accept: Vec<String>,
}

impl Drill {
    /// The directory of a target that is one.
    pub fn directory(&self) -> Option<&std::path::Path> {
        let into = self.into.reveal();
        (!into.contains("://")).then(|| std::path::Path::new(into))
    }
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> Option<Drill> {
    let raw: RawDrill = reader.read("/drill")?;
    if let Some(cron) = &raw.cron {
        cron::check(reader, "/drill", cron);
    }
    if !secret::is_given(reader, "/drill", "into") {
        reader.key_problem(
            "/drill",
            "`into` or `into_file` is required",
            "add `into:` with the URL or the directory of a scratch target",
        );
        return None;
    }
    let (_, mut into) = secret::read_address(reader, "/drill", "into")?;
    if !into.reveal().contains("://") {
        let directory = reader.environment.absolute(into.reveal());
        into = Secret::new(directory.to_string_lossy());
    }
    Some(Drill {
        cron: raw.cron.map(|cron| cron.0),
        into,
        check: raw.check.unwrap_or_default(),
        accept: raw.accept.unwrap_or_default(),
    })
}
