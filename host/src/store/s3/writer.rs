//! An upload into a bucket: a multipart upload, or one request if it is small.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::task::JoinSet;

use super::abandoned::UnfinishedUpload;
use super::connection::S3Connection;
use super::multipart::SentPart;
use super::part_sizes::PartSizes;
use super::payload::Payload;
use super::refusal::S3Refusal;
use crate::error::{Error, Result};
use crate::store::backend::PartWriter;
use crate::store::error::StoreOperation;
use crate::store::spool_range::SpoolRange;

/// Parts on their way at once.
const PARALLEL: usize = 3;

pub(super) struct S3Writer {
    connection: Arc<S3Connection>,
    key: String,
    sizes: PartSizes,
    /// The first part waits for the second: if there is none, one request is enough.
    first: Option<SpoolRange>,
    upload: Option<UnfinishedUpload>,
    /// Parts taken so far.
    parts: usize,
    sending: JoinSet<Result<SentPart>>,
    sent: Vec<SentPart>,
}

impl S3Writer {
    /// Sends nothing yet.
    pub(super) fn new(connection: Arc<S3Connection>, key: &str, sizes: PartSizes) -> Self {
        Self {
            connection,
            key: key.to_owned(),
            sizes,
            first: None,
            upload: None,
            parts: 0,
            sending: JoinSet::new(),
            sent: Vec::new(),
        }
    }

    fn path(&self) -> String {
        self.connection.full(&self.key)
    }

    fn refused(&self, refusal: S3Refusal) -> Error {
        self.connection
            .refused(StoreOperation::Write, &self.key, refusal)
    }

    fn too_large(&self) -> Error {
        let (name, shown) = (&self.connection.store, self.path());
        let message = format!("{shown} has more parts than store `{name}` takes");
        Error::run("artifact-too-large", message)
            .hint("back up fewer things at once, or compress: `artifact.compression: zst`")
    }

    async fn upload(&mut self) -> Result<UnfinishedUpload> {
        if let Some(upload) = &self.upload {
            return Ok(upload.clone());
        }
        let created = self.connection.create_upload(&self.path()).await;
        let upload = created.map_err(|refusal| self.refused(refusal))?;
        self.upload = Some(upload.clone());
        Ok(upload)
    }

    /// Sends a part, as soon as fewer than [`PARALLEL`] are on their way.
    async fn send(&mut self, upload: &UnfinishedUpload, part: SpoolRange) -> Result<()> {
        while self.sending.len() >= PARALLEL {
            self.await_part().await?;
        }
        let number = self.sent.len() + self.sending.len() + 1;
        let (connection, upload, key) = (self.connection.clone(), upload.clone(), self.key.clone());
        self.sending.spawn(async move {
            let part = Payload::from(part);
            let crc32c = part.crc32c().await?;
            let sent = connection.put_part(&upload, number, part, crc32c).await;
            sent.map_err(|refusal| connection.refused(StoreOperation::Write, &key, refusal))
        });
        Ok(())
    }

    /// Waits until another part has arrived; none is on its way if it returns false.
    async fn await_part(&mut self) -> Result<bool> {
        let Some(ended) = self.sending.join_next().await else {
            return Ok(false);
        };
        let sent = ended.map_err(|error| {
            Error::run("internal", "the upload of a part ended early").caused_by(error)
        })?;
        self.sent.push(sent?);
        Ok(true)
    }

    /// Makes the object appear; whether it did is looked up by the caller.
    async fn close(&mut self) -> Result<Result<(), S3Refusal>> {
        let Some(upload) = self.upload.clone() else {
            let body = self.first.clone().map_or_else(Payload::none, Payload::from);
            let crc32c = body.crc32c().await?;
            let path = self.path();
            return Ok(self.connection.put_object(&path, body, &crc32c).await);
        };
        while self.await_part().await? {}
        self.sent.sort_by_key(|part| part.number);
        let mut closed = self.connection.complete_upload(&upload, &self.sent).await;
        if closed.as_ref().is_err_and(S3Refusal::is_temporary) {
            // S3 may begin a good answer before it fails, which the transport takes for a success: only
            // here it can be tried again, and once, because the transport has waited already.
            closed = self.connection.complete_upload(&upload, &self.sent).await;
        }
        Ok(closed)
    }
}

