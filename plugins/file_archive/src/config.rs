//! `strategy.config` of `file_archive`, and the checks that its schema cannot make.

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::{Failure, Strings};

use crate::path::has_parent;

/// `strategy.config` of `file_archive`.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(extend("examples" = [
    {"paths": "*"},
    {"paths": ["**/*.txt"], "exclude": "folder/empty.txt", "format": "zip"},
]))]
pub(crate) struct Config {
    /// What to archive: paths, or patterns with `*`, `?`, `[…]` and `**`. A directory that matches
    /// is taken whole. A wildcard does not match a leading dot.
    pub paths: Strings,
    /// What to leave out: paths or patterns, relative to `base_dir` or absolute. Here a wildcard
    /// matches a leading dot too.
    #[serde(default)]
    pub exclude: Strings,
    /// What relative paths start from, and what names in the archive are relative to. Left out:
    /// `paths.workdir`.
    #[serde(default)]
    #[schemars(with = "String")]
    pub base_dir: Option<String>,
    /// The archive's format.
    #[serde(default)]
    pub format: Format,
    /// tar: none, gz, bz2, xz or zst (left out: `artifact.compression`); zip: deflate (left out) or
    /// none. `store` means none.
    #[serde(default)]
    #[schemars(with = "Compression")]
    pub compression: Option<Compression>,
    /// How hard to compress, on the codec's own scale.
    #[serde(default)]
    #[schemars(with = "u32")]
    pub level: Option<u32>,
    /// Archive what symbolic links lead to instead of the links, also below what `paths` names.
    #[serde(default)]
    pub follow_symlinks: bool,
    /// Leave out what is mounted below the paths.
    #[serde(default)]
    pub one_file_system: bool,
    /// What may be missing, or may not be readable, without failing the run: paths or patterns like
    /// those of `exclude`, or an entry of `paths` as it stands there.
    #[serde(default)]
    pub allow_missing: Strings,
    /// Which entries of `paths` may have no file in them, or name only files without a byte.
    #[serde(default)]
    pub allow_empty: Strings,
    /// What may vanish, be replaced, become shorter or be written to while it is archived.
    #[serde(default)]
    pub allow_changed: Strings,
}

/// The archive's format.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub(crate) enum Format {
    #[default]
    Tar,
    Zip,
}

/// How the archive is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub(crate) enum Compression {
    None,
    Store,
    Gz,
    Bz2,
    Xz,
    Zst,
    Deflate,
}

impl Config {
    /// How the host compresses the artifact, as the plan says it; none for `artifact.compression`.
    pub(crate) fn host_compression(&self) -> Option<&'static str> {
        if self.format == Format::Zip {
            return Some("none");
        }
        match self.compression? {
            Compression::None | Compression::Store => Some("none"),
            Compression::Gz => Some("gz"),
            Compression::Bz2 => Some("bz2"),
            Compression::Xz => Some("xz"),
            Compression::Zst => Some("zst"),
            // Refused by `errors`.
            Compression::Deflate => None,
        }
    }

    /// Every error that the schema cannot detect.
    pub(crate) fn errors(&self) -> Vec<Failure> {
        let lists = self.lists();
        let keys = lists.iter().flat_map(|(key, list)| list.blank(key));
        let mut errors: Vec<Failure> = keys.map(|key| blank(&key)).collect();
        if self
            .base_dir
            .as_ref()
            .is_some_and(|directory| directory.trim().is_empty())
        {
            errors.push(blank("base_dir"));
        }
        if self.paths.as_slice().is_empty() {
            errors.push(
                Failure::new("paths-empty", "strategy.config.paths names nothing")
                    .hint("write at least one path or pattern"),
            );
        }
        let base = self.base_dir.iter().map(|path| ("base_dir", path));
        let lists = lists
            .iter()
            .flat_map(|(key, list)| list.as_slice().iter().map(|path| (*key, path)));
        for (key, path) in base.chain(lists).filter(|(_, path)| has_parent(path)) {
            let message = format!("strategy.config.{key}: {path} goes up with ..");
            errors.push(Failure::new("path-goes-up", message).hint("write the absolute path"));
        }
        errors.extend(self.compression_error());
        errors
    }

    /// The keys whose values are paths or patterns.
    fn lists(&self) -> [(&'static str, &Strings); 5] {
        [
            ("paths", &self.paths),
            ("exclude", &self.exclude),
            ("allow_missing", &self.allow_missing),
            ("allow_empty", &self.allow_empty),
            ("allow_changed", &self.allow_changed),
        ]
    }

    fn compression_error(&self) -> Option<Failure> {
        let (allowed, invalid) = match self.format {
            Format::Tar => (
                "none, store, gz, bz2, xz or zst",
                self.compression == Some(Compression::Deflate),
            ),
            Format::Zip => (
                "none, store or deflate",
                self.compression.is_some_and(|compression| {
                    !matches!(
                        compression,
                        Compression::None | Compression::Store | Compression::Deflate
                    )
                }),
            ),
        };
        if invalid {
            let message = format!(
                "strategy.config.compression does not go with format {}",
                self.format.name()
            );
            return Some(
                Failure::new("compression-mismatch", message).hint(format!("write {allowed}")),
            );
        }
        let level = self.level?;
        let levels = match (self.format, self.compression) {
            (_, Some(Compression::None | Compression::Store)) => {
                return Some(
                    Failure::new(
                        "level-without-compression",
                        "strategy.config.level needs a compression",
                    )
                    .hint("remove level, or choose a compression"),
                );
            }
            (Format::Tar, None) => {
                return Some(
                    Failure::new(
                        "level-without-compression",
                        "strategy.config.level needs strategy.config.compression beside it",
                    )
                    .hint(
                        "name the compression here, or write the level under artifact.compression",
                    ),
                );
            }
            (Format::Zip, _)
            | (_, Some(Compression::Gz | Compression::Bz2 | Compression::Deflate)) => 1..=9,
            (_, Some(Compression::Xz)) => 0..=9,
            (_, Some(Compression::Zst)) => 1..=22,
        };
        if levels.contains(&level) {
            return None;
        }
        let message =
            format!("strategy.config.level is {level}, which this compression does not have");
        let hint = format!("write a number from {} to {}", levels.start(), levels.end());
        Some(Failure::new("level-invalid", message).hint(hint))
    }
}

