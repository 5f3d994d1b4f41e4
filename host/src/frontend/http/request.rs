//! Query and headers of a request, as a request to the service.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::http::{HeaderMap, HeaderName};
use schemars::JsonSchema;
use serde::Deserialize;

use super::error_response::ErrorResponse;
use super::state::Peer;
use crate::service::RunRequest;

/// The longest parameter of a client, in bytes.
const MAX_PARAMETER_LENGTH: usize = 1024;

/// The query of `POST /backup/export` and `POST /backup/run`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(super) struct Parameters {
    /// Given to the commands as `SIDE_CAR_DRIVE_FOLDER_ID`, and back as `X-Drive-Folder-Id`.
    drive_folder_id: Option<String>,
    /// Which of several strategies; left out: the only one, or the set of all.
    strategy: Option<String>,
    /// Whether a run ends when the client that waits for it goes away.
    #[serde(default)]
    pub(super) cancel_on_disconnect: bool,
}

impl Parameters {
    pub(super) fn read(query: Result<Query<Self>, QueryRejection>) -> Result<Self, ErrorResponse> {
        let Query(parameters) =
            query.map_err(|error| ErrorResponse::bad_request(error.body_text()))?;
        Ok(parameters)
    }

    /// The run that `peer` asks for.
    pub(super) fn request(
        &self,
        headers: &HeaderMap,
        peer: Peer,
    ) -> Result<RunRequest, ErrorResponse> {
        let folder = self.drive_folder_id.as_deref().filter(|id| !id.is_empty());
        if let Some(folder) = folder {
            check_plain("drive_folder_id", folder)?;
        }
        Ok(RunRequest {
            asked_by: peer.asked_by(),
            idempotency_key: idempotency_key(headers)?,
            downloadable: true,
            strategy: self.strategy.clone(),
            ..RunRequest::new(folder.map(str::to_owned))
        })
    }
}

/// The key under which a repeated request means the same run.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, ErrorResponse> {
    let key = header(headers, "idempotency-key")?;
    if let Some(key) = key {
        check_plain("Idempotency-Key", key)?;
        if key.trim().is_empty() {
            let message = "the Idempotency-Key is empty: leave it out, or send one of your own";
            return Err(ErrorResponse::bad_request(message));
        }
    }
    Ok(key.map(str::to_owned))
}

/// Whether the client does not want to wait: `Prefer: respond-async` (RFC 7240).
pub(super) fn prefers_async(headers: &HeaderMap) -> bool {
    lists(headers, "prefer", "respond-async")
}

/// Whether the client reads trailers: `TE: trailers` (RFC 9110). No other client is sent any.
pub(super) fn takes_trailers(headers: &HeaderMap) -> bool {
    lists(headers, "te", "trailers")
}

/// Whether a header's list has the item, with or without parameters.
fn lists(headers: &HeaderMap, name: &'static str, wanted: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|item| {
            let name = item.split([';', '=']).next().unwrap_or_default();
            name.trim().eq_ignore_ascii_case(wanted)
        })
}

fn header<'a>(
    headers: &'a HeaderMap,
    name: &'static str,
) -> Result<Option<&'a str>, ErrorResponse> {
    let value = headers.get(HeaderName::from_static(name));
    let text = value.map(|value| value.to_str()).transpose();
    text.map_err(|_| ErrorResponse::bad_request(format!("the header {name} is not plain text")))
}

/// Checks a value that is passed on in headers, in variables and in the log.
fn check_plain(name: &str, value: &str) -> Result<(), ErrorResponse> {
    if value.len() > MAX_PARAMETER_LENGTH {
        let message = format!("{name} is longer than {MAX_PARAMETER_LENGTH} bytes");
        return Err(ErrorResponse::bad_request(message));
    }
    if value.chars().any(char::is_control) {
        let message = format!("{name} holds a control character");
        return Err(ErrorResponse::bad_request(message));
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn preferences() {
        let prefer = |value: &str| {
            prefers_async(
                &[(HeaderName::from_static("prefer"), value.parse().unwrap())]
                    .into_iter()
                    .collect(),
            )
        };
        assert!(
            prefer("respond-async")
                && prefer("wait=10, Respond-Async")
                && prefer("respond-async;x=1")
        );
        assert!(
            !prefer("respond-sync") && !prefer("wait=100") && !prefers_async(&HeaderMap::new())
        );
    }

    #[test]
    fn parameters_of_a_client_are_plain() {
        let request = |folder: &str, key: &str| {
            let parameters = Parameters {
                drive_folder_id: Some(folder.to_owned()),
                ..Parameters::default()
            };
            let headers = [(
                HeaderName::from_static("idempotency-key"),
                key.parse().unwrap(),
            )];
            parameters.request(&headers.into_iter().collect(), Peer([127, 0, 0, 1].into()))
        };
        let good = request("1AbC_-x y&z=/%41 ñ", "key").unwrap();
        assert_eq!(good.drive_folder_id.unwrap(), "1AbC_-x y&z=/%41 ñ");
        assert_eq!(
            (good.idempotency_key.unwrap(), good.asked_by),
            ("key".to_owned(), "http 127.0.0.1".to_owned())
        );
        assert_eq!(request("", "key").unwrap().drive_folder_id, None);
        assert!(request("a\r\nb", "key").is_err() && request(&"x".repeat(2000), "key").is_err());
    }
}
