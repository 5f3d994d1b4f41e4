//! What each attempt does.

use std::io::Write;

use sidecar_sdk::{Artifact, Command, Failure, Program, Result};

use crate::attempt::Attempt;
use crate::config::Config;
use crate::{exhaust, reach};

/// Makes the configured attempt.
pub(crate) fn carry_out(config: &Config, artifact: &mut Artifact) -> Result<()> {
    let target = |default: &str| config.target.clone().unwrap_or_else(|| default.to_owned());
    let granted = |name: &str| {
        let directory = config.read.first().map_or("", String::as_str);
        format!("{directory}/{}", target(name))
    };
    match config.attempt {
        Attempt::ReadAbsolute => reach::read(&target("/etc/passwd"), config.via, artifact),
        Attempt::ReadParent => {
            let path = granted("../../../../../../../../etc/passwd");
            reach::read(&path, config.via, artifact)
        }
        Attempt::ReadSymlinkOut => reach::read(&granted("link"), config.via, artifact),
        Attempt::ReadOwnSymlink => {
            let link = reach::link(&target("../secret/file"))?;
            reach::read(&link, config.via, artifact)
        }
        Attempt::ReadSwapped => {
            let directory = config.read.first().map_or("", String::as_str);
            reach::swap(directory, &target("../secret"))?;
            reach::read(&format!("{directory}/file"), config.via, artifact)
        }
        Attempt::WriteReadOnly => reach::write(&granted("written"), artifact),
        Attempt::WriteHardLink => reach::write_through_link(&granted("file"), artifact),
        Attempt::WriteRename => reach::take_away(&granted("file"), artifact),
        Attempt::WriteArtifacts => {
            reach::write(&reach::helper("ARTIFACTS_DIR", "backup.dat"), artifact)
        }
        Attempt::CommandNotPlanned => run(&target("id"), artifact),
        Attempt::CommandMetacharacters => run("redis-cli ; id", artifact),
        Attempt::CommandElsewhere => {
            let mut command = Command::new("cat file");
            command.workdir = Some(reach::link(&target("../secret"))?);
            artifact.append_stdout(&command).map(drop)
        }
        Attempt::ProgramNotPlanned => artifact.append_stdout(&Program::new(["id"])).map(drop),
        Attempt::Program => artifact
            .append_stdout(&Program::new(config.argv.clone()))
            .map(drop),
        Attempt::Environment => environment(artifact),
        Attempt::EnvironmentForCommand => {
            let command = Command::new("true").env("LD_PRELOAD", "/tmp/rogue.so");
            command.run()?;
            artifact.append(b"set LD_PRELOAD for a command")
        }
        Attempt::Socket => reach::connect(&target("127.0.0.1:80"), artifact),
        Attempt::SocketListen => reach::listen(artifact),
        Attempt::SocketDatagram => reach::send_datagram(&target("127.0.0.1:80"), artifact),
        Attempt::SocketName => reach::resolve(&target("localhost:80"), artifact),
        Attempt::Memory => exhaust::memory(),
        Attempt::Recursion => exhaust::stack(artifact),
        Attempt::Handles => exhaust::handles(&granted("file")),
        Attempt::Loop => exhaust::time(),
        Attempt::Wait => run("sleep 1000000", artifact),
        Attempt::Sleep => exhaust::sleep(),
        Attempt::WaitFifo => reach::read(&granted("fifo"), config.via, artifact),
        Attempt::EndlessZeros => exhaust::zeros(&granted("file"), artifact),
        Attempt::EndlessTempDump => exhaust::temp_dump(artifact),
        Attempt::Trap => panic!("a trap, as asked"),
        Attempt::Exit => {
            artifact.append(b"all is well")?;
            artifact.flush()?;
            std::process::exit(0)
        }
        Attempt::ManyWords => Err(Failure::new("many-words", "many words ".repeat(1_500_000))),
        Attempt::Nothing => Ok(()),
        Attempt::IgnoreFailedCommand => {
            let ignored = Command::new("exit 3").run();
            writeln!(artifact, "went on after {ignored:?}")?;
            Ok(())
        }
    }
}

fn run(line: &str, artifact: &mut Artifact) -> Result<()> {
    artifact.append_stdout(&Command::new(line)).map(drop)
}

fn environment(artifact: &mut Artifact) -> Result<()> {
    let visible: Vec<String> = std::env::vars_os()
        .map(|(name, value)| format!("{}={}", name.display(), value.display()))
        .filter(|variable| !variable.starts_with("SIDE_CAR_"))
        .collect();
    if visible.is_empty() {
        let message = "the module sees no variable but the helpers";
        return Err(Failure::new("nothing-seen", message));
    }
    artifact.append(visible.join("\n").as_bytes())
}
