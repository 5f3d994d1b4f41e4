//! Which of several strategies a backup is of.

use super::found::is_archive;
use super::whole::list;
use crate::config::SETS;
use crate::error::Result;
use crate::history::RunKind;
use crate::service::context::Context;
use crate::service::folders;
use crate::store::Which;

/// The member that holds the backup `which`; none: it is the set's, or there is one strategy alone. What was made here
/// stands in the journal: no store is asked about it.
pub(in crate::service) fn holding(context: &Context, which: &str) -> Result<Option<String>> {
    let wanted = Which::from(which);
    if context.members.is_empty() || wanted == Which::Latest || is_archive(which) {
        return Ok(None);
    }
    let has_journal = folders::shared_folder(&context.config().paths).is_dir();
    let run = has_journal.then(|| context.history().get(which)).flatten();
    let made = run.filter(|run| run.kind == RunKind::Backup);
    let is_configured = |name: &String| {
        let mut members = context.members.iter();
        members.any(|one| one.config().member.as_ref() == Some(name))
    };
    match made {
        Some(made) if made.member.as_ref().is_some_and(is_configured) => Ok(made.member),
        // A run of the time when there was one strategy bears no set's id.
        Some(made) if made.member.is_none() && made.set_id.is_some() => Ok(None),
        made if context.config().stores.is_empty() => Ok(made.and_then(|made| made.member)),
        _ => {
            let all = list(context, None)?;
            let strategy = all.find(&wanted)?.strategy.clone();
            Ok(strategy.filter(|name| name != SETS))
        }
    }
}