impl Format {
    fn name(self) -> &'static str {
        match self {
            Self::Tar => "tar",
            Self::Zip => "zip",
        }
    }
}

fn blank(key: &str) -> Failure {
    Failure::new("blank", format!("strategy.config.{key} is blank"))
        .hint("write a value, or remove the key")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn config(format: Format, compression: Option<Compression>, level: Option<u32>) -> Config {
        Config {
            paths: Strings::One("x".into()),
            exclude: Strings::default(),
            base_dir: None,
            format,
            compression,
            level,
            follow_symlinks: false,
            one_file_system: false,
            allow_missing: Strings::default(),
            allow_empty: Strings::default(),
            allow_changed: Strings::default(),
        }
    }

    fn codes(config: &Config) -> Vec<String> {
        config
            .errors()
            .into_iter()
            .map(|error| error.code)
            .collect()
    }

    #[test]
    fn the_host_compresses_tar_and_never_zip() {
        for (format, compression, expected) in [
            (Format::Tar, None, None),
            (Format::Tar, Some(Compression::Store), Some("none")),
            (Format::Tar, Some(Compression::Zst), Some("zst")),
            (Format::Zip, None, Some("none")),
            (Format::Zip, Some(Compression::Deflate), Some("none")),
        ] {
            assert_eq!(
                config(format, compression, None).host_compression(),
                expected
            );
        }
    }

    #[test]
    fn compression_and_level_go_together() {
        for (format, compression, level, expected) in [
            (Format::Tar, Some(Compression::Gz), Some(9), ""),
            (
                Format::Tar,
                Some(Compression::Gz),
                Some(10),
                "level-invalid",
            ),
            (Format::Tar, Some(Compression::Xz), Some(0), ""),
            (Format::Tar, None, Some(3), "level-without-compression"),
            (
                Format::Tar,
                Some(Compression::Store),
                Some(3),
                "level-without-compression",
            ),
            (
                Format::Tar,
                Some(Compression::Deflate),
                None,
                "compression-mismatch",
            ),
            (
                Format::Zip,
                Some(Compression::Gz),
                None,
                "compression-mismatch",
            ),
            (Format::Zip, None, Some(1), ""),
            (Format::Zip, None, Some(0), "level-invalid"),
        ] {
            let found = codes(&config(format, compression, level));
            assert_eq!(
                found.join(" "),
                expected,
                "{format:?} {compression:?} {level:?}"
            );
        }
    }

    #[test]
    fn reports_every_error_at_once() {
        let mut config = config(Format::Tar, None, None);
        config.paths = Strings::Many(vec!["".into(), "../x".into()]);
        config.base_dir = Some(" ".into());
        assert_eq!(codes(&config), ["blank", "blank", "path-goes-up"]);
        config.paths = Strings::default();
        assert_eq!(codes(&config), ["blank", "paths-empty"]);
    }
}
