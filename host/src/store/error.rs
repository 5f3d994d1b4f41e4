//! What went wrong at a store: the failure that the sidecar decides by, and the words for the operator.
//!
//! A back end says why it failed (an [`Explanation`]); what was being done, to which key and in which
//! store is added here. A code is only what the operator reads: what the sidecar decides, it decides
//! by the [`StoreFailure`] that the error carries.

use std::error::Error as StdError;
use std::fmt;

use crate::error::{Error, Kind};

pub(super) type BoxedCause = Box<dyn StdError + Send + Sync>;

/// What was being done; decides which permission is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreOperation {
    /// Writing an object.
    Write,
    /// Reading an object, or asking for its size.
    Read,
    /// Listing a folder.
    List,
    /// Copying inside the store.
    Copy,
    /// Deleting an object.
    Delete,
}

/// Why a store did not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFailure {
    /// No connection.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// It could not, repeatedly.
    Unavailable,
    /// Its certificate is of an unknown authority.
    Untrusted,
    /// There is nothing to sign a request with.
    NoCredentials,
    /// It does not accept the credentials.
    BadCredentials,
    /// The credentials, or this user, may not do that.
    Denied(StoreOperation),
    /// There is no such bucket.
    NoBucket,
    /// The bucket is in another region.
    WrongRegion,
    /// Its clock and this machine's differ too much.
    ClockSkew,
    /// No room is left.
    Full,
    /// The service does not know the request.
    Unsupported,
    /// The object is not there.
    Missing,
    /// Another sidecar wrote the object meanwhile.
    Conflict,
    /// The disk below it cannot give back what was written.
    Unreadable,
    /// It has other bytes than were sent.
    DamagedInTransit,
    /// Another sidecar took the lease over.
    LeaseLost,
    /// The run that was uploading failed.
    UploadAbandoned,
    /// Anything else.
    Other,
}

/// Why a store failed; none if the error is of another sort.
pub fn failure(error: &Error) -> Option<StoreFailure> {
    let mut next = StdError::source(error);
    while let Some(inner) = next {
        if let Some(found) = inner.downcast_ref::<FailureSource>() {
            return Some(found.failure);
        }
        next = inner.source();
    }
    None
}

impl StoreFailure {
    /// Whether the store gave no answer at all.
    pub(super) fn is_unanswered(self) -> bool {
        matches!(self, Self::Unreachable | Self::TimedOut | Self::Unavailable)
    }

    /// Whether it is about the store, and not about one object in it.
    pub(super) fn is_of_the_store(self) -> bool {
        matches!(
            self,
            Self::Unreachable
                | Self::TimedOut
                | Self::Untrusted
                | Self::NoCredentials
                | Self::BadCredentials
                | Self::NoBucket
                | Self::WrongRegion
                | Self::ClockSkew
        )
    }

    /// An error that carries this failure.
    pub(super) fn error(self, message: impl Into<String>) -> Error {
        self.error_from(message, None)
    }

    fn error_from(self, message: impl Into<String>, cause: Option<BoxedCause>) -> Error {
        let kind = match self {
            Self::Missing => Kind::NotFound,
            _ => Kind::Run,
        };
        Error::new(kind, self.code(), message).caused_by(FailureSource {
            failure: self,
            cause,
        })
    }

    fn code(self) -> &'static str {
        use StoreOperation::{Copy, Delete, List, Read, Write};
        match self {
            Self::Unreachable => "store-unreachable",
            Self::TimedOut => "store-timeout",
            Self::Unavailable => "store-unavailable",
            Self::Untrusted => "untrusted-certificate",
            Self::NoCredentials => "no-credentials",
            Self::BadCredentials => "bad-credentials",
            Self::Denied(Write | Copy) => "no-write-permission",
            Self::Denied(Read) => "no-read-permission",
            Self::Denied(List) => "no-list-permission",
            Self::Denied(Delete) => "no-delete-permission",
            Self::NoBucket => "no-such-bucket",
            Self::WrongRegion => "wrong-region",
            Self::ClockSkew => "clock-skew",
            Self::Full => "store-full",
            Self::Unsupported => "not-supported",
            Self::Missing => "not-in-store",
            Self::Conflict => "store-conflict",
            Self::Unreadable => "unreadable",
            Self::DamagedInTransit => "damaged-on-the-way",
            Self::LeaseLost => "lease-lost",
            Self::UploadAbandoned => "upload-abandoned",
            Self::Other => "store-failed",
        }
    }
}

/// The failure among an error's sources; shows its cause.
#[derive(Debug)]
struct FailureSource {
    failure: StoreFailure,
    cause: Option<BoxedCause>,
}

impl fmt::Display for FailureSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(cause) => cause.fmt(f),
            None => f.write_str(self.failure.code()),
        }
    }
}

impl StdError for FailureSource {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().and_then(|cause| cause.source())
    }
}

/// Why a back end failed, in the operator's words.
pub(super) struct Explanation {
    pub(super) failure: StoreFailure,
    pub(super) reason: String,
    pub(super) hint: String,
}

impl Explanation {
    pub(super) fn new(
        failure: StoreFailure,
        reason: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            failure,
            reason: reason.into(),
            hint: hint.into(),
        }
    }

    pub(super) fn missing() -> Self {
        let hint = "`sidecar list` shows what the stores hold";
        Self::new(StoreFailure::Missing, "it is not there", hint)
    }

    /// `cannot write citus/daily/x.dump to store "minio": no space is left`
    pub(super) fn into_error(
        self,
        operation: StoreOperation,
        shown: &str,
        store: &str,
        cause: Option<BoxedCause>,
    ) -> Error {
        let (doing, preposition) = match operation {
            StoreOperation::Write => ("write", "to"),
            StoreOperation::Read => ("read", "in"),
            StoreOperation::List => ("list", "in"),
            StoreOperation::Copy => ("copy to", "in"),
            StoreOperation::Delete => ("delete", "in"),
        };
        let reason = self.reason;
        let message = format!("cannot {doing} {shown} {preposition} store `{store}`: {reason}");
        self.failure.error_from(message, cause).hint(self.hint)
    }
}

/// How the store's clock differs from this machine's.
pub(super) fn skew_in_words(seconds: i64) -> String {
    match seconds {
        0 => "the same second".to_owned(),
        seconds @ 1.. => format!("the store's is {seconds} s ahead"),
        seconds => format!("the store's is {} s behind", -seconds),
    }
}

/// What to do about clocks that differ.
pub(super) const CLOCK_HINT: &str =
    "correct the clock of this machine (NTP), or the store's: requests are signed with the time";
