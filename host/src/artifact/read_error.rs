//! What went wrong while a backup was read back.

use std::io::ErrorKind;

use crate::error::{Error, Kind};

/// An error of the host comes out as it went into `std::io`; what a decoder refuses is damage.
pub fn read_error(error: std::io::Error) -> Error {
    let damage = matches!(
        error.kind(),
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof
    );
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) if damage => Error::new(
            Kind::Verification,
            "damaged",
            format!("the backup cannot be read back: {error}"),
        )
        .hint("do not restore it: take another one (`sidecar list`), and find out what altered it"),
        Err(error) => Error::run("io", format!("cannot read the backup: {error}")),
    }
}
