//! `stores[].repository`: a store whose backups share their bytes, in restic's format.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::codec::Codec;
use super::cron::{self, RawCron};
use super::duration::RawDuration;
use super::encryption::RawRecipient;
use super::secret::{self, Secret};
use super::section_reader::SectionReader;
use super::size::RawSize;
use super::stores::StoreSpec;
use super::strategy::Strategy;

/// How backups lie in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "Layout")]
pub(super) enum RawLayout {
    /// Each is an object of its own, as the orchestrator would get it.
    #[default]
    Artifacts,
    /// All share what they have in common, in a repository that restic reads.
    Repository,
}

/// A repository that restic reads. It compresses and encrypts by itself.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Repository")]
#[expect(
    dead_code,
    reason = "the password is read key by key, so that one message serves all secrets"
)]
pub(super) struct RawRepository {
    /// Opens the repository, here and with restic. Either this or `password_file` is required.
    #[schemars(extend("writeOnly" = true, "examples" = ["${REPOSITORY_PASSWORD}"]))]
    password: Option<String>,
    /// A file with the password.
    #[schemars(length(min = 1), extend("examples" = ["/run/secrets/repository"]))]
    password_file: Option<String>,
    /// Public keys of age: the holder of any of them can read the password in `repository.key.age`.
    #[schemars(length(min = 1), extend("examples" = [["age1…"]]))]
    pub(super) recipients: Option<Vec<RawRecipient>>,
    /// Bytes of an object, about. It is set when the repository is made.
    #[schemars(extend("default" = "8MiB"))]
    pub(super) pack_size: Option<RawSize>,
    /// How hard it compresses (zst). It is set when the repository is made.
    #[schemars(range(min = 1, max = 22), extend("default" = 3))]
    pub(super) level: Option<i32>,
    /// How much of it `verify --all` reads in a week: all of it in as many weeks as that takes.
    #[schemars(extend("pattern" = "^([1-9][0-9]?|100)%$", "default" = "25%", "examples" = ["25%"]))]
    pub(super) verify_share: Option<String>,
    pub(super) prune: Option<RawRepositoryPrune>,
}

/// How bytes that no backup needs any more are removed.
#[derive(Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RepositoryPrune")]
pub(super) struct RawRepositoryPrune {
    /// Five fields, in UTC: the first run that ends after such a time does it.
    #[schemars(extend("default" = "0 4 * * 6"))]
    pub(super) cron: Option<RawCron>,
    /// How much of the repository may be bytes that no backup needs: rewriting objects costs traffic.
    #[schemars(extend("pattern" = "^[0-9]{1,2}%$", "default" = "5%", "examples" = ["5%"]))]
    pub(super) max_unused: Option<String>,
    /// For how long they stay after they were found to be unused. No backup may take longer.
    #[schemars(extend("default" = "23h"))]
    pub(super) keep_deleted: Option<RawDuration>,
}

/// How backups lie in a store.
#[derive(Debug, Clone)]
pub enum Layout {
    /// Each is an object of its own.
    Artifacts,
    /// All share what they have in common.
    Repository(Box<RepositorySpec>),
}

/// `stores[].repository`
#[derive(Debug, Clone)]
pub struct RepositorySpec {
    /// Opens it.
    pub password: Secret,
    /// Public keys of age that the password is written down for.
    pub recipients: Vec<String>,
    /// Bytes of an object, about.
    pub pack_size: u64,
    /// How hard it compresses.
    pub level: i32,
    /// Of the repository that is read again in a week, in per cent.
    pub verify_share: u8,
    /// When unused bytes are removed: five fields, in UTC.
    pub prune_cron: String,
    /// Of the repository that may be unused, in per cent.
    pub max_unused: u8,
    /// For how long unused bytes stay.
    pub keep_deleted: Duration,
}

/// A pack is held in memory while it is made; restic's own bounds are narrower than ours have to be.
const PACK_SIZES: std::ops::RangeInclusive<u64> = 1 << 20..=128 << 20;

