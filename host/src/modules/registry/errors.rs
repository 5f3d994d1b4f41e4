//! Errors of a registry as an operator reads them. No other file knows the library's errors.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use oci_client::errors::{DigestError, OciDistributionError, OciErrorCode};

use crate::config::Reference;
use crate::error::{Error, Kind};

/// Why a request failed, and whether another one may succeed.
pub(super) struct RegistryFailure {
    pub(super) error: Error,
    may_pass: bool,
}

impl RegistryFailure {
    /// Whether the same request may succeed in a while.
    pub(super) fn may_pass(&self) -> bool {
        self.may_pass
    }
}

impl From<Error> for RegistryFailure {
    fn from(error: Error) -> Self {
        Self {
            error,
            may_pass: false,
        }
    }
}

/// Turns errors into messages that name one reference and the account that asked for it.
pub(super) struct RegistryErrors {
    reference: Reference,
    account: String,
}

impl fmt::Display for RegistryErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reference.fmt(f)
    }
}

impl RegistryErrors {
    /// `account`: "as ci", "without credentials".
    pub(super) fn new(reference: &Reference, account: String) -> Self {
        Self {
            reference: reference.clone(),
            account,
        }
    }

    /// A request failed.
    pub(super) fn request_failed(&self, error: OciDistributionError) -> RegistryFailure {
        use OciDistributionError as Oci;
        let may_pass = match &error {
            Oci::ServerError { code, .. } => status_may_pass(*code),
            Oci::RequestError(request) => request_may_pass(request),
            _ => false,
        };
        let message = match &error {
            Oci::UnauthorizedError { .. } | Oci::AuthenticationFailure(_) => self.denied(),
            Oci::ServerError {
                code: 401 | 403, ..
            } => self.denied(),
            Oci::ServerError { code: 404, .. } | Oci::ImageManifestNotFoundError(_) => {
                self.not_found()
            }
            Oci::ServerError { code, .. } => self.unavailable(&format!("it answers {code}")),
            Oci::RegistryError { envelope, .. } => match envelope.errors.first().map(|e| &e.code) {
                Some(OciErrorCode::Unauthorized | OciErrorCode::Denied) => self.denied(),
                Some(
                    OciErrorCode::ManifestUnknown
                    | OciErrorCode::NameUnknown
                    | OciErrorCode::NotFound
                    | OciErrorCode::BlobUnknown,
                ) => self.not_found(),
                _ => self.unavailable(&innermost(&error)),
            },
            Oci::RequestError(request) => self.transport(request),
            Oci::DigestError(_) => self.altered(&innermost(&error)),
            Oci::VersionedParsingError(_) | Oci::ManifestParsingError(_) => {
                self.unavailable("what it answers is no manifest")
            }
            _ => self.unavailable(&innermost(&error)),
        };
        RegistryFailure {
            error: message.caused_by(error),
            may_pass,
        }
    }

    /// A server of tokens could not be asked.
    pub(super) fn tokens_failed(&self, error: reqwest::Error) -> RegistryFailure {
        self.request_failed(OciDistributionError::RequestError(error))
    }

    /// A server of tokens gave none.
    pub(super) fn tokens_refused(&self, status: u16) -> RegistryFailure {
        match status_may_pass(status) {
            true => RegistryFailure {
                error: self.unavailable(&format!("its server of tokens answers {status}")),
                may_pass: true,
            },
            false => self.denied().into(),
        }
    }

    /// A server of tokens answered something else.
    pub(super) fn no_token(&self) -> Error {
        self.unavailable("its server of tokens answers without one")
    }

    /// The stream of bytes ended early, or its digest is another one.
    pub(super) fn stream_failed(&self, error: io::Error) -> RegistryFailure {
        let (message, may_pass) = match error.get_ref() {
            Some(inner) if inner.is::<DigestError>() => {
                (self.altered("its bytes are not those of its digest"), false)
            }
            Some(inner) => match inner.downcast_ref() {
                Some(request) => (self.transport(request), request_may_pass(request)),
                None => (self.cut_off(&innermost(inner)), true),
            },
            None => (self.cut_off(&error.to_string()), true),
        };
        RegistryFailure {
            error: message.caused_by(error),
            may_pass,
        }
    }

    /// The tag names another component than the pinned one.
    pub(super) fn not_pinned(&self, pinned: &str, found: &str) -> Error {
        let message =
            format!("{self} is not the module that was pinned: expected {pinned}, found {found}");
        Error::new(Kind::Config, "module-changed", message).hint(
            "another module was pushed under this name; if it is wanted, write its digest to `sha256`",
        )
    }

    /// The registry sent other bytes than its manifest promises.
    pub(super) fn altered(&self, how: &str) -> Error {
        let message = format!(
            "what {} sent for {self} was altered: {how}",
            self.reference.host
        );
        Error::new(Kind::Verification, "module-altered", message).hint(
            "nothing of it was kept; push the module again, and find out where it was altered: in the registry or on the way",
        )
    }

    fn cut_off(&self, how: &str) -> Error {
        let message = format!("the download of {self} broke off: {how}");
        Error::run("cut-off", message).hint(
            "nothing of it was kept; try again, and look for a proxy on the way if it repeats",
        )
    }

    fn denied(&self) -> Error {
        let host = &self.reference.host;
        let message = format!("the registry {host} refuses {self}, asked {}", self.account);
        Error::run("registry-denied", message).hint(format!(
            "give an account that may as registries.{host}.username and password, or `docker login {host}`"
        ))
    }

    fn not_found(&self) -> Error {
        Error::run("not-in-registry", format!("there is no {self}")).hint(
            "correct the name or the tag; some registries also say this where the account has no right to look",
        )
    }

    fn unavailable(&self, reason: &str) -> Error {
        let message = format!(
            "the registry {} could not do it: {reason}",
            self.reference.host
        );
        Error::run("registry-unavailable", message)
            .hint(format!("see whether {} is healthy", self.reference.host))
    }

    fn transport(&self, request: &reqwest::Error) -> Error {
        let host = &self.reference.host;
        let chain = innermost(request);
        if is_untrusted(&chain) {
            let message = format!("the certificate of the registry {host} is not trusted: {chain}");
            return Error::run("untrusted-certificate", message).hint(format!(
                "name its authority's certificate as registries.{host}.ca_file"
            ));
        }
        if request.is_connect() {
            let message = format!("the registry {host} cannot be reached: {chain}");
            return Error::run("registry-unreachable", message).hint(format!(
                "see whether it runs and can be reached from here; one that speaks plain HTTP needs registries.{host}.insecure, or --insecure on the command line"
            ));
        }
        if request.is_timeout() {
            return self.unavailable("it is silent for too long");
        }
        if request.is_body() || request.is_decode() {
            return self.cut_off(&chain);
        }
        self.unavailable(&chain)
    }
}

/// Whether a registry that answers so may answer otherwise in a while.
fn status_may_pass(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
}

/// Whether a request that was not answered may be in a while.
fn request_may_pass(request: &reqwest::Error) -> bool {
    !request.is_builder() && !request.is_redirect() && !is_untrusted(&innermost(request))
}

/// The library below has no type for it.
fn is_untrusted(cause: &str) -> bool {
    cause.contains("certificate")
}

/// The text of the innermost cause: the outer ones only say that a request was sent.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut last = error;
    while let Some(inner) = last.source() {
        last = inner;
    }
    let text = last.to_string();
    let plain = text.split(" (os error").next().unwrap_or_default();
    plain.chars().take(300).collect()
}
