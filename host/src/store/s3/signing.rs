//! The signature of a request, by a clock that a refusal can correct. The library's own signer asks the
//! system for the time, and signs once for all tries; here each try is signed anew.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use http::request::Parts;
use http::{HeaderValue, Request, header};
use opendal::{Error, ErrorKind, HttpTransporter};
use reqsign_aws_core::signing::{
    canonical_request_string, canonicalize_headers, canonicalize_query,
};
use reqsign_aws_v4::Credential;
use reqsign_core::hash::{hex_hmac_sha256, hex_sha256, hmac_sha256};
use reqsign_core::time::Timestamp;
use reqsign_core::{
    Context, OsEnv, ProvideCredentialChain, SignRequest, Signer, SigningCredential, SigningRequest,
};

use super::payload::Payload;
use crate::clock;

/// A credential has to be good for this long.
const VALID_FOR: Duration = Duration::from_secs(10);

/// Signs requests to one service.
#[derive(Clone)]
pub(super) struct RequestSigning {
    signer: Signer<Credential>,
    pub(super) clock: Arc<SigningClock>,
}

/// What requests are signed with: this machine's clock until a refusal has told a better time.
#[derive(Debug, Default)]
pub(super) struct SigningClock(AtomicI64);

impl SigningClock {
    /// Seconds since the epoch.
    pub(super) fn now(&self) -> i64 {
        clock::now().as_second() + self.offset()
    }

    /// How many seconds it is ahead of this machine's.
    pub(super) fn offset(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Takes the service's time for its own. Returns what undoes it.
    pub(super) fn adopt(&self, seconds: i64) -> i64 {
        let offset = seconds - clock::now().as_second();
        self.0.swap(offset, Ordering::Relaxed)
    }

    pub(super) fn restore(&self, offset: i64) {
        self.0.store(offset, Ordering::Relaxed);
    }
}

impl RequestSigning {
    /// `plain` asks for credentials where a machine or a role provides them.
    pub(super) fn new(
        region: &str,
        providers: ProvideCredentialChain<Credential>,
        plain: HttpTransporter,
    ) -> Self {
        let clock = Arc::<SigningClock>::default();
        let context = Context::new()
            .with_file_read(reqsign_file_read_tokio::TokioFileRead)
            .with_http_send(plain)
            .with_env(OsEnv);
        let by_clock = SignatureV4 {
            region: region.to_owned(),
            clock: clock.clone(),
        };
        Self {
            signer: Signer::new(context, providers, by_clock),
            clock,
        }
    }

    pub(super) async fn sign(
        &self,
        request: Request<Payload>,
    ) -> opendal::Result<Request<Payload>> {
        let (mut parts, body) = request.into_parts();
        let signed = self.signer.sign(&mut parts, None).await;
        signed.map_err(|error| {
            let is_temporary = error.is_retryable();
            Error::new(ErrorKind::Unexpected, "signing the request failed")
                .with_temporary(is_temporary)
                .set_source(error)
        })?;
        // The client sets it in the way of the connection's version of HTTP.
        parts.headers.remove(header::HOST);
        Ok(Request::from_parts(parts, body))
    }
}

/// AWS Signature Version 4, in a header.
#[derive(Debug)]
struct SignatureV4 {
    region: String,
    clock: Arc<SigningClock>,
}

impl SignatureV4 {
    fn now(&self) -> reqsign_core::Result<Timestamp> {
        Timestamp::from_second(self.clock.now())
    }
}

impl SignRequest for SignatureV4 {
    type Credential = Credential;

    fn required_valid_until(&self, _: &Credential, _: Option<Duration>) -> Timestamp {
        self.now().unwrap_or_default() + VALID_FOR
    }

    async fn sign_request(
        &self,
        _: &Context,
        parts: &mut Parts,
        credential: Option<&Credential>,
        _: Option<Duration>,
    ) -> reqsign_core::Result<()> {
        let Some(credential) = credential else {
            return Ok(());
        };
        let now = self.now()?;
        if !credential.is_valid_at(now + VALID_FOR) {
            let message = "the credential expires before the request can be answered";
            return Err(reqsign_core::Error::credential_invalid(message));
        }
        let mut request = SigningRequest::build(parts)?;
        canonicalize_headers(&mut request, credential, None, now)?;
        let query = canonicalize_query(&request, &[]);
        let digest = hex_sha256(canonical_request_string(&request, &query)?.as_bytes());

        let (date, time) = (now.format_date(), now.format_iso8601());
        let scope = format!("{date}/{}/s3/aws4_request", self.region);
        let text = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{digest}");
        let mut key = format!("AWS4{}", credential.secret_access_key).into_bytes();
        for step in scope.split('/') {
            key = hmac_sha256(&key, step.as_bytes());
        }
        let mut authorization = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={}",
            credential.access_key_id,
            request.header_name_to_vec_sorted().join(";"),
        );
        // Writing into a text cannot fail.
        let _ = write!(
            authorization,
            ", Signature={}",
            hex_hmac_sha256(&key, text.as_bytes())
        );
        let mut authorization = HeaderValue::from_str(&authorization).map_err(|error| {
            reqsign_core::Error::request_invalid("the key is no text for a header")
                .with_source(error)
        })?;
        authorization.set_sensitive(true);
        request.headers.insert(header::AUTHORIZATION, authorization);
        request.apply(parts)
    }
}
