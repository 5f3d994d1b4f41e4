//! What a request carries: a few bytes, or a stretch of the spool file, which is never in memory as a
//! whole.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crc_fast::{CrcAlgorithm, Digest as Crc};
use md5::{Digest as _, Md5};
use opendal::Buffer;

use crate::error::Result;
use crate::store::blocking::blocking;
use crate::store::spool_range::SpoolRange;

/// The body of a request. Clones share it.
#[derive(Clone)]
pub(super) enum Payload {
    Bytes(Buffer),
    Spool(SpoolRange),
}

impl Payload {
    pub(super) fn none() -> Self {
        Self::Bytes(Buffer::new())
    }

    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Spool(range) => range.len(),
        }
    }

    /// Its MD5 in base64, as `Content-MD5` wants it.
    pub(super) async fn content_md5(&self) -> Result<String> {
        let payload = self.clone();
        let digest = blocking(move || {
            let mut digest = Md5::new();
            payload.for_each(|piece| digest.update(piece))?;
            Ok(digest.finalize())
        });
        Ok(STANDARD.encode(digest.await?))
    }

    /// Its CRC32C in base64, as `x-amz-checksum-crc32c` wants it.
    pub(super) async fn crc32c(&self) -> Result<String> {
        let payload = self.clone();
        let crc = blocking(move || {
            let mut crc = Crc::new(CrcAlgorithm::Crc32Iscsi);
            payload.for_each(|piece| crc.update(piece))?;
            Ok(crc.finalize() as u32)
        });
        Ok(STANDARD.encode(crc.await?.to_be_bytes()))
    }

    fn for_each(&self, mut show: impl FnMut(&[u8])) -> Result<()> {
        match self {
            Self::Bytes(bytes) => bytes.clone().for_each(|piece| show(&piece)),
            Self::Spool(range) => range.for_each(|piece| {
                show(piece);
                Ok(())
            })?,
        }
        Ok(())
    }
}

impl From<Buffer> for Payload {
    fn from(bytes: Buffer) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Payload {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl From<SpoolRange> for Payload {
    fn from(range: SpoolRange) -> Self {
        Self::Spool(range)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// Both from the standards: RFC 3720, appendix B.4, and RFC 1321, appendix A.5.
    #[tokio::test]
    async fn checksums_are_those_of_the_standards() {
        let zeros = Payload::from(vec![0; 32]);
        assert_eq!(zeros.crc32c().await.unwrap(), "ipE2qg==");
        let text = Payload::from(b"message digest".to_vec());
        assert_eq!(
            text.content_md5().await.unwrap(),
            "+WtpfXy3k41SWi8xqvFh0A=="
        );
    }
}
