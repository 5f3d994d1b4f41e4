//! What the machine offers.

use std::fs::File;
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest as _, Sha256};

use super::{Finished, Running};

/// The repository that is being tested.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// Runs a line in bash, with `pipefail`, and returns what came out.
pub(crate) fn sh(line: &str) -> Finished {
    let mut command = Command::new("bash");
    command.args(["-o", "pipefail", "-c", line]);
    Running::start(command).finish()
}

/// Whether `tool` succeeds on these bytes, and what it prints.
pub(crate) fn through(tool: &str, bytes: &[u8]) -> (bool, Vec<u8>) {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("artifact");
    std::fs::write(&input, bytes).unwrap();
    let output = Command::new("sh")
        .args(["-c", tool])
        .stdin(File::open(input).unwrap())
        .stderr(Stdio::null())
        .output()
        .unwrap();
    (output.status.success(), output.stdout)
}

/// Writes a private key of age into `file`, and returns its public half.
pub(crate) fn age_key(file: &Path) -> String {
    let made = sh(&format!(
        "age-keygen -o '{0}' && age-keygen -y '{0}'",
        file.display()
    ));
    made.succeeds().stdout.trim().to_owned()
}

/// Lower-case hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    measure(bytes).1
}

/// Size and SHA-256 of a stream, none of which is kept.
pub(crate) fn measure(mut stream: impl Read) -> (u64, String) {
    let (mut size, mut digest, mut buffer) = (0, Sha256::new(), vec![0; 256 * 1024]);
    loop {
        let length = stream.read(&mut buffer).unwrap();
        if length == 0 {
            let hex = digest
                .finalize()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            return (size, hex);
        }
        size += length as u64;
        digest.update(&buffer[..length]);
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A small file system of its own, unmounted with its owner.
pub(crate) struct Tmpfs {
    path: PathBuf,
}

impl Tmpfs {
    /// Mounts one of `size` ("2M") at `path`, or says why that cannot be done here.
    pub(crate) fn mount(path: &Path, size: &str) -> Result<Self, String> {
        std::fs::create_dir_all(path).unwrap();
        let path = path.to_owned();
        let mounted = sh(&format!(
            "mount -t tmpfs -o size={size},mode=0777 spec '{}'",
            path.display()
        ));
        match mounted.code {
            Some(0) => Ok(Self { path }),
            _ => Err(format!(
                "cannot mount a small file system: {}",
                mounted.stderr.trim()
            )),
        }
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily: something may still have a file open when a test fails half-way.
        sh(&format!("umount -l '{}'", self.path.display()));
    }
}
