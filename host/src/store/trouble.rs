//! What went wrong at a store, in the operator's words. The only place that knows the library's errors.

use std::error::Error as StdError;
use std::io;

use opendal::ErrorKind;

use super::Store;
use crate::config::Place;
use crate::error::{Error, Kind};

/// What was being done; decides which permission is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    Write,
    Read,
    List,
    Copy,
    Delete,
}

/// The parts of an error that depend on what happened.
struct Trouble {
    kind: Kind,
    code: &'static str,
    reason: String,
    hint: String,
}

impl Store {
    /// `cannot upload citus/daily/x.dump to store "minio": no space is left`
    pub(super) fn trouble(&self, doing: Doing, key: &str, error: opendal::Error) -> Error {
        let found = self.explain(doing, &error);
        let message = format!(
            "cannot {} {} store `{}`: {}",
            match doing {
                Doing::Write => format!("write {}", self.shown(key)),
                Doing::Read => format!("read {}", self.shown(key)),
                Doing::List => format!("list {}", self.shown(key)),
                Doing::Copy => format!("copy to {}", self.shown(key)),
                Doing::Delete => format!("delete {}", self.shown(key)),
            },
            if doing == Doing::Write { "to" } else { "in" },
            self.name(),
            found.reason,
        );
        Error::new(found.kind, found.code, message)
            .hint(found.hint)
            .caused_by(error)
    }

    fn explain(&self, doing: Doing, error: &opendal::Error) -> Trouble {
        if let Some(code) = service_code(error.message())
            && let Some(trouble) = self.refused(code)
        {
            return trouble;
        }
        if let Some(error) = cause::<io::Error>(error).filter(|_| self.is_folder()) {
            return self.file_system(doing, error);
        }
        let place = self.place();
        match error.kind() {
            ErrorKind::NotFound => Trouble {
                kind: Kind::NotFound,
                code: "not-in-store",
                reason: "it is not there".to_owned(),
                hint: "`sidecar list` shows what the stores hold".to_owned(),
            },
            ErrorKind::PermissionDenied => self.denied(doing),
            ErrorKind::ConditionNotMatch | ErrorKind::AlreadyExists => Trouble::run(
                "store-conflict",
                "it was written by somebody else meanwhile",
                "see whether another sidecar uses the same prefix",
            ),
            _ if error.message().starts_with("signing") => self.no_credentials(),
            _ if error.message().starts_with("timed out") => Trouble::run(
                "store-timeout",
                error.message(),
                format!("see whether {place} is overloaded or cut off"),
            ),
            _ => self.transport(error),
        }
    }

