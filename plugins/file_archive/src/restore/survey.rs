//! What a restore is about to make, counted before it makes anything.

use glob::Pattern;
use sidecar_sdk::Result;
use sidecar_sdk::restore::Selection;
use sidecar_sdk::target::unpacking;

use super::member::{MemberKind, damaged};
use super::members::each_member;
use super::selection::MemberSelection;
use crate::pattern::has_wildcard;

/// The selections as they are meant.
pub(crate) struct Meant {
    /// In the operator's words.
    pub(crate) only: Vec<Selection>,
    /// The same as patterns.
    pub(crate) patterns: Vec<Selection>,
}

/// What else a selection may be: the name of something that is in the archive.
struct Doubt {
    at: usize,
    only: Selection,
    pattern: Selection,
    name: MemberSelection,
}

/// `NAME=NEW`, and a name with wildcards, is a name if the archive has something of that name.
pub(crate) fn meant(only: &[Selection]) -> Result<Meant> {
    let doubtful: Vec<Doubt> = (0..only.len()).filter_map(|at| doubt(only, at)).collect();
    let mut meant = Meant {
        only: only.to_vec(),
        patterns: only.to_vec(),
    };
    if doubtful.is_empty() {
        return Ok(meant);
    }
    each_member(&mut |member| {
        for doubt in &doubtful {
            if doubt.name.matching(&member.node.name).is_some() {
                meant.only[doubt.at] = doubt.only.clone();
                meant.patterns[doubt.at] = doubt.pattern.clone();
            }
        }
        Ok(())
    })?;
    Ok(meant)
}

fn doubt(only: &[Selection], at: usize) -> Option<Doubt> {
    let one_text = u32::try_from(at).is_ok_and(unpacking::written_as_one);
    let only = match &only[at].new_name {
        Some(_) => whole(&only[at]).filter(|_| one_text)?,
        None if has_wildcard(&only[at].name) => only[at].clone(),
        None => return None,
    };
    let pattern = Selection {
        name: Pattern::escape(&only.name),
        new_name: None,
    };
    Some(Doubt {
        at,
        name: MemberSelection::new(std::slice::from_ref(&pattern)).ok()?,
        only,
        pattern,
    })
}

/// `NAME=NEW` as one name.
fn whole(selection: &Selection) -> Option<Selection> {
    let new_name = selection.new_name.as_ref()?;
    Some(Selection {
        name: format!("{}={new_name}", selection.name),
        new_name: None,
    })
}

/// Reads every header, and tells the host what the selection needs. A damaged archive, and one whose
/// contents are more than it can hold, is found before anything is made.
pub(crate) fn announce(selection: &MemberSelection, size: u64) -> Result<()> {
    let (mut entries, mut bytes, mut stored) = (0_u64, 0_u64, 0_u64);
    each_member(&mut |member| {
        if let MemberKind::File(content) = &member.kind {
            // Each byte belongs to one member: others that share it are a way to fill a disk.
            stored = stored.saturating_add(content.length);
            if stored > size {
                return Err(damaged("its members have more bytes than it has itself"));
            }
        }
        if selection.matching(&member.node.name).is_some() {
            entries += 1;
            if let MemberKind::File(content) = &member.kind {
                bytes = bytes.saturating_add(content.size);
            }
        }
        Ok(())
    })?;
    unpacking::expect(entries, bytes)
}
