//! The attempts by name.

use std::io::Write;

use schemars::JsonSchema;
use serde::Deserialize;
use sidecar_sdk::{Artifact, Command, Failure, Result};

use crate::{Config, exhaust, reach};

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
    /// Replaces the first granted directory, which lies in the work directory, by a symbolic link to
    /// `target`, and reads "file" in it.
    ReadSwapped,
    /// Writes a file `target` ("written") into the first granted directory.
    WriteReadOnly,
    /// Overwrites `target` ("file") in the first granted directory through a hard link in the work directory.
    WriteHardLink,
    /// Moves `target` ("file") from the first granted directory into the work directory.
    WriteRename,
    /// Writes a finished artifact by itself.
    WriteArtifacts,
    /// Runs `target` ("id"), which the plan does not name.
    CommandNotPlanned,
    /// Has "redis-cli ; id" in its plan.
    CommandMetacharacters,
    /// Runs `cat file`, which was allowed, in a directory behind a link of its own to `target`.
    CommandElsewhere,
    /// Sees a variable that is not a SIDE_CAR_ helper.
    Environment,
    /// Sets LD_PRELOAD for a command.
    EnvironmentForCommand,
    /// Connects to `target` ("127.0.0.1:80").
    Socket,
    /// Waits for connections.
    SocketListen,
    /// Sends a datagram to `target`.
    SocketDatagram,
    /// Asks for the address of `target` ("localhost:80").
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
    /// Opens the FIFO `target` ("fifo") in the first granted directory, which nobody writes.
    WaitFifo,
    /// Promises more of a file than any disk holds: the host fills up with zeros.
    EndlessZeros,
    /// Leaves a file of four tebibytes at SIDE_CAR_TEMP_DUMP.
    EndlessTempDump,
    /// Traps.
    Trap,
    /// Writes something and exits, as if all were well.
    Exit,
    /// Fails with 16 MiB of words.
    ManyWords,
    /// Returns ok without having written anything.
    Nothing,
    /// Runs `exit 3`, ignores that it failed, and writes something.
    IgnoreFailedCommand,
}

impl Attempt {
    /// The lines that the attempt needs in its plan.
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

    /// Tries it.
    pub(crate) fn carry_out(self, config: &Config, artifact: &mut Artifact) -> Result<()> {
        let target = |default: &str| config.target.clone().unwrap_or_else(|| default.to_owned());
        let granted = |name: &str| {
            let directory = config.read.first().map_or("", String::as_str);
            format!("{directory}/{}", target(name))
        };
        match self {
            Self::ReadAbsolute => reach::read(&target("/etc/passwd"), config.via, artifact),
            Self::ReadParent => {
                let path = granted("../../../../../../../../etc/passwd");
                reach::read(&path, config.via, artifact)
            }
            Self::ReadSymlinkOut => reach::read(&granted("link"), config.via, artifact),
            Self::ReadOwnSymlink => {
                let link = reach::link(&target("../secret/file"))?;
                reach::read(&link, config.via, artifact)
            }
            Self::ReadSwapped => {
                let directory = config.read.first().map_or("", String::as_str);
                reach::swap(directory, &target("../secret"))?;
                reach::read(&format!("{directory}/file"), config.via, artifact)
            }
            Self::WriteReadOnly => reach::write(&granted("written"), artifact),
            Self::WriteHardLink => reach::write_through_link(&granted("file"), artifact),
            Self::WriteRename => reach::take_away(&granted("file"), artifact),
            Self::WriteArtifacts => {
                reach::write(&reach::helper("ARTIFACTS_DIR", "backup.dat"), artifact)
            }
            Self::CommandNotPlanned => run(&target("id"), artifact),
            Self::CommandMetacharacters => run("redis-cli ; id", artifact),
            Self::CommandElsewhere => {
                let mut command = Command::new("cat file");
                command.workdir = Some(reach::link(&target("../secret"))?);
                artifact.append_stdout(&command).map(drop)
            }
            Self::Environment => environment(artifact),
            Self::EnvironmentForCommand => {
                let command = Command::new("true").env("LD_PRELOAD", "/tmp/rogue.so");
                command.run()?;
                artifact.append(b"set LD_PRELOAD for a command")
            }
            Self::Socket => reach::connect(&target("127.0.0.1:80"), artifact),
            Self::SocketListen => reach::listen(artifact),
            Self::SocketDatagram => reach::send_datagram(&target("127.0.0.1:80"), artifact),
            Self::SocketName => reach::resolve(&target("localhost:80"), artifact),
            Self::Memory => exhaust::memory(),
            Self::Recursion => exhaust::stack(artifact),
            Self::Handles => exhaust::handles(&granted("file")),
            Self::Loop => exhaust::time(),
            Self::Wait => run("sleep 1000000", artifact),
            Self::Sleep => exhaust::sleep(),
            Self::WaitFifo => reach::read(&granted("fifo"), config.via, artifact),
            Self::EndlessZeros => exhaust::zeros(&granted("file"), artifact),
            Self::EndlessTempDump => exhaust::temp_dump(artifact),
            Self::Trap => panic!("a trap, as asked"),
            Self::Exit => {
                artifact.append(b"all is well")?;
                artifact.flush()?;
                std::process::exit(0)
            }
            Self::ManyWords => Err(Failure::new("many-words", "many words ".repeat(1_500_000))),
            Self::Nothing => Ok(()),
            Self::IgnoreFailedCommand => {
                let ignored = Command::new("exit 3").run();
                writeln!(artifact, "went on after {ignored:?}")?;
                Ok(())
            }
        }
    }
}

fn run(line: &str, artifact: &mut Artifact) -> Result<()> {
    artifact.append_stdout(&Command::new(line)).map(drop)
}

fn environment(artifact: &mut Artifact) -> Result<()> {
    let seen: Vec<String> = std::env::vars_os()
        .map(|(name, value)| format!("{}={}", name.display(), value.display()))
        .filter(|variable| !variable.starts_with("SIDE_CAR_"))
        .collect();
    if seen.is_empty() {
        let message = "the module sees no variable but the helpers";
        return Err(Failure::new("nothing-seen", message));
    }
    artifact.append(seen.join("\n").as_bytes())
}
