//! Strategies that sets name and the configuration does not: removed, or called otherwise now.

use std::collections::BTreeSet;

use crate::error::{Error, Kind};
use crate::service::context::Context;
use crate::store::Catalogue;

/// Says so of the sets in `catalogue`. What such a strategy has in the stores is in no list and under no retention.
pub(in crate::service) fn gone(context: &Context, catalogue: &Catalogue) -> Option<Error> {
    context.set()?;
    let members = context.members.iter();
    let configured: BTreeSet<&str> = members
        .filter_map(|one| one.config().member.as_deref())
        .collect();
    let sets = catalogue.backups.iter().filter(|backup| !backup.foreign);
    let named = sets.flat_map(|set| &set.manifest.members);
    let gone: BTreeSet<&str> = named
        .map(|member| member.strategy.as_str())
        .filter(|name| !configured.contains(name))
        .collect();
    if gone.is_empty() {
        return None;
    }
    let names = Vec::from_iter(gone).join(", ");
    let message = format!(
        "sets in the stores have members of strategies that are not configured any more: {names}"
    );
    Some(
        Error::new(Kind::Config, "strategies-gone", message)
            .hint("no list shows their backups and no retention deletes them: read them with the configuration that they were made with (--config), and remove their folders from the stores when no set names them"),
    )
}
