//! `paths`: where a run works.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::duration::RawDuration;
use super::section_reader::SectionReader;

/// Where a run works. The sidecar must be able to write in all of them; relative paths start at the current directory.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Paths")]
pub(super) struct RawPaths {
    /// The directory in which commands run. Of several strategies, one that is a module from elsewhere works in a
    /// folder of its own in it, called as the strategy.
    #[schemars(length(min = 1), extend("examples" = ["/var/lib/sidecar/workdir"]))]
    pub(super) workdir: String,
    /// The directory where artifacts are published.
    #[schemars(length(min = 1), extend("examples" = ["/var/lib/sidecar/artifacts"]))]
    pub(super) artifacts: String,
    /// The file where commands may leave the artifact; may be an existing FIFO.
    #[schemars(length(min = 1), extend("examples" = ["/var/lib/sidecar/tmp/dump.tmp"]))]
    pub(super) temp_dump: String,
    /// How long a finished artifact waits for its delivery.
    #[schemars(extend("default" = "24h"))]
    pub(super) keep_undelivered: Option<RawDuration>,
}

/// `paths`
#[derive(Debug, Clone)]
pub struct Paths {
    /// Commands run here.
    pub workdir: PathBuf,
    /// Where artifacts are published.
    pub artifacts: PathBuf,
    /// Where those of several strategies lie, each in a folder of its own, and what the runs of all share: their
    /// lock and their journal. Of a single one the same as `artifacts`.
    pub root: PathBuf,
    /// Where a command may leave the artifact; may be an existing FIFO.
    pub temp_dump: PathBuf,
    /// How long a finished artifact waits for its delivery.
    pub keep_undelivered: Duration,
}

impl Paths {
    /// Those of one of several strategies. Commands of all run in one work directory; a module `from_elsewhere`
    /// has one of its own, for what it lays there would act in the operator's lines.
    pub(super) fn part(&self, strategy: &str, from_elsewhere: bool) -> Self {
        let file = self.temp_dump.file_name().unwrap_or_default();
        Self {
            workdir: match from_elsewhere {
                true => self.workdir.join(strategy),
                false => self.workdir.clone(),
            },
            artifacts: self.root.join(strategy),
            temp_dump: self.temp_dump.with_file_name(strategy).join(file),
            ..self.clone()
        }
    }
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> Option<Paths> {
    let raw: RawPaths = reader.read("/paths")?;
    let paths = Paths {
        workdir: reader.environment.absolute(raw.workdir),
        root: reader.environment.absolute(&raw.artifacts),
        artifacts: reader.environment.absolute(raw.artifacts),
        temp_dump: reader.environment.absolute(raw.temp_dump),
        keep_undelivered: raw
            .keep_undelivered
            .map_or(Duration::from_secs(24 * 3600), |span| span.0),
    };
    if paths.temp_dump == paths.workdir || paths.temp_dump == paths.artifacts {
        reader.problem(
            "/paths/temp_dump",
            "this is one of the directories above",
            "write a file of its own, such as `/var/lib/sidecar/tmp/dump.tmp`",
        );
    }
    // Modules see the directories of a run: the root among them would show them everything.
    for (at, path) in [
        ("/paths/workdir", Some(paths.workdir.as_path())),
        ("/paths/artifacts", Some(paths.artifacts.as_path())),
        ("/paths/temp_dump", paths.temp_dump.parent()),
    ] {
        if path.is_none_or(|path| path.parent().is_none()) {
            reader.problem(
                at,
                "this would open the whole file system to modules",
                "write a path in a directory of its own, such as below `/var/lib/sidecar`",
            );
        }
    }
    Some(paths)
}
