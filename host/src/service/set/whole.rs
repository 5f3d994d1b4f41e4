//! Whether what a set names is there.

use std::collections::HashSet;

use crate::artifact::manifest::Manifest;
use crate::artifact::set::SetMember;
use crate::config::SETS;
use crate::error::{Error, Kind, Result};
use crate::service::catalogue;
use crate::service::context::Context;
use crate::store::{Catalogue, DamageExtent, DamagedBackup, StoredBackup};

/// All backups of every strategy, in all stores or in the one called `only`; newest first. A set that is not whole
/// counts as damaged.
pub(in crate::service) fn catalogue(context: &Context, only: Option<&str>) -> Result<Catalogue> {
    let mut catalogue = list(context, only)?;
    if only.is_none() {
        let incomplete = incomplete(context, &catalogue);
        catalogue.damaged.extend(incomplete);
    }
    Ok(catalogue)
}

/// The sets in `all`, which is what the stores hold of every strategy, of which no store has a member. Where it is not
/// known what a store holds, none is called so. A member that is configured no more is not looked for.
pub(in crate::service) fn incomplete(context: &Context, all: &Catalogue) -> Vec<DamagedBackup> {
    let is_unknown = |one: &DamagedBackup| one.extent != DamageExtent::Backup;
    match all.damaged.iter().any(is_unknown) {
        true => Vec::new(),
        false => incomplete_among(context, &all.backups.iter().collect::<Vec<_>>()),
    }
}

/// The same of these backups, newest first, which are all that there are.
pub(in crate::service) fn incomplete_among(
    context: &Context,
    all: &[&StoredBackup],
) -> Vec<DamagedBackup> {
    if context.set().is_none() {
        return Vec::new();
    }
    let held = Held::of(all.iter().copied());
    let newest = newest_whole(context, all);
    let lost = sets(all).filter_map(|set| {
        let lost = held.lost_member(context, &set.manifest)?;
        Some(DamagedBackup {
            store: set.store.clone(),
            key: set.key.clone(),
            extent: DamageExtent::Backup,
            error: member_missing(context, &set.manifest.id, lost, newest),
        })
    });
    lost.collect()
}

/// Tells of a set whether there is a good copy of each member that it names among `all`, which are of every strategy.
pub(in crate::service) fn is_whole<'c>(
    context: &'c Context,
    all: impl Iterator<Item = &'c StoredBackup>,
) -> impl Fn(&Manifest) -> bool {
    let held = Held::of(all.filter(|backup| backup.health.is_good()));
    move |set| held.lost_member(context, set).is_none()
}

/// What a restore or `verify` says of a member that a set names and no place holds.
pub(super) fn missing(context: &Context, set: &str, member: &SetMember, error: Error) -> Error {
    if error.kind() != Kind::NotFound {
        return error;
    }
    let all = match context.config().stores.is_empty() {
        true => Ok(Catalogue::default()),
        false => list(context, None),
    };
    let whole = all.ok();
    let backups = whole
        .as_ref()
        .map(|all| all.backups.iter().collect::<Vec<_>>());
    let whole = backups.as_ref().and_then(|all| newest_whole(context, all));
    member_missing(context, set, member, whole).caused_by(error)
}

/// What the stores, or the one called `only`, hold of every strategy.
pub(super) fn list(context: &Context, only: Option<&str>) -> Result<Catalogue> {
    let mut all = catalogue::list(context, only)?;
    for member in &context.members {
        let mut stores = member.config().stores.iter();
        if stores.any(|store| only.is_none_or(|only| store.name == only)) {
            all.add(catalogue::list(member, only)?);
        }
    }
    Ok(all)
}

fn sets<'c>(all: &[&'c StoredBackup]) -> impl Iterator<Item = &'c StoredBackup> {
    let own = all.iter().copied().filter(|backup| !backup.foreign);
    own.filter(|one| one.strategy.as_deref() == Some(SETS))
}

/// The newest set that is good, with all its members.
fn newest_whole<'c>(context: &Context, all: &[&'c StoredBackup]) -> Option<&'c Manifest> {
    let held = Held::of(all.iter().copied().filter(|backup| backup.health.is_good()));
    let mut good = sets(all).filter(|set| set.health.is_good());
    let whole = good.find(|set| held.lost_member(context, &set.manifest).is_none());
    whole.map(|set| &set.manifest)
}

/// The strategy and the id of each backup of which there is a copy.
struct Held<'c>(HashSet<(&'c str, &'c str)>);

impl<'c> Held<'c> {
    fn of(copies: impl IntoIterator<Item = &'c StoredBackup>) -> Self {
        let named = copies
            .into_iter()
            .filter_map(|one| Some((one.strategy.as_deref()?, &*one.manifest.id)));
        Self(named.collect())
    }

    /// The first member of a set of which there is no copy.
    fn lost_member<'m>(&self, context: &Context, set: &'m Manifest) -> Option<&'m SetMember> {
        let is_configured = |member: &&SetMember| {
            let mut members = context.members.iter();
            members.any(|one| one.config().member.as_ref() == Some(&member.strategy))
        };
        let mut members = set.members.iter().filter(is_configured);
        members.find(|member| !self.0.contains(&(&*member.strategy, &*member.id)))
    }
}

fn member_missing(
    context: &Context,
    set: &str,
    member: &SetMember,
    whole: Option<&Manifest>,
) -> Error {
    let SetMember { strategy, id, .. } = member;
    let place = match context.config().stores.is_empty() {
        true => "is no longer what was published last",
        false => "is in no store",
    };
    let message = format!("the set {set} is not whole: its member {strategy}, {id}, {place}");
    let hint = match whole {
        Some(whole) => format!(
            "the newest whole set is {} of {:.0}: name it; or restore the members that are left (--only)",
            whole.id, whole.started_at
        ),
        None => "no whole set is known: make a new one now (`sidecar backup`); the members that are left can be restored (--only)".to_owned(),
    };
    Error::new(Kind::Verification, "member-missing", message).hint(hint)
}
