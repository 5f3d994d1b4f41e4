//! What a restore is about to make, counted before it makes anything.

use sidecar_sdk::Result;
use sidecar_sdk::restore::Selection;
use sidecar_sdk::target::unpacking;

use super::member::{MemberKind, damaged};
use super::members::each_member;
use super::selection::MemberSelection;

/// The selections as they are meant: `NAME=NEW` is a name if the archive has something of that name.
pub(crate) fn meant(only: &[Selection]) -> Result<Vec<Selection>> {
    let mut meant = only.to_vec();
    let one_text = |at: usize| u32::try_from(at).is_ok_and(unpacking::written_as_one);
    let doubtful: Vec<(usize, MemberSelection)> = (0..only.len())
        .filter(|at| only[*at].new_name.is_some() && one_text(*at))
        .filter_map(|at| Some((at, MemberSelection::new(&[whole(&only[at])?]).ok()?)))
        .collect();
    if doubtful.is_empty() {
        return Ok(meant);
    }
    each_member(&mut |member| {
        for (at, name) in &doubtful {
            if name.matching(&member.node.name).is_some() {
                meant[*at] = whole(&only[*at]).unwrap_or_else(|| only[*at].clone());
            }
        }
        Ok(())
    })?;
    Ok(meant)
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
