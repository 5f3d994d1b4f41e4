//! What objects are called in a store.
//!
//! ```text
//! daily/backup_20231201_030000.dump                    <tier>/<stem>_<UTC time><extension>
//! daily/backup_20231201_030000.dump.manifest.json
//! repository/…                                         bytes that backups share: the layout is restic's
//! .sidecar/verdicts/daily/backup_20231201_030000.dump.json   what is known of its bytes
//! .sidecar/…                                           leases, probes, what is not finished
//! ```

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::config::Tier;

/// Ends the key of every manifest.
const MANIFEST: &str = ".manifest.json";

/// Characters of a time in a key.
const TIME: usize = "20231201_030000".len();

/// Where a sidecar keeps what is no backup.
pub(super) const PRIVATE: &str = ".sidecar/";

/// An artifact of `filename` that was begun at `at`; the `again`th (from 1) of that second.
pub(super) fn artifact(tier: Tier, filename: &str, at: Timestamp, again: u32) -> String {
    let (stem, extension) = split(filename);
    let time = time_in_key(at);
    let again = match again {
        0 | 1 => String::new(),
        again => format!("_{again}"),
    };
    format!("{}{stem}_{time}{again}{extension}", folder(tier))
}

/// Below here lies the repository of a store that has one.
pub const REPOSITORY: &str = "repository/";

/// The snapshots of a repository.
pub(super) fn snapshots() -> String {
    format!("{REPOSITORY}snapshots/")
}

/// The key with the store's prefix, which may be empty.
pub(super) fn prefixed(prefix: &str, key: &str) -> String {
    match prefix {
        "" => key.to_owned(),
        prefix => format!("{prefix}/{key}"),
    }
}

/// Below here lie uploads to a folder that are not complete.
pub(super) fn partial() -> String {
    format!("{PRIVATE}partial")
}

/// The lease called `name`.
pub(super) fn lease(name: &str) -> String {
    format!("{PRIVATE}lease-{name}.json")
}

/// `daily/`
pub(super) fn folder(tier: Tier) -> String {
    format!("{tier}/")
}

/// The manifest of an artifact.
pub(super) fn manifest(artifact: &str) -> String {
    format!("{artifact}{MANIFEST}")
}

/// Whether an artifact may be called that: a lease that another program wrote may note anything.
pub(super) fn is_in_a_tier(key: &str) -> bool {
    key.split_once('/').is_some_and(|(first, name)| {
        let is_tier = Tier::ALL
            .iter()
            .any(|tier| folder(*tier) == format!("{first}/"));
        is_tier && !name.is_empty() && !name.contains('/') && artifact_of(name).is_none()
    })
}

/// What is known of the bytes of an artifact.
pub(super) fn verdict(artifact: &str) -> String {
    format!("{PRIVATE}verdicts/{artifact}.json")
}

/// What is known of the artifacts of a tier.
pub(super) fn verdicts(tier: Tier) -> String {
    format!("{PRIVATE}verdicts/{}", folder(tier))
}

/// The artifact of a manifest; none if it is something else.
pub(super) fn artifact_of(manifest: &str) -> Option<&str> {
    manifest.strip_suffix(MANIFEST)
}

/// The part of a key that every backup of a file has, and the part that is its time and so sorts as it
/// does: `backup` and `20231201_030000`.
pub fn stem_and_time(key: &str) -> (&str, &str) {
    let name = key.rsplit('/').next().unwrap_or(key);
    let is_time = |text: &str| {
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        text.as_bytes()[8] == b'_' && digits(&text[..8]) && digits(&text[9..])
    };
    let ends_word = |at: usize| {
        name[at..]
            .chars()
            .next()
            .is_none_or(|next| "_.".contains(next))
    };
    let mut starts = name.match_indices('_').rev().map(|(at, _)| at);
    let found = starts.find_map(|at| {
        let time = name.get(at + 1..at + 1 + TIME)?;
        (time.is_ascii() && is_time(time) && ends_word(at + 1 + TIME))
            .then_some((&name[..at], time))
    });
    found.unwrap_or((name, ""))
}

/// Whether an artifact may be called that: it has a time in its name.
pub(super) fn is_dated(key: &str) -> bool {
    !stem_and_time(key).1.is_empty()
}

/// Whether an artifact of `filename` that was begun at `at` may have this key.
pub fn is_dated_at(key: &str, filename: &str, at: Timestamp) -> bool {
    stem_and_time(key) == (stem(filename), time_in_key(at).as_str())
}

fn time_in_key(at: Timestamp) -> String {
    let time = at.to_zoned(TimeZone::UTC);
    time.strftime("%Y%m%d_%H%M%S").to_string()
}

/// What the names of all artifacts of `filename` begin with.
pub fn stem(filename: &str) -> &str {
    split(filename).0
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
        assert!(is_in_a_tier(&key));
        for other in ["daily/", "x/a", "daily/../a", "/daily/a", &manifest(&key)] {
            assert!(!is_in_a_tier(other), "{other}");
        }
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

    #[test]
    fn a_key_says_what_and_when() {
        for (key, parts) in [
            (
                "daily/backup_20231201_030000.dump",
                ("backup", "20231201_030000"),
            ),
            (
                "daily/b_x_20231201_030000_2.sql.gz.manifest.json",
                ("b_x", "20231201_030000"),
            ),
            ("daily/b_20231201_030000", ("b", "20231201_030000")),
            ("daily/other.json", ("other.json", "")),
            (
                "daily/é_2023120é_030000.json",
                ("é_2023120é_030000.json", ""),
            ),
        ] {
            assert_eq!(stem_and_time(key), parts);
        }
    }
}
