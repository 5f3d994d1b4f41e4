//! How things are called in a store.
//!
//! ```text
//! daily/backup_20231201_030000.dump                    <tier>/<stem>_<UTC time><extension>
//! daily/backup_20231201_030000.dump.manifest.json
//! .sidecar/…                                           leases, probes, what is not finished
//! ```

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::Tier;

/// Ends the key of every manifest.
const MANIFEST: &str = ".manifest.json";

/// Where a sidecar keeps what is no backup.
pub(super) const PRIVATE: &str = ".sidecar/";

/// An artifact of `filename` that was begun at `at`; the `again`th (from 1) of that second.
pub(super) fn artifact(tier: Tier, filename: &str, at: Timestamp, again: u32) -> String {
    let (stem, extension) = split(filename);
    let time = at.to_zoned(TimeZone::UTC).strftime("%Y%m%d_%H%M%S");
    let again = match again {
        0 | 1 => String::new(),
        again => format!("_{again}"),
    };
    format!("{}{stem}_{time}{again}{extension}", folder(tier))
}

/// `daily/`
pub(super) fn folder(tier: Tier) -> String {
    format!("{tier}/")
}

/// The manifest of an artifact.
pub(super) fn manifest(artifact: &str) -> String {
    format!("{artifact}{MANIFEST}")
}

/// The artifact of a manifest; none if it is something else.
pub(super) fn artifact_of(manifest: &str) -> Option<&str> {
    manifest.strip_suffix(MANIFEST)
}

/// The same backup in another tier.
pub(super) fn moved(artifact: &str, to: Tier) -> String {
    let name = artifact.rsplit('/').next().unwrap_or(artifact);
    format!("{}{name}", folder(to))
}

/// `backup.sql.gz` is `backup` and `.sql.gz`. What is long, or has no letter, is no extension:
/// `app-1.2.dump` is `app-1.2` and `.dump`.
fn split(filename: &str) -> (&str, &str) {
    let mut end = filename.len();
    for _ in 0..3 {
        match filename[..end].rfind('.') {
            Some(dot) if dot > 0 && is_extension(&filename[dot + 1..end]) => end = dot,
            _ => break,
        }
    }
    filename.split_at(end)
}

fn is_extension(text: &str) -> bool {
    (1..=8).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_carry_the_time() {
        let at: Timestamp = "2023-12-01T04:00:00.9+01:00".parse().expect("a time");
        let key = artifact(Tier::Daily, "backup.dump", at, 1);
        assert_eq!(key, "daily/backup_20231201_030000.dump");
        assert_eq!(
            manifest(&key),
            "daily/backup_20231201_030000.dump.manifest.json"
        );
        assert_eq!(artifact_of(&manifest(&key)), Some(key.as_str()));
        assert_eq!(artifact_of(&key), None);
        assert_eq!(
            moved(&key, Tier::Monthly),
            "monthly/backup_20231201_030000.dump"
        );
        let second = artifact(Tier::Daily, "backup.sql.gz", at, 2);
        assert_eq!(second, "daily/backup_20231201_030000_2.sql.gz");
    }

    #[test]
    fn extensions_are_short_words() {
        for (name, stem) in [
            ("backup.dump", "backup"),
            ("backup.sql.gz", "backup"),
            ("backup.tar.zst.age", "backup"),
            ("app-1.2.dump", "app-1.2"),
            ("backup", "backup"),
            (".pgpass", ".pgpass"),
            ("backup.", "backup."),
            ("árbol.sql", "árbol"),
            ("a.very_long_thing.7z", "a.very_long_thing"),
        ] {
            assert_eq!(split(name).0, stem, "{name}");
        }
    }
}
