//! Programs by their names, and whether they are still the ones that were found.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use crate::display::one_line;
use crate::error::{Error, Result};

/// Characters of a name that stand in a message.
const NAME_SHOWN: usize = 120;

/// A program that was found: one file, for as long as a run lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Program {
    /// The program of that name on the sidecar's own `PATH`, or at that absolute path.
    pub fn find(wanted: &str) -> Result<Self> {
        let found = match wanted.starts_with('/') {
            true => Some(PathBuf::from(wanted)).filter(|path| is_executable(path)),
            false if wanted.contains('/') => None,
            false => on_path(wanted),
        };
        let identified = found.and_then(|path| {
            let facts = path.metadata().ok()?;
            Some(Self {
                device: facts.dev(),
                inode: facts.ino(),
                path,
            })
        });
        identified.ok_or_else(|| Self::not_found(wanted))
    }

    /// There is none of that name or path.
    pub fn not_found(wanted: &str) -> Error {
        let wanted = one_line(wanted, NAME_SHOWN);
        Error::run(
            "command-not-found",
            format!("the program `{wanted}` was not found"),
        )
        .hint("install it in the sidecar's container image: a name is looked up on the sidecar's PATH, a path must be absolute")
    }

    /// Its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Fails when another file stands there by now.
    pub fn check(&self) -> Result<()> {
        let facts = self.path.metadata();
        if facts.is_ok_and(|now| (now.dev(), now.ino()) == (self.device, self.inode)) {
            return Ok(());
        }
        let path = self.path.display();
        Err(Error::run(
            "program-changed",
            format!("{path} is not the program any more that it was when the run began"),
        )
        .hint("was it updated? Start the run again"))
    }
}

/// The file of that name in the first directory of `PATH` that has it.
pub(super) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into());
    std::env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(name))
        .find(|path| is_executable(path))
}

pub(super) fn is_executable(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, Access::EXEC_OK).is_ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn another_file_of_that_name_is_another_program() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        std::fs::copy("/bin/true", &path).unwrap();
        let program = Program::find(path.to_str().unwrap()).unwrap();
        program.check().unwrap();
        let other = folder.path().join("other");
        std::fs::copy("/bin/false", &other).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::fs::hard_link(other, &path).unwrap();
        assert_eq!(program.check().unwrap_err().code(), "program-changed");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(program.check().unwrap_err().code(), "program-changed");
    }

    #[test]
    fn a_program_is_a_name_or_an_absolute_path() {
        let by_name = Program::find("true").unwrap();
        assert!(by_name.path().is_absolute());
        assert_eq!(
            Program::find(by_name.path().to_str().unwrap()).unwrap(),
            by_name
        );
        for wrong in [
            "",
            "no-such-program",
            "/no/such",
            "/etc/passwd",
            "./true",
            "bin/true",
        ] {
            let error = Program::find(wrong).unwrap_err();
            assert_eq!(error.code(), "command-not-found", "{wrong}");
        }
    }
}
