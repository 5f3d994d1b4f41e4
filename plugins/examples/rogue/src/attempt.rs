//! The attempts, by name.

use schemars::JsonSchema;
use serde::Deserialize;

/// What a rogue module may try. `target` is the path, the command or the address to try it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Attempt {
    /// Reads `target` ("/etc/passwd"), which was not granted.
    ReadAbsolute,
    /// Reads `target` ("../../../../etc/passwd") from the first granted directory upwards.
    ReadParent,
    /// Reads through the symbolic link `target` ("link") in the first granted directory.
    ReadSymlinkOut,
    /// Makes a symbolic link to `target` in the work directory and reads through it.
    ReadOwnSymlink,
    /// Replaces the first granted directory, which is in the work directory, by a symbolic link to
    /// `target`, and reads "file" in it.
    ReadSwapped,
    /// Writes a file `target` ("written") into the first granted directory.
    WriteReadOnly,
    /// Overwrites `target` ("file") in the first granted directory through a hard link in the work directory.
    WriteHardLink,
    /// Moves `target` ("file") from the first granted directory into the work directory.
    WriteRename,
    /// Writes a file into the directory of the artifacts.
    WriteArtifacts,
    /// Runs `target` ("id"), which the plan does not name.
    CommandNotPlanned,
    /// Names "redis-cli ; id" in its plan.
    CommandMetacharacters,
    /// Runs `cat file`, which was allowed, in a directory behind a link of its own to `target`.
    CommandElsewhere,
    /// Runs the program `id`, which the plan does not name.
    ProgramNotPlanned,
    /// Runs the program of `argv`, which the plan names.
    Program,
    /// Reads an environment variable that is not a SIDE_CAR_ helper.
    Environment,
    /// Sets LD_PRELOAD for a command.
    EnvironmentForCommand,
    /// Connects to `target` ("127.0.0.1:80").
    Socket,
    /// Listens for connections.
    SocketListen,
    /// Sends a datagram to `target`.
    SocketDatagram,
    /// Resolves the name of `target` ("localhost:80").
    SocketName,
    /// Allocates without end.
    Memory,
    /// Calls itself without end.
    Recursion,
    /// Opens `target` ("file") in the first granted directory without end.
    Handles,
    /// Computes without end.
    Loop,
    /// Waits in a host call: `sleep 1000000`.
    Wait,
    /// Sleeps by itself.
    Sleep,
    /// Opens the FIFO `target` ("fifo") in the first granted directory, which has no writer.
    WaitFifo,
    /// Appends more bytes of a file than any disk can store: the host fills up with zeros.
    EndlessZeros,
    /// Writes a file of four tebibytes at SIDE_CAR_TEMP_DUMP.
    EndlessTempDump,
    /// Traps.
    Trap,
    /// Writes something and exits with code 0.
    Exit,
    /// Fails with a message of 16 MiB.
    ManyWords,
    /// Returns ok without having written anything.
    Nothing,
    /// Runs `exit 3`, ignores that it failed, and writes something.
    IgnoreFailedCommand,
}

impl Attempt {
    /// The command lines that the attempt needs in its plan.
    pub(crate) fn planned(self) -> Vec<String> {
        let line = match self {
            Self::CommandMetacharacters => "redis-cli ; id",
            Self::CommandElsewhere => "cat file",
            Self::EnvironmentForCommand => "true",
            Self::Wait => "sleep 1000000",
            Self::IgnoreFailedCommand => "exit 3",
            _ => return Vec::new(),
        };
        vec![line.to_owned()]
    }
}
