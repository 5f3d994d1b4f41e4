//! What of a set can be selected for a restore: its members, and the parts of each.

use super::choice::configured;
use crate::artifact::manifest::Manifest;
use crate::artifact::set::SetMember;
use crate::error::Result;
use crate::service::context::Context;
use crate::service::restore::{self, RestoreOffer};
use crate::service::runs::request::Order;

/// Each member of the set with this manifest. One that is not there, or configured no more, says so.
pub(in crate::service) fn offers(context: &Context, set: &Manifest) -> Vec<RestoreOffer> {
    let members = set.members.iter();
    let each = members.map(|one| RestoreOffer::of_member(&one.strategy, of_member(context, one)));
    each.collect()
}

fn of_member(context: &Context, member: &SetMember) -> Result<RestoreOffer> {
    let context = configured(context, &member.strategy)?;
    let found = restore::find(context, &Order::all_of(&member.id))?;
    RestoreOffer::of(context, &found.manifest)
}
