//! `strategy.config` of `file_archive`, and the checks that its schema cannot make.

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::{Failure, Strings};

use crate::path::goes_up;

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
    /// Archive what symbolic links lead to instead of the links.
    #[serde(default)]
    pub follow_symlinks: bool,
    /// Leave out what is mounted below the paths.
    #[serde(default)]
    pub one_file_system: bool,
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
    /// What the host is to do with the bytes: a word of the plan, or the operator's own choice.
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
            // A mistake, which `mistakes` tells.
            Compression::Deflate => None,
        }
    }

    /// Every mistake that the schema cannot tell.
    pub(crate) fn mistakes(&self) -> Vec<Failure> {
        let keys = self
            .paths
            .blank("paths")
            .chain(self.exclude.blank("exclude"));
        let mut mistakes: Vec<Failure> = keys.map(|key| blank(&key)).collect();
        if self
            .base_dir
            .as_ref()
            .is_some_and(|directory| directory.trim().is_empty())
        {
            mistakes.push(blank("base_dir"));
        }
        if self.paths.as_slice().is_empty() {
            mistakes.push(
                Failure::new("paths-empty", "strategy.config.paths names nothing")
                    .hint("write at least one path or pattern"),
            );
        }
        let base = self.base_dir.iter().map(|path| ("base_dir", path));
        let paths = self.paths.as_slice().iter().map(|path| ("paths", path));
        let exclude = self.exclude.as_slice().iter().map(|path| ("exclude", path));
        for (key, path) in base
            .chain(paths)
            .chain(exclude)
            .filter(|(_, path)| goes_up(path))
        {
            let message = format!("strategy.config.{key}: {path} goes up with ..");
            mistakes.push(Failure::new("path-goes-up", message).hint("write the absolute path"));
        }
        mistakes.extend(self.compression_mistake());
        mistakes
    }

    fn compression_mistake(&self) -> Option<Failure> {
        let (possible, wrong) = match self.format {
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
        if wrong {
            let message = format!(
                "strategy.config.compression does not go with format {}",
                self.format.word()
            );
            return Some(
                Failure::new("compression-mismatch", message).hint(format!("write {possible}")),
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
    fn word(self) -> &'static str {
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
#[allow(clippy::unwrap_used)]
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
        }
    }

    fn codes(config: &Config) -> Vec<String> {
        config
            .mistakes()
            .into_iter()
            .map(|mistake| mistake.code)
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
    fn tells_every_mistake_at_once() {
        let mut config = config(Format::Tar, None, None);
        config.paths = Strings::Many(vec!["".into(), "../x".into()]);
        config.base_dir = Some(" ".into());
        assert_eq!(codes(&config), ["blank", "blank", "path-goes-up"]);
        config.paths = Strings::default();
        assert_eq!(codes(&config), ["blank", "paths-empty"]);
    }
}