    /// By the service's own word for it.
    fn refused(&self, code: &str) -> Option<Trouble> {
        let place = self.place();
        Some(match code {
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "InvalidToken"
            | "ExpiredToken"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException" => Trouble::run(
                "bad-credentials",
                format!("the service does not accept the credentials ({code})"),
                "correct `access_key_id` and `secret_access_key`: they may be mistyped, expired or of another service",
            ),
            "NoSuchBucket" => Trouble::run(
                "no-such-bucket",
                format!("there is no {place}"),
                "create the bucket, or correct `bucket` (and `endpoint`)",
            ),
            "RequestTimeTooSkewed" => Trouble::run(
                "clock-skew",
                format!(
                    "the clocks differ too much ({}, see the hint)",
                    self.skew_in_words()
                ),
                "correct the clock of this machine (NTP), or the store's: requests are signed with the time",
            ),
            "PermanentRedirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException" => Trouble::run(
                "wrong-region",
                format!("the bucket is not where it was looked for ({code})"),
                "correct `region` and `endpoint`",
            ),
            "XMinioStorageFull" | "QuotaExceeded" | "EntityTooLarge" | "InsufficientStorage" => {
                Trouble::run(
                    "store-full",
                    format!("the store has no room for it ({code})"),
                    "free space in the store, shorten `retention`, or raise its quota",
                )
            }
            "SlowDown" | "ServiceUnavailable" | "InternalError" | "TooManyRequests" => {
                self.unavailable(code)
            }
            "NotImplemented" => Trouble::run(
                "not-supported",
                format!("the service at {place} cannot do this"),
                "several sidecars cannot take turns with this store: run one only, or use another service",
            ),
            "InvalidPart" | "BadDigest" | "XAmzContentChecksumMismatch" => Trouble::run(
                "damaged-on-the-way",
                format!("the store received something else than was sent ({code})"),
                "run the backup again; if it repeats, look for a proxy between here and the store that alters what passes",
            ),
            _ => return None,
        })
    }

    fn denied(&self, doing: Doing) -> Trouble {
        let (code, wanted) = match doing {
            Doing::Write | Doing::Copy => ("no-write-permission", "s3:PutObject"),
            Doing::Read => ("no-read-permission", "s3:GetObject"),
            Doing::List => ("no-list-permission", "s3:ListBucket"),
            Doing::Delete => ("no-delete-permission", "s3:DeleteObject"),
        };
        let hint = format!("allow these credentials `{wanted}` on {}", self.place());
        Trouble::run(code, "access denied", hint)
    }

    fn file_system(&self, doing: Doing, error: &io::Error) -> Trouble {
        let reason = Error::io("use", self.folder(), clone_of(error));
        let reason = reason.message().rsplit(": ").next().unwrap_or_default();
        let user = rustix::process::geteuid().as_raw();
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                let denied = self.denied(doing);
                let hint = format!(
                    "make {} accessible to uid {user}, or mount it writable",
                    self.folder().display()
                );
                Trouble::run(denied.code, reason, hint)
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Trouble::run(
                "store-full",
                reason,
                "free space in the store, shorten `retention`, or make the volume larger",
            ),
            io::ErrorKind::NotFound => Trouble {
                kind: Kind::NotFound,
                ..Trouble::run(
                    "not-in-store",
                    "it is not there",
                    "`sidecar list` shows what the stores hold",
                )
            },
            _ => Trouble::run(
                "store-failed",
                reason,
                "see whether the volume is still mounted and healthy",
            ),
        }
    }

    fn transport(&self, error: &opendal::Error) -> Trouble {
        let place = self.place();
        let chain = in_words(error);
        if let Some(request) = cause::<reqwest::Error>(error) {
            if chain.contains("certificate") {
                return Trouble::run(
                    "untrusted-certificate",
                    chain,
                    "give the certificate of the endpoint's own authority as `ca_file`, or correct `endpoint`",
                );
            }
            if request.is_connect() {
                return Trouble::run(
                    "store-unreachable",
                    chain,
                    format!(
                        "correct `endpoint`, or see whether {place} runs and can be reached from here"
                    ),
                );
            }
        }
        if error.is_temporary() {
            return self.unavailable(&chain);
        }
        Trouble::run("store-failed", chain, format!("see the log of {place}"))
    }

    fn unavailable(&self, reason: &str) -> Trouble {
        Trouble::run(
            "store-unavailable",
            format!("the store could not do it, repeatedly ({reason})"),
            format!(
                "see whether {} is healthy; `sidecar upload --pending` sends what is missing",
                self.place()
            ),
        )
    }

    fn no_credentials(&self) -> Trouble {
        Trouble::run(
            "no-credentials",
            "there are no credentials to sign the request with",
            "give `access_key_id` and `secret_access_key`, or run where AWS's own variables or a role provide them",
        )
    }

    /// `bucket backups at http://minio:9000`, `folder /backups`
    pub(super) fn place(&self) -> String {
        match &self.spec().place {
            Place::Fs { path } => format!("folder {}", path.display()),
            Place::S3(bucket) => format!(
                "bucket `{}` at {}",
                bucket.name,
                bucket.endpoint.as_deref().unwrap_or("AWS")
            ),
        }
    }

    pub(super) fn skew_in_words(&self) -> String {
        match self.skew() {
            0 => "the same second".to_owned(),
            ahead @ 1.. => format!("the store's is {ahead} s ahead"),
            behind => format!("the store's is {} s behind", -behind),
        }
    }
}

impl Trouble {
    fn run(code: &'static str, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            kind: Kind::Run,
            code,
            reason: reason.into(),
            hint: hint.into(),
        }
    }
}

/// `NoSuchBucket` out of the library's `S3Error { code: "NoSuchBucket", … }`.
fn service_code(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("S3Error { code: \"")?;
    rest.split('"').next().filter(|code| !code.is_empty())
}

/// The first of its type among the causes.
fn cause<E: StdError + 'static>(error: &opendal::Error) -> Option<&E> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// The innermost cause: the outer ones only say that a request was sent.
fn in_words(error: &opendal::Error) -> String {
    let mut last = error.message().to_owned();
    let mut next = error.source();
    while let Some(error) = next {
        last = error.to_string();
        next = error.source();
    }
    let plain = last.split(" (os error").next().unwrap_or_default();
    plain.chars().take(300).collect()
}

fn clone_of(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => error.kind().into(),
    }
}
