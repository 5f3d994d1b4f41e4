//! A terminal without a person: `clients/terminal.py`.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::repository;

/// What a command shows on a terminal of its own, and where it asks.
pub(crate) struct Terminal {
    shown: PathBuf,
}

impl Terminal {
    /// What it shows is kept in `folder`.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self {
            shown: folder.join("shown"),
        }
    }

    /// `command` in its own environment and folder, with this terminal as its standard error.
    pub(crate) fn runs(&self, command: &Command) -> Command {
        let mut with = Command::new("python3");
        with.args([&script(), &self.shown])
            .arg(command.get_program())
            .args(command.get_args())
            .env_clear();
        for (name, value) in command.get_envs() {
            with.env(
                name,
                value.expect("nothing is taken out of a small environment"),
            );
        }
        with.env("TERM", "xterm")
            .current_dir(command.get_current_dir().expect("a folder of its own"));
        with
    }

    /// `line` for a shell, with `text` typed where it asks for the passphrase.
    pub(crate) fn answers(&self, text: &str, line: &str) -> String {
        let (script, shown) = (script(), &self.shown);
        format!(
            "python3 '{}' '{}' --answer '{text}' {line}",
            script.display(),
            shown.display()
        )
    }

    /// Everything that it has shown so far.
    pub(crate) fn shown(&self) -> String {
        let bytes = std::fs::read(&self.shown).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// The same as the lines that it showed, one in place of the other, without their control characters.
    pub(crate) fn pictures(&self) -> Vec<String> {
        let shown = self.shown().replace("\x1b[2K", "");
        let lines = shown.split(['\r', '\n']);
        lines
            .map(|line| line.trim_end().to_owned())
            .filter(|line| !line.is_empty())
            .collect()
    }
}

fn script() -> PathBuf {
    repository().join("tests/clients/terminal.py")
}
