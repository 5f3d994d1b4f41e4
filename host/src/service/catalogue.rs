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
        let wanted = catalogue.find(&parsed(which))?.manifest.id.clone();
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
            Some(which) => Some(catalogue.find(&parsed(which))?.manifest.id.clone()),
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

fn parsed(which: &str) -> Which {
    match which.parse() {
        Ok(which) => which,
        Err(never) => match never {},
    }
}

pub(super) fn no_stores() -> Error {
    Error::new(Kind::NotFound, "no-stores", "no store is configured")
        .hint("add one under `stores`: backups stay in paths.artifacts until then")
}
