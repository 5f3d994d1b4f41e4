//! What the stores hold, and getting it back.

use std::path::Path;

use super::Service;
use crate::error::{Error, Kind, Result};
use crate::store::{Backup, Catalogue, Patience, Store, Which};

impl Service {
    /// All backups of all stores, or of the one called `only`; newest first.
    pub fn catalogue(&self, only: Option<&str>) -> Result<Catalogue> {
        let mut all = Catalogue::default();
        for store in self.stores(only)? {
            all.add(self.runtime()?.block_on(store.catalogue())?);
        }
        Ok(all)
    }

    /// Every copy of a backup, in the order in which they are best taken.
    pub fn copies(&self, which: &str) -> Result<Vec<Backup>> {
        let catalogue = self.catalogue(None)?;
        let wanted = undamaged(&catalogue, which)?.manifest.id.clone();
        let mut copies = catalogue.backups;
        copies.retain(|copy| copy.manifest.id == wanted);
        Ok(copies)
    }

    /// Brings a backup into a file that appears only when it is whole and unaltered. A store that
    /// fails is followed by the next one that has it.
    pub fn fetch(&self, which: &str, to: &Path) -> Result<Backup> {
        let mut failed = None;
        for copy in &self.copies(which)? {
            let fetched = self
                .stores(Some(&copy.store))?
                .iter()
                .try_for_each(|store| self.runtime()?.block_on(store.fetch(copy, to)));
            match fetched {
                Ok(()) => return Ok(copy.clone()),
                Err(error) => {
                    tracing::warn!(
                        store = copy.store,
                        key = copy.key,
                        "this copy cannot be used: {error}"
                    );
                    failed.get_or_insert(error);
                }
            }
        }
        Err(failed.unwrap_or_else(no_stores))
    }

    /// Reads backups again, and compares them with their manifests: every copy in every store.
    /// Returns those that are good; the first that is not is the error, after all were read.
    pub fn verify_stored(&self, which: Option<&str>) -> Result<Vec<Backup>> {
        let catalogue = self.catalogue(None)?;
        let id = match which {
            Some(which) => Some(undamaged(&catalogue, which)?.manifest.id.clone()),
            None => None,
        };
        let mut failed = catalogue
            .damaged
            .into_iter()
            .map(|damaged| damaged.error)
            .next();
        let mut good = Vec::new();
        for copy in catalogue.backups {
            if id.as_ref().is_some_and(|id| *id != copy.manifest.id) {
                continue;
            }
            let read = self
                .stores(Some(&copy.store))?
                .iter()
                .try_for_each(|store| self.runtime()?.block_on(store.verify(&copy)));
            match read {
                Ok(()) => good.push(copy),
                Err(error) => {
                    failed.get_or_insert(error);
                }
            }
        }
        match failed {
            Some(error) => Err(error),
            None => Ok(good),
        }
    }

    pub(super) fn stores(&self, only: Option<&str>) -> Result<Vec<Store>> {
        let specs = self.config().stores.iter();
        let stores: Vec<Store> = specs
            .filter(|spec| only.is_none_or(|name| spec.name == name))
            .map(|spec| Store::open(spec, Patience::RUN))
            .collect::<Result<_>>()?;
        match (stores.is_empty(), only) {
            (true, Some(name)) => Err(Error::new(
                Kind::NotFound,
                "no-such-store",
                format!("no store is called {name}"),
            )
            .hint("the names are under `stores` in the configuration")),
            (true, None) => Err(no_stores()),
            _ => Ok(stores),
        }
    }
}

/// The backup that is meant; an error of verification where that may be a damaged one. To take an
/// older one instead is the operator's decision.
pub(super) fn undamaged<'c>(catalogue: &'c Catalogue, which: &str) -> Result<&'c Backup> {
    let Ok(wanted) = which.parse::<Which>();
    let found = catalogue.find(&wanted);
    let (damaged, unfinished) = (&catalogue.damaged, &catalogue.unfinished);
    let doubtful = match &found {
        Ok(newest) if wanted == Which::Latest => {
            let newest = named_at(&newest.key);
            damaged
                .iter()
                .find(|damaged| named_at(&damaged.key) > newest)
        }
        Ok(_) => None,
        Err(error) if error.kind() != Kind::NotFound => None,
        Err(_) => damaged.iter().chain(unfinished).next(),
    };
    match doubtful {
        Some(damaged) => Err(Error::new(
            Kind::Verification,
            damaged.error.code().to_owned(),
            format!(
                "{} in store {}: {}",
                damaged.key, damaged.store, damaged.error
            ),
        )
        .hint("`sidecar list` shows which are good: name one of those by its id")),
        None => found,
    }
}

pub(super) fn no_stores() -> Error {
    Error::new(Kind::NotFound, "no-stores", "no store is configured")
        .hint("add one under `stores`: backups stay in paths.artifacts until then")
}

/// The part of a key that is its time, and so sorts as it does: `20231201_030000`.
fn named_at(key: &str) -> String {
    let digits = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let words: Vec<&str> = key.split(['_', '.', '/']).collect();
    let mut times = words
        .windows(2)
        .filter(|pair| digits(pair[0], 8) && digits(pair[1], 6));
    times
        .next_back()
        .map(|pair| format!("{}_{}", pair[0], pair[1]))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_when() {
        for (key, time) in [
            ("daily/backup_20231201_030000.dump", "20231201_030000"),
            (
                "daily/b_20231201_030000_2.sql.gz.manifest.json",
                "20231201_030000",
            ),
            ("daily/other.json", ""),
        ] {
            assert_eq!(named_at(key), time);
        }
    }
}
