//! Configuration → what the walk needs, with absolute paths.

use std::env;

use sidecar_sdk::{Failure, Plan, Strings};

use crate::config::Config;
use crate::path::absolute;
use crate::pattern::{Patterns, root};

/// What a run archives, resolved against the directories of the run.
pub(crate) struct Settings {
    /// The directory that names are relative to: absolute and normalised.
    pub(crate) base: String,
    /// The patterns of `paths`, absolute, in the operator's order.
    pub(crate) paths: Vec<String>,
    /// Which of them are paths, and no patterns.
    pub(crate) literal: Vec<bool>,
    /// `paths`, compiled.
    pub(crate) included: Patterns,
    pub(crate) excluded: Patterns,
    /// The sidecar's own files, which are never archived: absolute and normalised.
    pub(crate) own_files: Vec<String>,
    pub(crate) follow: bool,
    pub(crate) one_file_system: bool,
    pub(crate) allow_missing: AllowedGaps,
    pub(crate) allow_empty: AllowedGaps,
    pub(crate) allow_changed: AllowedGaps,
}

/// What the operator allows to be missing, or to be otherwise than it was.
pub(crate) struct AllowedGaps {
    patterns: Patterns,
    /// The same as text: a pattern of `paths` without a match is allowed by its own text.
    texts: Vec<String>,
}

impl AllowedGaps {
    /// Whether `path`, or a directory above it, is among them.
    pub(crate) fn contain(&self, path: &[u8]) -> bool {
        self.patterns.cover(path) || self.texts.iter().any(|text| text.as_bytes() == path)
    }
}

impl Settings {
    /// Resolves a configuration, or returns every error in it.
    pub(crate) fn new(config: &Config) -> Result<Self, Vec<Failure>> {
        let mut errors = config.errors();
        let workdir = env::var("SIDE_CAR_WORKDIR").unwrap_or_else(|_| "/".to_owned());
        let base = absolute(&workdir, config.base_dir.as_deref().unwrap_or("."));

        let all_absolute = |patterns: &[String]| -> Vec<String> {
            patterns
                .iter()
                .map(|pattern| absolute(&base, pattern))
                .collect()
        };
        let paths = all_absolute(config.paths.as_slice());
        let excluded = all_absolute(config.exclude.as_slice());
        let included = compile("paths", &paths, false, &mut errors);
        let excluded = compile("exclude", &excluded, true, &mut errors);
        let mut allowed = |key: &str, list: &Strings| {
            let texts = all_absolute(list.as_slice());
            let patterns = compile(key, &texts, true, &mut errors)?;
            Some(AllowedGaps { patterns, texts })
        };
        let allowed = (
            allowed("allow_missing", &config.allow_missing),
            allowed("allow_empty", &config.allow_empty),
            allowed("allow_changed", &config.allow_changed),
        );
        match (included, excluded, allowed) {
            (
                Some(included),
                Some(excluded),
                (Some(allow_missing), Some(allow_empty), Some(allow_changed)),
            ) if errors.is_empty() => Ok(Self {
                own_files: own_files(&workdir),
                base,
                literal: paths.iter().map(|path| root(path) == *path).collect(),
                paths,
                included,
                excluded,
                follow: config.follow_symlinks,
                one_file_system: config.one_file_system,
                allow_missing,
                allow_empty,
                allow_changed,
            }),
            _ => Err(errors),
        }
    }

    /// Whether names in the archive come in the order of the walk. They do not where some are relative to `base_dir`, and
    /// others, outside it, whole.
    pub(crate) fn names_are_sorted(&self) -> bool {
        let base = self.base.trim_end_matches('/');
        let is_below = |path: &str, top: &str| {
            let rest = path.strip_prefix(top);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let roots = || self.paths.iter().map(|path| root(path));
        roots().all(|root| is_below(&root, base))
            || roots()
                .all(|root| !is_below(&root, base) && !is_below(base, root.trim_end_matches('/')))
    }

    /// What the run will need.
    pub(crate) fn plan(&self, config: &Config) -> Plan {
        let mut read: Vec<String> = self.paths.iter().map(|pattern| root(pattern)).collect();
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
    errors: &mut Vec<Failure>,
) -> Option<Patterns> {
    match Patterns::new(patterns, match_dots) {
        Ok(patterns) => Some(patterns),
        Err((index, error)) => {
            let message = format!(
                "strategy.config.{key}: {} is not a pattern: {}",
                patterns[index], error.msg
            );
            errors.push(
                Failure::new("pattern-invalid", message)
                    .hint("write a literal [ as [[], and ** only between slashes"),
            );
            None
        }
    }
}

/// The temporary dump and the directory of the artifacts.
fn own_files(workdir: &str) -> Vec<String> {
    let paths = ["SIDE_CAR_TEMP_DUMP", "SIDE_CAR_ARTIFACTS_DIR"]
        .into_iter()
        .filter_map(|name| env::var(name).ok());
    paths
        .filter(|path| !path.is_empty())
        .map(|path| absolute(workdir, &path))
        .collect()
}
