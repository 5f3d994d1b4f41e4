//! `strategy`

use std::time::Duration;

use serde_json::{Map, Value};

use super::Check;
use crate::config::explain::nearest;
use crate::config::model::{ArtifactSpec, Codec, Compression, Encryption, Secret, Strategy};
use crate::config::raw;
use crate::config::units::Span;

/// What may be written, and the strategy that it means.
const BUILT_IN: [(&str, &str); 7] = [
    ("database_dump", "database_dump"),
    ("postgres", "database_dump"),
    ("mysql", "database_dump"),
    ("mariadb", "database_dump"),
    ("file_archive", "file_archive"),
    ("filesystem", "file_archive"),
    ("custom", "custom"),
];

/// The built-in strategy that `name` means; case does not matter.
pub(super) fn built_in(name: &str) -> Option<&'static str> {
    let found = BUILT_IN
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, strategy)| *strategy)
}

impl Check<'_> {
    pub(super) fn strategy(&mut self) -> Option<Strategy> {
        let name = self.strategy_name();
        let artifact = self.artifact();
        let timeout: Option<Span> = self.read("/strategy/timeout");
        let timeout = timeout.map_or(Duration::from_secs(2 * 3600), |span| span.0);
        let config = self.given("/strategy/config").cloned();
        Some(Strategy {
            name: name?,
            timeout: (!timeout.is_zero()).then_some(timeout),
            artifact,
            config: config.unwrap_or_else(|| Value::Object(Map::new())),
        })
    }

    fn strategy_name(&mut self) -> Option<String> {
        let at = "/strategy/type";
        let written = self.given(at)?.as_str()?.trim().to_owned();
        let modules = self.module_names();
        let same = |name: &&String| name.eq_ignore_ascii_case(&written);
        let module = modules
            .iter()
            .find(|name| **name == written)
            .or(modules.iter().find(same));
        let found = built_in(&written).map(str::to_owned).or(module.cloned());
        if found.is_none() && !written.is_empty() {
            let shown = self
                .document
                .shown(at)
                .unwrap_or_else(|| "the value".to_owned());
            let known = BUILT_IN.iter().map(|(known, _)| *known);
            let write = match nearest(&written, known.chain(modules.iter().map(String::as_str))) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "write database_dump, file_archive, custom, or a name under `modules`"
                    .to_owned(),
            };
            self.problem(at, format!("{shown} is not the name of a strategy"), write);
        }
        found
    }

    fn artifact(&mut self) -> ArtifactSpec {
        let raw: raw::Artifact = self.read_or_default("/strategy/artifact");
        let codec = raw.compression.unwrap_or(Codec::None);
        if let Some(level) = raw.level {
            self.level(codec, level);
        }
        ArtifactSpec {
            filename: raw
                .filename
                .map_or_else(|| "backup.dat".to_owned(), |name| name.0),
            format: raw
                .format
                .map_or_else(|| "binary".to_owned(), |word| word.0),
            content_type: raw
                .content_type
                .map_or_else(|| "application/octet-stream".to_owned(), |mime| mime.0),
            compression: Compression {
                codec,
                level: raw.level,
            },
            encryption: raw.encryption.map(|encryption| self.encryption(encryption)),
            min_size: raw.min_size.map_or(1, |bytes| bytes.0),
        }
    }

    fn encryption(&mut self, raw: raw::Encryption) -> Encryption {
        let at = "/strategy/artifact/encryption/age";
        let keys = raw.age.recipients;
        let passphrase = self.is_given(at, "passphrase");
        if passphrase == keys.is_some() {
            self.key_problem(
                at,
                "either `recipients` or `passphrase` decides who can decrypt",
                "keep one of the two: `recipients: [age1…]` is better for machines",
            );
        }
        Encryption {
            recipients: keys
                .unwrap_or_default()
                .into_iter()
                .map(|key| key.0)
                .collect(),
            passphrase: passphrase
                .then(|| self.secret(at, "passphrase"))
                .flatten()
                .map(|(_, words)| Secret::new(words)),
            identity_file: raw
                .age
                .identity_file
                .map(|file| self.environment.absolute(file)),
        }
    }

    fn level(&mut self, codec: Codec, level: u32) {
        let at = "/strategy/artifact/level";
        match codec.levels() {
            None => self.key_problem(
                at,
                "there is no level without compression",
                "remove it, or write `compression: gz` (or bz2, xz, zst) beside it",
            ),
            Some(levels) if !levels.contains(&level) => self.problem(
                at,
                format!("`{level}` is not a level of this codec"),
                format!("write {} to {}", levels.start(), levels.end()),
            ),
            Some(_) => {}
        }
    }
}
