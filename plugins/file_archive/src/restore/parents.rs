//! The directories on the way to what was chosen: made as the archive has them, and left alone where
//! they are.

use std::collections::BTreeSet;

use sidecar_sdk::Result;
use sidecar_sdk::target::attributed::Refused;
use sidecar_sdk::target::unpacking;

use super::member::ArchiveMember;

/// Directories that were not chosen, as far as something below them may be.
#[derive(Default)]
pub(crate) struct ParentDirectories {
    /// Those that lie in one another, the last one deepest, and whether each was made.
    above: Vec<(ArchiveMember, bool)>,
    /// Made by the host, because something below them came first.
    early: BTreeSet<Vec<u8>>,
    /// The parent of the last name.
    recent: Option<Vec<u8>>,
}

impl ParentDirectories {
    /// Notes a directory that was not chosen.
    pub(crate) fn passed(&mut self, member: ArchiveMember) -> Result<()> {
        let name = &member.node.name;
        self.above
            .retain(|(above, _)| is_above(&above.node.name, name));
        self.recent = None;
        let made = self.early.remove(name);
        if made {
            make(&member)?;
        }
        self.above.push((member, made));
        Ok(())
    }

    /// Makes what the archive knows of the way to `name`. Returns the attributes that could not be set.
    pub(crate) fn make(&mut self, name: &[u8]) -> Result<Vec<(&ArchiveMember, Vec<Refused>)>> {
        let parent = parent(name);
        if parent.is_some() && self.recent.as_deref() == parent {
            return Ok(Vec::new());
        }
        self.recent = parent.map(<[u8]>::to_owned);
        let mut step = parent;
        while let Some(name) = step {
            if self.above.iter().all(|(above, _)| above.node.name != name) {
                self.early.insert(name.to_owned());
            }
            step = self::parent(name);
        }
        let mut refused = Vec::new();
        for (above, made) in &mut self.above {
            if !*made && is_above(&above.node.name, name) {
                *made = true;
                refused.push((&*above, make(above)?));
            }
        }
        Ok(refused)
    }
}

fn make(member: &ArchiveMember) -> Result<Vec<Refused>> {
    unpacking::make_parent(&member.node, &member.attributes)
}

/// Whether `name` lies in the directory `above`.
fn is_above(above: &[u8], name: &[u8]) -> bool {
    let below = name.strip_prefix(above);
    above == b"." && name != b"." || below.is_some_and(|rest| rest.first() == Some(&b'/'))
}

/// The directory that a name stands in; none for what stands at the top.
fn parent(name: &[u8]) -> Option<&[u8]> {
    let end = name.iter().rposition(|byte| *byte == b'/')?;
    Some(&name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_lies_below_whole_steps_only() {
        assert!(is_above(b"a", b"a/b") && is_above(b"a/b", b"a/b/c/d") && is_above(b".", b"a"));
        assert!(!is_above(b"a", b"ab/c") && !is_above(b"a", b"a") && !is_above(b".", b"."));
        assert_eq!(parent(b"a/b/c"), Some(&b"a/b"[..]));
        assert_eq!(parent(b"a"), None);
    }
}
