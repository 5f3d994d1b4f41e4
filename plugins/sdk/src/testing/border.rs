//! The interfaces of the played host: the same names as the bindings have.

pub(crate) mod artifact {
    use super::files::File;
    use crate::Result;
    use crate::bindings::sidecar::strategy::artifact::Appended;
    use crate::testing::played::with;

    pub(crate) fn write(bytes: &[u8]) -> Result<()> {
        with(|host| host.artifact.extend_from_slice(bytes));
        Ok(())
    }

    pub(crate) fn append_file(file: &File, length: u64) -> Result<Appended> {
        let there = file.content.len().min(length as usize);
        with(|host| {
            host.artifact.extend_from_slice(&file.content[..there]);
            host.artifact
                .resize(host.artifact.len() + length as usize - there, 0);
        });
        Ok(Appended {
            length: there as u64,
            short: (there as u64) < length,
        })
    }

    pub(crate) fn position() -> u64 {
        with(|host| host.artifact.len() as u64)
    }

    pub(crate) fn begin_part(name: &str) -> Result<()> {
        with(|host| {
            assert!(host.part.is_none(), "a part begins inside of another");
            host.part = Some((name.to_owned(), host.artifact.len()));
        });
        Ok(())
    }

    pub(crate) fn end_part() -> Result<()> {
        with(|host| {
            let (name, start) = host.part.take().expect("a part ends that never began");
            let bytes = host.artifact[start..].to_vec();
            host.parts.push((name, bytes));
        });
        Ok(())
    }
}

pub(crate) mod commands {
    use crate::testing::played::with;
    use crate::{Captured, Command, Failure, Finished, Result};

    pub(crate) fn run(command: &Command) -> Result<Finished> {
        play(command).map(|captured| captured.finished)
    }

    pub(crate) fn run_into_artifact(command: &Command) -> Result<Finished> {
        let captured = play(command)?;
        with(|host| host.artifact.extend_from_slice(&captured.stdout));
        Ok(captured.finished)
    }

    pub(crate) fn run_and_capture(command: &Command, max_bytes: u32) -> Result<Captured> {
        let captured = play(command)?;
        if captured.stdout.len() <= max_bytes as usize {
            return Ok(captured);
        }
        let message = format!("{} printed more than {max_bytes} bytes", command.line);
        with(|host| host.settle(Err(Failure::new("output-too-large", message))))
    }

    fn play(command: &Command) -> Result<Captured> {
        with(|host| {
            let played = granted(&host.plan.commands, &host.plan.env, command).and_then(|()| {
                let missing = || {
                    Failure::new(
                        "command-not-found",
                        format!("the test knows no command {}", command.line),
                    )
                };
                host.commands
                    .get(&command.line)
                    .cloned()
                    .ok_or_else(missing)
            });
            let (exit_code, stdout) = host.settle(played)?;
            host.ran.push(command.line.clone());
            if exit_code != 0 && !command.accept.contains(&exit_code) {
                let message = format!("{} ended with exit code {exit_code}", command.line);
                return host.settle(Err(Failure::new("command-failed", message)));
            }
            let finished = Finished {
                exit_code,
                stdout_bytes: stdout.len() as u64,
                stderr_tail: String::new(),
            };
            Ok(Captured { finished, stdout })
        })
    }

    fn granted(commands: &[String], env: &[String], command: &Command) -> Result<()> {
        let variable = command.env.iter().find(|(name, _)| !env.contains(name));
        match variable {
            _ if !commands.contains(&command.line) => Err(Failure::new(
                "not-granted",
                format!("the command is not in the plan: {}", command.line),
            )),
            Some((name, _)) => Err(Failure::new(
                "not-granted",
                format!("the environment variable {name} is not in the plan"),
            )),
            None => Ok(()),
        }
    }
}

pub(crate) mod deflate {
    use super::{artifact, files::File};
    use crate::Result;
    pub use crate::bindings::sidecar::strategy::deflate::Facts;

    /// Nothing is ever deflated ahead here: there is none.
    #[derive(Debug)]
    pub enum Deflated {}

