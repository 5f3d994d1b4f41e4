//! Why a service did not do it, in the operator's words. The only place that knows the library's errors.

use std::error::Error as StdError;

use opendal::ErrorKind;

use super::connection::S3Connection;
use super::refusal::S3Refusal;
use crate::error::Error;
use crate::store::error::{
    BoxedCause, CLOCK_HINT, Explanation, StoreFailure, StoreOperation, skew_in_words,
};

impl S3Connection {
    /// `cannot write citus/daily/x.dump to store "minio": access denied`
    pub(super) fn failed(
        &self,
        operation: StoreOperation,
        key: &str,
        error: opendal::Error,
    ) -> Error {
        let explained = self.explain(operation, &error);
        explained.into_error(
            operation,
            &self.full(key),
            &self.store,
            Some(Box::new(error)),
        )
    }

    /// The same of a request of our own.
    pub(super) fn refused(
        &self,
        operation: StoreOperation,
        key: &str,
        refusal: S3Refusal,
    ) -> Error {
        let explained = match (&refusal.broken, self.explain_code(&refusal.code)) {
            (Some(error), _) => self.explain(operation, error),
            (None, Some(explained)) => explained,
            (None, None) => self.explain_status(operation, &refusal),
        };
        let cause = refusal.broken.map(|error| -> BoxedCause { error });
        explained.into_error(operation, &self.full(key), &self.store, cause)
    }

    /// By the status alone: the service's word is none that is known.
    fn explain_status(&self, operation: StoreOperation, refusal: &S3Refusal) -> Explanation {
        let reason = refusal.to_string();
        match refusal.status.map(|status| status.as_u16()) {
            Some(401 | 403) => self.denied(operation),
            Some(404) => Explanation::missing(),
            Some(409 | 412) => conflict(),
            Some(408 | 429 | 500..) => self.unavailable(&reason),
            _ => {
                let hint = format!("see the log of {}", self.location);
                Explanation::new(StoreFailure::Other, reason, hint)
            }
        }
    }

    fn explain(&self, operation: StoreOperation, error: &opendal::Error) -> Explanation {
        if let Some(code) = service_code(error.message())
            && let Some(explained) = self.explain_code(code)
        {
            return explained;
        }
        let location = &self.location;
        match error.kind() {
            ErrorKind::NotFound => Explanation::missing(),
            ErrorKind::PermissionDenied => self.denied(operation),
            ErrorKind::ConditionNotMatch | ErrorKind::AlreadyExists => conflict(),
            _ if error.message().starts_with("signing") => Explanation::new(
                StoreFailure::NoCredentials,
                "there are no credentials to sign the request with",
                "give `access_key_id` and `secret_access_key`, or run where AWS's own variables or a role provide them",
            ),
            _ if error.message().starts_with("timed out") => Explanation::new(
                StoreFailure::TimedOut,
                error.message(),
                format!("see whether {location} is overloaded or cut off"),
            ),
            _ => self.explain_transport(error),
        }
    }

    /// By the service's own word for it.
    fn explain_code(&self, code: &str) -> Option<Explanation> {
        let location = &self.location;
        Some(match code {
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "InvalidToken"
            | "ExpiredToken"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException" => Explanation::new(
                StoreFailure::BadCredentials,
                format!("the service does not accept the credentials ({code})"),
                "correct `access_key_id` and `secret_access_key`: they may be mistyped, expired or of another service",
            ),
            "NoSuchBucket" => Explanation::new(
                StoreFailure::NoBucket,
                format!("there is no {location}"),
                "create the bucket, or correct `bucket` (and `endpoint`)",
            ),
            "RequestTimeTooSkewed" => Explanation::new(
                StoreFailure::ClockSkew,
                format!(
                    "the clocks differ too much ({}, see the hint)",
                    skew_in_words(self.skew.seconds())
                ),
                CLOCK_HINT,
            ),
            "PermanentRedirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException" => Explanation::new(
                StoreFailure::WrongRegion,
                format!("the bucket is not where it was looked for ({code})"),
                match self.dialect.region() {
                    Some(region) => format!(
                        "it is in `region: {region}`: set that, and the `endpoint` that belongs to it"
                    ),
                    None => "correct `region` and `endpoint`".to_owned(),
                },
            ),
            "XMinioStorageFull" | "QuotaExceeded" | "EntityTooLarge" | "InsufficientStorage" => {
                Explanation::new(
                    StoreFailure::Full,
                    format!("the store has no room for it ({code})"),
                    "free space in the store, shorten `retention`, or raise its quota",
                )
            }
            "SlowDown" | "ServiceUnavailable" | "InternalError" | "TooManyRequests" => {
                self.unavailable(code)
            }
            "NotImplemented" => Explanation::new(
                StoreFailure::Unsupported,
                format!("the service at {location} cannot do this"),
                "several sidecars cannot share this store: run one only, or use another service",
            ),
            "InvalidPart" | "BadDigest" | "XAmzContentChecksumMismatch" => Explanation::new(
                StoreFailure::DamagedInTransit,
                format!("the store received something else than was sent ({code})"),
                "run the backup again; if it repeats, look for a proxy between here and the store that alters what passes",
            ),
            _ => return None,
        })
    }

    fn denied(&self, operation: StoreOperation) -> Explanation {
        let wanted = match operation {
            StoreOperation::Write | StoreOperation::Copy => "s3:PutObject",
            StoreOperation::Read => "s3:GetObject",
            StoreOperation::List => "s3:ListBucket",
            StoreOperation::Delete => "s3:DeleteObject",
        };
        let hint = format!("allow these credentials `{wanted}` on {}", self.location);
        Explanation::new(StoreFailure::Denied(operation), "access denied", hint)
    }

    fn explain_transport(&self, error: &opendal::Error) -> Explanation {
        let location = &self.location;
        let reason = innermost(error);
        if let Some(request) = cause::<reqwest::Error>(error) {
            if reason.contains("certificate") {
                return Explanation::new(
                    StoreFailure::Untrusted,
                    reason,
                    "give the certificate of the endpoint's own authority as `ca_file`, or correct `endpoint`",
                );
            }
            if request.is_connect() {
                return Explanation::new(
                    StoreFailure::Unreachable,
                    reason,
                    format!(
                        "correct `endpoint`, or see whether {location} runs and can be reached from here"
                    ),
                );
            }
        }
        if error.is_temporary() {
            return self.unavailable(&reason);
        }
        let hint = format!("see the log of {location}");
        Explanation::new(StoreFailure::Other, reason, hint)
    }

    fn unavailable(&self, reason: &str) -> Explanation {
        Explanation::new(
            StoreFailure::Unavailable,
            format!("the store could not do it, repeatedly ({reason})"),
            format!(
                "see whether {} is healthy; `sidecar upload --pending` sends what is missing",
                self.location
            ),
        )
    }
}

fn conflict() -> Explanation {
    Explanation::new(
        StoreFailure::Conflict,
        "another sidecar wrote it meanwhile",
        "see whether another sidecar uses the same prefix",
    )
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

/// The words of the innermost cause: the outer ones only say that a request was sent.
fn innermost(error: &opendal::Error) -> String {
    let mut last = error.message().to_owned();
    let mut next = error.source();
    while let Some(error) = next {
        last = error.to_string();
        next = error.source();
    }
    let plain = last.split(" (os error").next().unwrap_or_default();
    plain.chars().take(300).collect()
}
