//! The numbers of the format (PKWARE's APPNOTE 6.3).

pub(super) const LOCAL: u32 = 0x0403_4b50;
pub(super) const DESCRIPTOR: u32 = 0x0807_4b50;
pub(super) const CENTRAL: u32 = 0x0201_4b50;
pub(super) const END: u32 = 0x0605_4b50;
pub(super) const END_64: u32 = 0x0606_4b50;
pub(super) const LOCATOR_64: u32 = 0x0706_4b50;

/// The extra field with numbers of 64 bits.
pub(super) const EXTRA_64: u16 = 0x0001;

/// Where a number of 32 bits stands in another place.
pub(super) const ELSEWHERE: u32 = u32::MAX;
/// The same of 16 bits.
pub(super) const MANY: u16 = u16::MAX;

/// What a reader has to know: 4.5 has 64 bits.
pub(super) const VERSION: u16 = 45;

/// Sizes follow the bytes (bit 3), and names are UTF-8 (bit 11).
pub(super) const FLAGS: u16 = 1 << 3 | 1 << 11;

/// Bytes of a central header, without its name and what follows.
pub(super) const CENTRAL_SIZE: usize = 46;
/// The same of a local one.
pub(super) const LOCAL_SIZE: usize = 30;
/// Bytes of the end of a file without a comment.
pub(super) const END_SIZE: usize = 22;
/// Bytes of the end with 64 bits, and of what points to it.
pub(super) const END_64_SIZE: usize = 56;
pub(super) const LOCATOR_64_SIZE: usize = 20;

/// Little-endian numbers, one behind the other.
#[derive(Default)]
pub(super) struct Fields(pub(super) Vec<u8>);

impl Fields {
    pub(super) fn u16(mut self, number: u16) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    pub(super) fn u32(mut self, number: u32) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    pub(super) fn u64(mut self, number: u64) -> Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend(bytes);
        self
    }
}

/// A number that has 32 bits, or stands in the extra field.
pub(super) fn short(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(ELSEWHERE)
}
