//! What the kernel does not keep the commands of a module from.

use std::fs;
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use crate::command::Confinement;
use crate::error::{Error, Kind};

/// A folder with more in it is looked through no further: it is not made for sockets.
const ENTRIES_SEEN: usize = 256;
/// What confines them as a whole.
const NEEDED: &str = "Linux 6.12 or later with Landlock (CONFIG_SECURITY_LANDLOCK, and `landlock` in the boot option lsm= if there is one) and a container engine that lets it through confine them";

/// Why commands of this module are not confined as a whole; none if they are.
pub fn not_confined(module: &str, state: &Confinement) -> Option<Error> {
    let message = match state {
        Confinement::Full => return None,
        Confinement::Partial(_) => format!(
            "commands of module {module} are confined in part: {}",
            state.meaning()
        ),
        Confinement::None(why) => {
            format!("commands of module {module} can {}: {why}", state.meaning())
        }
    };
    Some(
        Error::new(Kind::Config, "commands-not-confined", message).hint(format!(
            "{NEEDED}; modules.{module}.confine says whether they run without (auto) or not (required)"
        )),
    )
}

/// Whether a granted path is a socket, or a folder in which one lies: then all sockets that are files can be connected to.
pub fn holds_sockets(granted: &Path) -> bool {
    let Ok(facts) = fs::metadata(granted) else {
        return false;
    };
    let mut entries = fs::read_dir(granted).into_iter().flatten();
    facts.file_type().is_socket()
        || entries
            .by_ref()
            .take(ENTRIES_SEEN)
            .flatten()
            .any(|entry| entry.file_type().is_ok_and(|kind| kind.is_socket()))
}
