//! A backup into a file.

use std::path::Path;

use super::list::readable_copies;
use super::stored_bytes::StoredBytes;
use super::stores::{no_stores, open};
use super::verdicts;
use crate::error::Result;
use crate::service::context::Context;
use crate::store::StoredBackup;

/// Brings a backup into a file that appears only when it is whole and unaltered. After a store that
/// fails comes the next one that has it.
pub(in crate::service) fn fetch(
    context: &Context,
    which: &str,
    to: &Path,
    accept: &[String],
) -> Result<StoredBackup> {
    let mut failed = None;
    for copy in readable_copies(context, which, accept)? {
        let store = open(context.config(), &copy.store)?;
        let bytes = StoredBytes::open(context, &store, &copy);
        let fetched = context.runtime()?.block_on(async {
            let fetched = async { store.fetch(&copy, bytes?.read_all().await?, to).await };
            let fetched = fetched.await;
            verdicts::record(&store, &copy, &fetched).await;
            fetched
        });
        match fetched {
            Ok(()) => return Ok(copy),
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
