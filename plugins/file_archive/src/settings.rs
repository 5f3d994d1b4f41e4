//! Configuration → everything the walk needs, resolved.

use std::env;

use sidecar_sdk::{Failure, Plan};

use crate::config::Config;
use crate::path::absolute;
use crate::pattern::{Patterns, root};

/// What a run walks, resolved against the run's own directories.
pub(crate) struct Settings {
    /// Absolute and normalised; what names are relative to.
    pub(crate) base: String,
    /// The patterns of `paths`, absolute, in the operator's order.
    pub(crate) wanted: Vec<String>,
    pub(crate) wanted_patterns: Patterns,
    pub(crate) excluded: Patterns,
    /// The sidecar's own files, which are never archived: absolute and normalised.
    pub(crate) own: Vec<String>,
    pub(crate) follow: bool,
    pub(crate) one_file_system: bool,
}

impl Settings {
    /// Resolves a configuration, or tells every mistake in it.
    pub(crate) fn new(config: &Config) -> Result<Self, Vec<Failure>> {
        let mut mistakes = config.mistakes();
        let workdir = env::var("SIDE_CAR_WORKDIR").unwrap_or_else(|_| "/".to_owned());
        let base = absolute(&workdir, config.base_dir.as_deref().unwrap_or("."));

        let all_absolute = |patterns: &[String]| -> Vec<String> {
            patterns
                .iter()
                .map(|pattern| absolute(&base, pattern))
                .collect()
        };
        let wanted = all_absolute(config.paths.as_slice());
        let excluded = all_absolute(config.exclude.as_slice());
        let wanted_patterns = compile("paths", &wanted, false, &mut mistakes);
        let excluded = compile("exclude", &excluded, true, &mut mistakes);
        match (wanted_patterns, excluded) {
            (Some(wanted_patterns), Some(excluded)) if mistakes.is_empty() => Ok(Self {
                own: own(&workdir),
                base,
                wanted,
                wanted_patterns,
                excluded,
                follow: config.follow_symlinks,
                one_file_system: config.one_file_system,
            }),
            _ => Err(mistakes),
        }
    }

    /// What the run will need.
    pub(crate) fn plan(&self, config: &Config) -> Plan {
        let mut read: Vec<String> = self.wanted.iter().map(|pattern| root(pattern)).collect();
        read.sort();
        read.dedup();
        Plan {
            read,
            follow_links: self.follow,
            compression: config.host_compression().map(str::to_owned),
            ..Plan::default()
        }
    }
}

fn compile(
    key: &str,
    patterns: &[String],
    match_dots: bool,
    mistakes: &mut Vec<Failure>,
) -> Option<Patterns> {
    match Patterns::new(patterns, match_dots) {
        Ok(patterns) => Some(patterns),
        Err((index, error)) => {
            let message = format!(
                "strategy.config.{key}: {} is not a pattern: {}",
                patterns[index], error.msg
            );
            mistakes.push(
                Failure::new("pattern-invalid", message)
                    .hint("write a literal [ as [[], and ** only between slashes"),
            );
            None
        }
    }
}

/// The temp dump and the directory of the artifacts.
fn own(workdir: &str) -> Vec<String> {
    let paths = ["SIDE_CAR_TEMP_DUMP", "SIDE_CAR_ARTIFACTS_DIR"]
        .into_iter()
        .filter_map(|name| env::var(name).ok());
    paths
        .filter(|path| !path.is_empty())
        .map(|path| absolute(workdir, &path))
        .collect()
}
