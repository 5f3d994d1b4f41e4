//! The one error of the host: what happened, for the operator, and what to do.
//!
//! Rules:
//! - `message` is one sentence without a full stop, and names the thing: the path, the command, the key.
//! - `hint` says what to do next; leave it out rather than repeat the message.
//! - No secret ever gets into either.
//! - An error knows no HTTP status and no exit code: the frontends map its [`Kind`].

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use crate::redact;

/// The kind of an error; the frontends map it to an exit code or a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The caller asked for something that cannot be.
    BadRequest,
    /// What was asked for does not exist.
    NotFound,
    /// The configuration or a module is invalid.
    Config,
    /// A module asked for more than it is allowed.
    Denied,
    /// Another run is in progress.
    Busy,
    /// The run failed.
    Run,
    /// The run was cancelled.
    Cancelled,
    /// The sidecar is shutting down.
    ShuttingDown,
    /// The caller may not do this.
    Forbidden,
    /// Another service did not answer as it should.
    Upstream,
    /// What was read back is not what was written.
    Verification,
}

/// An error with a stable `code`, a message and a hint.
#[derive(Debug)]
pub struct Error {
    kind: Kind,
    code: Cow<'static, str>,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The result of everything inside.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// `code` is kebab-case and never changes once published.
    pub fn new(kind: Kind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.into(),
            message: safe(message.into()),
            hint: None,
            source: None,
        }
    }

    /// A failed run: the kind that most errors are.
    pub fn run(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(Kind::Run, code, message)
    }

    /// An operation of the system on `path` that failed: says which path, and which user.
    pub fn io(doing: &str, path: &std::path::Path, error: std::io::Error) -> Self {
        let message = format!("cannot {doing} {}: {}", path.display(), plain(&error));
        let hint = match error.kind() {
            std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
                Some(format!(
                    "the sidecar runs as uid {} gid {}: make the path accessible to it, or mount the volume writable",
                    rustix::process::geteuid().as_raw(),
                    rustix::process::getegid().as_raw(),
                ))
            }
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Some(
                "free space or inodes on that volume (`df -h`, `df -i`), or make it larger; nothing was published".to_owned(),
            ),
            std::io::ErrorKind::NotFound => {
                Some("create it, or correct the path in the configuration".to_owned())
            }
            _ => None,
        };
        let code = match error.kind() {
            std::io::ErrorKind::PermissionDenied => "permission-denied",
            std::io::ErrorKind::ReadOnlyFilesystem => "read-only",
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => "disk-full",
            std::io::ErrorKind::NotFound => "not-found",
            _ => "io",
        };
        Self {
            kind: Kind::Run,
            code: code.into(),
            message: safe(message),
            hint,
            source: Some(Box::new(error)),
        }
    }

    /// Says what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(safe(hint.into()));
        self
    }

    /// The same, with what it is about in front: one of several strategies, a key, a step.
    pub fn named(&self, about: &str) -> Self {
        let message = format!("{about}: {}", self.message);
        let named = Self::new(self.kind, self.code.clone(), message);
        match &self.hint {
            Some(hint) => named.hint(hint.clone()),
            None => named,
        }
    }

    /// All of them as one, with the code and the kind of the first; none of none.
    #[must_use]
    pub fn joined(errors: &[Self]) -> Option<Self> {
        let first = errors.first()?;
        let messages: Vec<&str> = errors.iter().map(Self::message).collect();
        let mut hints: Vec<&str> = errors.iter().filter_map(Self::hint_text).collect();
        hints.dedup();
        let error = Self::new(first.kind, first.code.clone(), messages.join("; "));
        Some(match hints.is_empty() {
            true => error,
            false => error.hint(hints.join("; ")),
        })
    }

    /// The same of another kind.
    #[must_use]
    pub fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// Keeps what caused it, for the logs.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The same, with its texts as `shown` makes them.
    #[must_use]
    pub fn map_texts(mut self, shown: impl Fn(&str) -> String) -> Self {
        self.message = shown(&self.message);
        self.hint = self.hint.as_deref().map(shown);
        self
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The stable kebab-case word.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// One sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// Without secrets, wherever it came from.
fn safe(text: String) -> String {
    match redact::redacted(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(redacted) => redacted,
    }
}

/// The system's message without Rust's "(os error 13)".
fn plain(error: &std::io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}