#[async_trait]
impl PartWriter for S3Writer {
    fn part_size(&self) -> u64 {
        self.sizes.size(self.parts)
    }

    async fn write(&mut self, part: SpoolRange) -> Result<()> {
        if !self.sizes.allows_more_than(self.parts) {
            return Err(self.too_large());
        }
        self.parts += 1;
        if self.parts == 1 {
            self.first = Some(part);
            return Ok(());
        }
        let upload = self.upload().await?;
        if let Some(first) = self.first.take() {
            self.send(&upload, first).await?;
        }
        self.send(&upload, part).await
    }

    /// Asks whether the store has what was sent: an answer that was lost looks like a failure, and
    /// the repeated request like a refusal.
    async fn complete(&mut self, size: u64) -> Result<u64> {
        let closed = self.close().await?;
        let found = self.connection.operator.stat(&self.path()).await;
        match (closed, found.map(|found| found.content_length())) {
            (_, Ok(stored)) if stored == size => Ok(stored),
            (Ok(()), Ok(stored)) => Ok(stored),
            // Credentials that may only write: the store's own word is all there is.
            (Ok(()), Err(error)) if error.kind() == opendal::ErrorKind::PermissionDenied => {
                Ok(size)
            }
            (Err(refusal), _) => Err(self.refused(refusal)),
            (Ok(()), Err(error)) => {
                let operation = StoreOperation::Write;
                Err(self.connection.failed(operation, &self.key, error))
            }
        }
    }

    async fn abort(&mut self) -> Result<()> {
        // A part that arrived after the abortion would stay.
        self.sending.shutdown().await;
        let Some(upload) = self.upload.take() else {
            return Ok(());
        };
        match self.connection.abort_upload(&upload).await {
            Err(refusal) if refusal.code != "NoSuchUpload" => Err(self.refused(refusal)),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::os::unix::fs::FileExt;

    use super::*;
    use crate::config::Place;
    use crate::store::backend::Backend;
    use crate::store::s3::S3Backend;
    use crate::store::tests::fixtures::{HURRY, MIB, noise};
    use crate::store::tests::server::S3Server;

    /// As an upload does it: part after part of the size that is asked for.
    async fn write(writer: &mut S3Writer, bytes: &[u8]) -> Result<u64> {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(bytes, 0).unwrap();
        let (file, size) = (Arc::new(file), bytes.len() as u64);
        let mut start = 0;
        while start < size {
            let length = writer.part_size().min(size - start);
            let part = SpoolRange::new(file.clone(), start, length);
            writer.write(part).await?;
            start += length;
        }
        writer.complete(size).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn parts_that_grow_make_one_object_and_no_more_than_the_service_takes() {
        let server = S3Server::with_bucket(&[]);
        let spec = server.spec("citus");
        let Place::S3(bucket) = &spec.place else {
            panic!("a bucket")
        };
        let connection = Arc::new(S3Connection::open(&spec, bucket, HURRY).unwrap());
        let store = S3Backend::open(&spec, bucket, HURRY).unwrap();
        let sizes = PartSizes {
            doubles_after: 1,
            most: 3,
        };
        // 8, 16 and 32 MiB.
        let bytes = noise(56 * MIB);
        let mut writer = S3Writer::new(connection.clone(), "whole", sizes);
        let size = bytes.len() as u64;
        assert_eq!(write(&mut writer, &bytes).await.unwrap(), size);
        assert_eq!(store.read_range("whole", 0..size).await.unwrap(), bytes);
        let found = connection.operator.stat("citus/whole").await.unwrap();
        assert!(found.etag().unwrap().ends_with("-3\""), "{found:?}");

        let mut writer = S3Writer::new(connection, "larger", sizes);
        let error = write(&mut writer, &noise(56 * MIB + 1)).await.unwrap_err();
        assert_eq!(error.code(), "artifact-too-large");
        writer.abort().await.unwrap();
        assert_eq!(store.size("larger").await.unwrap(), None);
        assert_eq!(store.abort_uploads("larger").await.unwrap(), 0);
    }
}