/// The layout of the store at `at`.
pub(super) fn read(reader: &mut SectionReader<'_>, at: &str) -> Layout {
    let layout: RawLayout = reader.read_or_default(&format!("{at}/layout"));
    let section = format!("{at}/repository");
    let given = reader.given(&section).is_some();
    match layout {
        RawLayout::Artifacts => {
            if given {
                let wrong = "`repository` has no effect without `layout: repository`";
                reader.key_problem(&section, wrong, "add `layout: repository`, or remove it");
            }
            Layout::Artifacts
        }
        RawLayout::Repository => match read_section(reader, at, &section) {
            Some(spec) => Layout::Repository(Box::new(spec)),
            None => Layout::Artifacts,
        },
    }
}

fn read_section(reader: &mut SectionReader<'_>, at: &str, section: &str) -> Option<RepositorySpec> {
    let is_given = secret::is_given(reader, section, "password");
    if !is_given {
        let whole = reader.given(section).is_some();
        reader.key_problem(
            if whole { section } else { at },
            "a repository needs `repository.password` or `repository.password_file`",
            "add `repository: {password_file: /run/secrets/repository}`: restic opens it with the same password",
        );
        return None;
    }
    let password = secret::read(reader, section, "password");
    let raw: RawRepository = reader.read(section)?;
    let prune = raw.prune.unwrap_or_default();
    if let Some(cron) = &prune.cron {
        cron::check(reader, &format!("{section}/prune"), cron);
    }
    let pack_size = raw.pack_size.map_or(8 << 20, |size| size.0);
    if !PACK_SIZES.contains(&pack_size) {
        let wrong = "an object of a repository has from 1MiB to 128MiB";
        reader.problem(
            &format!("{section}/pack_size"),
            wrong,
            "write for example `8MiB`",
        );
    }
    let percent = |given: Option<&str>, default: u8| {
        let given = given.and_then(|given| given.trim_end_matches('%').parse().ok());
        given.unwrap_or(default)
    };
    Some(RepositorySpec {
        password: password?.1,
        recipients: raw
            .recipients
            .into_iter()
            .flatten()
            .map(|key| key.0)
            .collect(),
        pack_size,
        level: raw.level.unwrap_or(3),
        verify_share: percent(raw.verify_share.as_deref(), 25),
        prune_cron: prune
            .cron
            .map_or_else(|| "0 4 * * 6".to_owned(), |cron| cron.0),
        max_unused: percent(prune.max_unused.as_deref(), 5),
        keep_deleted: prune
            .keep_deleted
            .map_or(Duration::from_secs(23 * 3600), |span| span.0),
    })
}

/// What the strategy does must leave the bytes as they are: only then does a repository find them again.
pub(super) fn check(reader: &mut SectionReader<'_>, stores: &[StoreSpec], strategy: &Strategy) {
    let mut repositories = stores.iter().filter_map(|store| {
        let repository = store.repository()?;
        Some((store.name.as_str(), repository))
    });
    let Some((name, first)) = repositories.next() else {
        return;
    };
    let shortest = repositories.map(|(_, one)| one.keep_deleted);
    let shortest = shortest.fold(first.keep_deleted, Duration::min);
    if strategy.artifact.compression.codec != Codec::None {
        reader.problem(
            "/strategy/artifact/compression",
            format!("store `{name}` is a repository, which compresses by itself: what was compressed before is found again by nothing"),
            "remove it",
        );
    }
    if strategy.artifact.encryption.is_some() {
        reader.key_problem(
            "/strategy/artifact/encryption",
            format!("store `{name}` is a repository: it is encrypted with a key that reads as well as it writes, and finds nothing again in what was encrypted before"),
            "remove it; `repository.recipients` are the public keys that the repository's password is written down for",
        );
    }
    let said = |key: &str| strategy.config.get(key).and_then(serde_json::Value::as_str);
    if strategy.name == "file_archive" {
        if said("format") == Some("zip") {
            let wrong = format!("store `{name}` is a repository: in a zip it finds nothing again");
            reader.problem("/strategy/config/format", wrong, "write `tar`");
        }
        if said("compression").is_some_and(|codec| !["none", "store"].contains(&codec)) {
            let wrong = format!("store `{name}` is a repository, which compresses by itself");
            reader.problem("/strategy/config/compression", wrong, "remove it");
        }
    }
    if strategy
        .timeout
        .is_some_and(|timeout| shortest < 2 * timeout)
    {
        let wrong = "`repository.prune.keep_deleted` must be at least twice as long: a backup may use bytes that were found to be unused while it runs";
        let write = "shorten it, or lengthen `keep_deleted`";
        reader.problem("/strategy/timeout", wrong, write);
    }
}