    impl Deflated {
        /// Waits until it is done.
        pub fn facts(&self) -> Result<Facts> {
            match *self {}
        }
    }

    /// There is no room: `append_file_deflated` does it.
    pub fn prepare(_: &File, _length: u64, _level: u32) -> Result<Option<Deflated>> {
        Ok(None)
    }

    pub(crate) fn append_deflated(deflated: Deflated) -> Result<()> {
        match deflated {}
    }

    /// Stores it, whatever the level: that is an answer, too.
    pub(crate) fn append_file_deflated(file: &File, length: u64, _level: u32) -> Result<Facts> {
        let appended = artifact::append_file(file, length)?;
        let mut content = file.content.clone();
        content.resize(length as usize, 0);
        Ok(Facts {
            method: "stored".to_owned(),
            crc32: crc32(&content),
            length,
            compressed_length: length,
            short: appended.short,
        })
    }

    /// As zip has it.
    fn crc32(bytes: &[u8]) -> u32 {
        let step = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        !bytes
            .iter()
            .fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
    }
}

pub(crate) mod files {
    use std::cell::Cell;

    use crate::testing::played::with;
    use crate::{Entry, Failure, Result};

    /// An open regular file.
    #[derive(Debug)]
    pub struct File {
        entry: Entry,
        pub(super) content: Vec<u8>,
    }

    impl File {
        /// What the file was when it was opened.
        pub fn inspect(&self) -> Entry {
            self.entry.clone()
        }

        /// Bytes from `offset`: at most `length`; none at the end.
        pub fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>> {
            let rest = self.content.get(offset as usize..).unwrap_or_default();
            Ok(rest[..rest.len().min(length as usize)].to_vec())
        }
    }

    pub(crate) struct Directory {
        entries: Cell<Vec<Entry>>,
    }

    impl Directory {
        pub(crate) fn next(&self, max: u32) -> Result<Vec<Entry>> {
            let mut now = self.entries.take();
            self.entries.set(now.split_off(now.len().min(max as usize)));
            Ok(now)
        }
    }

    pub(crate) fn inspect(path: &[u8], _follow: bool) -> Result<Entry> {
        with(|host| host.entry(path))
    }

    pub(crate) fn open_file(path: &[u8], _follow: bool) -> Result<File> {
        with(|host| {
            let entry = host.entry(path)?;
            let content = host.files.get(path).cloned();
            let content = content.ok_or_else(|| other(path, "not-a-file", "a file"))?;
            Ok(File { entry, content })
        })
    }

    pub(crate) fn open_directory(path: &[u8], _follow: bool) -> Result<Directory> {
        with(|host| match host.entry(path)?.kind.as_str() {
            "directory" => Ok(Directory {
                entries: Cell::new(host.list(path)?),
            }),
            _ => Err(other(path, "not-a-directory", "a directory")),
        })
    }

    fn other(path: &[u8], code: &str, what: &str) -> Failure {
        Failure::new(
            code,
            format!("{} is not {what}", String::from_utf8_lossy(path)),
        )
    }
}

pub(crate) mod progress {
    use crate::testing::played::with;

    pub(crate) fn log(level: &str, message: &str) {
        with(|host| host.log.push((level.to_owned(), message.to_owned())));
    }

    pub(crate) fn report(_done: u64, _total: Option<u64>, _note: Option<&str>) {}
}

pub(crate) mod temp_dump {
    use crate::testing::played::with;
    use crate::{Failure, Result};

    pub(crate) fn prepare() -> Result<()> {
        Ok(())
    }

    pub(crate) fn collect() -> Result<u64> {
        with(|host| {
            let left = host.temp_dump.take().filter(|content| !content.is_empty());
            let nothing = || {
                Failure::new(
                    "nothing-generated",
                    "nothing was left at SIDE_CAR_TEMP_DUMP",
                )
            };
            let content = host.settle(left.ok_or_else(nothing))?;
            host.artifact.extend_from_slice(&content);
            Ok(content.len() as u64)
        })
    }
}
