//! Writing an object from the spool, whole or in parts: the body of a request is read while it is sent.

use http::{HeaderMap, Request, Response, header};
use opendal::Buffer;
use percent_encoding::utf8_percent_encode;
use serde_json::json;

use super::abandoned::{PATH, UnfinishedUpload, VALUE};
use super::connection::S3Connection;
use super::payload::Payload;
use super::refusal::S3Refusal;
use super::xml::{from_json, to_json};

const CHECKSUM: &str = "x-amz-checksum-crc32c";

/// A part that the service has.
#[derive(Debug)]
pub(super) struct SentPart {
    pub(super) number: usize,
    etag: String,
    crc32c: String,
}

impl S3Connection {
    /// Writes an object whole. `path` is its key with the prefix, `crc32c` the checksum of its bytes.
    pub(super) async fn put_object(
        &self,
        path: &str,
        body: Payload,
        crc32c: &str,
    ) -> Result<(), S3Refusal> {
        let request = Request::put(self.object_url(path)).header(CHECKSUM, crc32c);
        let request = request.header(header::CONTENT_LENGTH, body.len());
        self.signed.ask(request, body).await.map(drop)
    }

    pub(super) async fn create_upload(&self, path: &str) -> Result<UnfinishedUpload, S3Refusal> {
        let request = Request::post(format!("{}?uploads=", self.object_url(path)))
            .header("x-amz-checksum-algorithm", "CRC32C")
            .header(header::CONTENT_LENGTH, 0);
        let answer = self.signed.ask(request, Payload::none()).await?;
        match read(answer)?["UploadId"].as_str() {
            Some(id) if !id.is_empty() => Ok(UnfinishedUpload {
                key: path.to_owned(),
                upload_id: id.to_owned(),
            }),
            _ => Err(S3Refusal::other("the answer names no upload")),
        }
    }

    /// Sends a part; the first is number 1.
    pub(super) async fn put_part(
        &self,
        upload: &UnfinishedUpload,
        number: usize,
        body: Payload,
        crc32c: String,
    ) -> Result<SentPart, S3Refusal> {
        let url = format!("{}&partNumber={number}", self.upload_url(upload));
        let request = Request::put(url)
            .header(CHECKSUM, &crc32c)
            .header(header::CONTENT_LENGTH, body.len());
        let answer = self.signed.ask(request, body).await?;
        let etag = answer.headers().get(header::ETAG);
        let etag = etag.and_then(|etag| etag.to_str().ok());
        let etag = etag.ok_or_else(|| S3Refusal::other("the answer has no ETag"))?;
        Ok(SentPart {
            number,
            etag: etag.to_owned(),
            crc32c,
        })
    }

    /// Makes the object appear.
    pub(super) async fn complete_upload(
        &self,
        upload: &UnfinishedUpload,
        parts: &[SentPart],
    ) -> Result<(), S3Refusal> {
        let parts: Vec<_> = parts
            .iter()
            .map(|part| {
                json!({
                    "PartNumber": part.number, "ETag": part.etag, "ChecksumCRC32C": part.crc32c,
                })
            })
            .collect();
        let inner = from_json(&json!({ "Part": parts }));
        let xml = format!("<CompleteMultipartUpload>{inner}</CompleteMultipartUpload>");
        let request = Request::post(self.upload_url(upload))
            .header(header::CONTENT_TYPE, "application/xml")
            .header(header::CONTENT_LENGTH, xml.len());
        let answer = self.signed.ask(request, xml.into_bytes()).await?;
        read(answer).map(drop)
    }

    fn upload_url(&self, upload: &UnfinishedUpload) -> String {
        let id = utf8_percent_encode(&upload.upload_id, VALUE);
        format!("{}?uploadId={id}", self.object_url(&upload.key))
    }

    pub(super) fn object_url(&self, path: &str) -> String {
        format!("{}/{}", self.signed.url(), utf8_percent_encode(path, PATH))
    }

    pub(super) async fn abort_upload(&self, upload: &UnfinishedUpload) -> Result<(), S3Refusal> {
        let request = Request::delete(self.upload_url(upload));
        self.signed.ask(request, Payload::none()).await.map(drop)
    }
}

/// What a good answer holds: S3 may begin one with 200, and then say that it failed.
fn read(answer: Response<Buffer>) -> Result<serde_json::Value, S3Refusal> {
    let (parts, body) = answer.into_parts();
    let bytes = body.to_bytes();
    match to_json(&String::from_utf8_lossy(&bytes)) {
        Ok((name, found)) if name != "Error" && !name.is_empty() => Ok(found),
        Ok((name, _)) if name == "Error" => {
            Err(S3Refusal::read(parts.status, &HeaderMap::new(), &bytes))
        }
        _ => Err(S3Refusal::other("the answer is something else")),
    }
}
