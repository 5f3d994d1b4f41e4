//! The configured stores, opened to be read.

use crate::config::{Config, StoreSpec};
use crate::error::{Error, Kind, Result};
use crate::service::context::Context;
use crate::store::{RetryPolicy, Store};

/// A store's name, and the store itself or why it cannot be opened.
type OpenedStore = (String, Result<Store>);

/// All stores, or the one called `only`: each by itself, whatever becomes of the others.
pub(in crate::service) fn open_all(
    context: &Context,
    only: Option<&str>,
) -> Result<Vec<OpenedStore>> {
    let specs = match only {
        Some(name) => vec![configured(context.config(), name)?],
        None => context.config().stores.iter().collect(),
    };
    if specs.is_empty() {
        return Err(no_stores());
    }
    let (claimant, runtime) = (context.claimant(), context.runtime()?);
    let opened = specs.into_iter().map(|spec| {
        let opened = claimant.open_to_read(spec, RetryPolicy::RUN);
        (spec.name.clone(), runtime.block_on(opened))
    });
    Ok(opened.collect())
}

/// The store called `name`, to read bytes of it: whose they are was asked before.
pub(in crate::service) fn open(config: &Config, name: &str) -> Result<Store> {
    Store::open(configured(config, name)?, RetryPolicy::RUN)
}

/// What the configuration says of the store called `name`.
pub(in crate::service) fn configured<'c>(config: &'c Config, name: &str) -> Result<&'c StoreSpec> {
    let found = config.stores.iter().find(|spec| spec.name == name);
    found.ok_or_else(|| {
        Error::new(
            Kind::NotFound,
            "no-such-store",
            format!("no store is called {name}"),
        )
        .hint("the names are under `stores` in the configuration")
    })
}

pub(super) fn no_stores() -> Error {
    Error::new(Kind::NotFound, "no-stores", "no store is configured")
        .hint("add one under `stores`: backups stay in paths.artifacts until then")
}
