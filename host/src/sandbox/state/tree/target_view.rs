//! The directory before anything is changed in it: would something be in the way?

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, FileType, Mode, OFlags, access, fstat, open};
use rustix::io::Errno;

use super::name::Name;
use super::refusal;
use super::target_tree::{Tree, TreeRequest};
use crate::error::{Error, Result};
use crate::exchange::beneath;

/// A directory that is looked at.
pub(in crate::sandbox) struct TargetView {
    path: PathBuf,
    /// The nearest directory that is there: it, or one above.
    nearest: OwnedFd,
    /// Whether it is there itself.
    is_there: bool,
    replace: bool,
}

/// What a module makes in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sandbox) enum TargetEntry {
    Directory,
    Other,
}

impl TargetView {
    /// Fails if a restore could not begin there. What replaces is tried in a folder beside it, which is gone again.
    pub(in crate::sandbox) fn open(request: TreeRequest<'_>) -> Result<Self> {
        let (path, replace) = (request.path.clone(), request.replace);
        if replace {
            drop(Tree::open(request)?);
        }
        let mut above = path.ancestors();
        let nearest = above.find(|path| path.exists()).unwrap_or(Path::new("/"));
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = open(nearest, flags, Mode::empty())
            .map_err(|error| Error::io("open", nearest, error.into()))?;
        access(nearest, Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|error| Error::io("write to", nearest, error.into()))?;
        Ok(Self {
            is_there: nearest == path,
            nearest: opened,
            replace,
            path,
        })
    }

    /// Fails if something is in the way of what would be made.
    pub(in crate::sandbox) fn require_free(&self, name: &[u8], made: TargetEntry) -> Result<()> {
        let name = Name::parse(name)?;
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let found = match self.is_there {
            true => beneath(&self.nearest, name.path(), flags).and_then(fstat),
            false => return Ok(()),
        };
        let facts = match found {
            Err(Errno::NOENT) => return Ok(()),
            found => found.map_err(|error| refusal::failed(&self.path, "open", &name, error))?,
        };
        let is_directory = FileType::from_raw_mode(facts.st_mode) == FileType::Directory;
        match (is_directory, made) {
            (true, TargetEntry::Directory) => Ok(()),
            (false, _) if self.replace => Ok(()),
            _ => Err(refusal::exists(&self.path, &name, self.replace)),
        }
    }

    /// Fails if the volume has no room for so much.
    pub(in crate::sandbox) fn expect(&self, entries: u64, bytes: u64) -> Result<()> {
        refusal::require_room(&self.nearest, &self.path, entries, bytes)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn it_refuses_what_a_restore_would_refuse_and_makes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (target, journals) = (folder.path().join("into"), folder.path().join("journals"));
        fs::create_dir(&journals).unwrap();
        let view = |replace| {
            TargetView::open(TreeRequest {
                path: target.clone(),
                replace,
                whole: true,
                id: "abcdefghij",
                journals: &journals,
                accepted: &[],
            })
            .unwrap()
        };
        let missing = view(false);
        missing.require_free(b"a/b", TargetEntry::Other).unwrap();
        missing.expect(1, 1).unwrap();
        assert!(missing.expect(1, u64::MAX).is_err());
        assert!(missing.require_free(b"../b", TargetEntry::Other).is_err());
        assert!(!target.exists());

        fs::create_dir_all(target.join("folder")).unwrap();
        fs::write(target.join("file"), "theirs").unwrap();
        std::os::unix::fs::symlink("folder", target.join("link")).unwrap();
        let code = |replace: bool, name: &str, made| {
            let found = view(replace).require_free(name.as_bytes(), made);
            found.err().map(|error| error.code().to_owned())
        };
        let (exists, outside) = (Some("exists".to_owned()), Some("outside-target".to_owned()));
        assert_eq!(code(false, "folder/new", TargetEntry::Other), None);
        assert_eq!(code(false, "folder", TargetEntry::Directory), None);
        for replace in [false, true] {
            assert_eq!(code(replace, "folder", TargetEntry::Other), exists);
            assert_eq!(code(replace, "file/below", TargetEntry::Other), exists);
            assert_eq!(code(replace, "link/below", TargetEntry::Other), outside);
        }
        for (name, made) in [
            ("file", TargetEntry::Other),
            ("link", TargetEntry::Other),
            ("file", TargetEntry::Directory),
        ] {
            assert_eq!(code(false, name, made), exists);
            assert_eq!(code(true, name, made), None);
        }
        let mut left: Vec<_> = fs::read_dir(&target)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        left.sort();
        assert_eq!(left, ["file", "folder", "link"]);
        assert_eq!(fs::read_dir(&journals).unwrap().count(), 0);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
