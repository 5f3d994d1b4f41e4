//! Reads a set again, with all that it names.

use super::choice::configured;
use super::whole::{catalogue as list_all, incomplete, missing};
use crate::error::{Error, Result};
use crate::service::catalogue::{self, Verified, VerifyProgress};
use crate::service::context::Context;
use crate::service::restore;
use crate::service::runs::request::Order;

/// Fails if a set names what is not there: each by itself is good all the same.
pub(in crate::service) fn require_whole(
    context: &Context,
    accept: &[String],
    progress: &VerifyProgress<'_>,
) -> Result<()> {
    if context.set().is_none() {
        return Ok(());
    }
    if context.config().stores.is_empty() {
        return verify(context, "latest", accept, progress).map(drop);
    }
    let mut incomplete = incomplete(context, &list_all(context, None)?).into_iter();
    incomplete.next().map_or(Ok(()), |one| Err(one.into()))
}

/// Compares the set `which`, and every copy of its members, with their manifests.
pub(in crate::service) fn verify(
    context: &Context,
    which: &str,
    accept: &[String],
    progress: &VerifyProgress<'_>,
) -> Result<Vec<Verified>> {
    let order = Order {
        accept: accept.to_vec(),
        ..Order::all_of(which)
    };
    let set = restore::find(context, &order)?.manifest;
    let mut verified = catalogue::verify(context, &set.id, accept, progress)?;
    let mut unknown = None;
    for member in &set.members {
        match configured(context, &member.strategy) {
            Ok(of) => {
                let read = catalogue::verify(of, &member.id, accept, progress);
                verified.extend(read.map_err(|error| missing(context, &set.id, member, error))?);
            }
            // Those that remain are read nevertheless: damage is worse news.
            Err(error) => drop(unknown.get_or_insert(error)),
        }
    }
    match unknown {
        None => Ok(verified),
        Some(error) => {
            let message = format!("{}; what else the set names is unaltered", error.message());
            Err(Error::new(error.kind(), error.code().to_owned(), message)
                .hint("verify it with the configuration that it was made with (--config)"))
        }
    }
}
