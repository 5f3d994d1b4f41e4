//! Which members of a set come back, and what of each.

use crate::artifact::set::SetMember;
use crate::error::{Error, Kind, Result};
use crate::sandbox::Selection;
use crate::service::context::Context;
use crate::service::runs::request::Order;

/// A member that comes back.
pub(super) struct Chosen<'a> {
    pub(super) context: &'a Context,
    pub(super) member: &'a SetMember,
    /// What of it, and how.
    pub(super) order: Order,
}

/// The members that an order names, in the order of the set. The first segment of what it selects is the name of a
/// strategy: `db/app1`, `uploads/**`, or `db` for all of it.
pub(super) fn choose<'a>(
    context: &'a Context,
    members: &'a [SetMember],
    order: &Order,
) -> Result<Vec<Chosen<'a>>> {
    let mut chosen = Vec::new();
    for member in members {
        let selections = of_member(&member.strategy, &order.only);
        let Some(only) = selections else {
            continue;
        };
        chosen.push(Chosen {
            context: configured(context, &member.strategy)?,
            member,
            order: Order {
                which: member.id.clone(),
                only,
                ..order.clone()
            },
        });
    }
    for selection in &order.only {
        let name = first_segment(&selection.name);
        if members.iter().all(|member| member.strategy != name) {
            return Err(no_such_member(&selection.name, members));
        }
        if is_whole(selection)
            && let Some(new_name) = &selection.new_name
        {
            return Err(new_name_of_all(&selection.name, new_name));
        }
    }
    match (&order.into, chosen.len()) {
        (Some(_), 2..) => Err(Error::new(
            Kind::BadRequest,
            "into-of-several",
            "`into` is one place, and the set has several members",
        )
        .hint("choose one of them, with --strategy NAME or --only NAME, and restore them one after the other")),
        _ => Ok(chosen),
    }
}

/// What is selected of a member; none: nothing. An empty list is all of it.
fn of_member(name: &str, only: &[Selection]) -> Option<Vec<Selection>> {
    if only.is_empty() {
        return Some(Vec::new());
    }
    let mut own = Vec::new();
    for selection in only {
        if first_segment(&selection.name) != name {
            continue;
        }
        if is_whole(selection) {
            return Some(Vec::new());
        }
        own.push(Selection {
            name: after_first_segment(&selection.name).to_owned(),
            ..selection.clone()
        });
    }
    (!own.is_empty()).then_some(own)
}

/// Whether it stands for all of a member.
fn is_whole(selection: &Selection) -> bool {
    matches!(after_first_segment(&selection.name), "" | "**")
}

fn after_first_segment(name: &str) -> &str {
    name.split_once('/').map_or("", |(_, rest)| rest)
}

fn first_segment(name: &str) -> &str {
    name.split_once('/').map_or(name, |(first, _)| first)
}

pub(super) fn configured<'a>(context: &'a Context, name: &str) -> Result<&'a Context> {
    let mut members = context.members.iter();
    let found = members.find(|member| member.config().member.as_deref() == Some(name));
    found.map(|member| &**member).ok_or_else(|| {
        let message = format!("the set has a member {name}, and no strategy is called that any more");
        Error::new(Kind::Config, "other-strategies", message)
            .hint("restore it with the configuration that it was made with (--config), or only the other members (--only)")
    })
}

/// Left out, the name would mean that what is there is replaced.
fn new_name_of_all(selected: &str, new_name: &str) -> Error {
    let message = format!("`{selected}={new_name}` gives one name to all of a strategy");
    Error::new(Kind::BadRequest, "bad-selection", message)
        .hint("name the part: `--only db/app1=app2` (`sidecar restore latest --set --dry-run` shows them)")
}

fn no_such_member(wanted: &str, members: &[SetMember]) -> Error {
    let names: Vec<&str> = members.iter().map(|one| one.strategy.as_str()).collect();
    let message = format!(
        "the set has no member for `{wanted}`: it has {}",
        names.join(", ")
    );
    Error::new(Kind::NotFound, "no-such-member", message).hint(
        "of a set, what comes before the first `/` is the name of a strategy: `--only db/app1`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_segment_names_the_strategy() {
        let select = |names: &[&str]| -> Vec<Selection> {
            let one = |name: &&str| Selection {
                name: (*name).to_owned(),
                new_name: None,
                written_as_one: false,
            };
            names.iter().map(one).collect()
        };
        let names = |name: &str, only: &[&str]| {
            let own = of_member(name, &select(only))?;
            Some(own.into_iter().map(|one| one.name).collect::<Vec<_>>())
        };
        let all = Some(Vec::new());
        assert_eq!(names("db", &[]), all);
        assert_eq!(names("db", &["db"]), all);
        assert_eq!(names("uploads", &["db", "uploads/**"]), all);
        assert_eq!(names("uploads", &["db/app1"]), None);
        assert_eq!(
            names("db", &["db/app1", "uploads/a/b", "db/a/b"]),
            Some(vec!["app1".to_owned(), "a/b".to_owned()])
        );
        let whole = |name: &str| is_whole(&select(&[name])[0]);
        assert!(whole("db") && whole("db/") && whole("db/**") && !whole("db/app1"));
    }
}
