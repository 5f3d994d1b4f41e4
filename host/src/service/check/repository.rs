//! Whether the repository of a store opens, and what its index needs of memory.

use crate::config::StoreSpec;
use crate::error::{Kind, Result};
use crate::repository::{IndexMemory, index_memory, known_damage};
use crate::service::context::Context;
use crate::store::{RetryPolicy, Store};

/// Bytes that are called one.
const MIB: u64 = 1 << 20;
/// Stretches of about a mebibyte: a large repository.
const MANY: u64 = 1_000_000;

/// What an operator should know of it; none of a store without one.
pub(super) fn check(context: &Context, spec: &StoreSpec) -> Result<Option<String>> {
    if spec.repository().is_none() {
        return Ok(None);
    }
    let store = Store::open(spec, RetryPolicy::CHECK)?;
    let found = index_memory(&store, context.runtime()?.handle());
    let said = match found {
        Ok(memory) => {
            let damaged = context.runtime()?.block_on(known_damage(&store))?;
            let damage = match damaged.len() {
                0 => String::new(),
                count => format!(
                    "; {count} objects are known to be damaged: backups build on none of them, and nothing is pruned until they are gone (`.sidecar/repository-damaged.json` in the store names them)"
                ),
            };
            let many = IndexMemory::of(MANY);
            format!(
                "the repository's index of {} stretches takes {} MiB of memory while a backup is made, {} MiB while one is read; at 1 million (about 1 TiB) that is {} and {} MiB{damage}",
                memory.blobs,
                memory.backup.div_ceil(MIB),
                memory.restore.div_ceil(MIB),
                many.backup.div_ceil(MIB),
                many.restore.div_ceil(MIB),
            )
        }
        Err(error) if error.kind() == Kind::NotFound => {
            "there is no repository yet: the first backup makes it".to_owned()
        }
        Err(error) => return Err(error),
    };
    Ok(Some(said))
}
