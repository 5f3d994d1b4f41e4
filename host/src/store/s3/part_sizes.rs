//! How an upload is cut. How large the object will be is not known when it begins.

const MIB: u64 = 1 << 20;
/// S3 takes no larger part.
const LARGEST: u64 = 5 << 30;

/// Parts that double every so many: what is still short goes out soon, and the number of parts is
/// never what ends an upload.
#[derive(Debug, Clone, Copy)]
pub(super) struct PartSizes {
    pub(super) doubles_after: usize,
    pub(super) most: usize,
}

impl PartSizes {
    /// 10,000 parts hold more than the 5 TiB that S3 takes of an object.
    pub(super) const S3: Self = Self {
        doubles_after: 1_000,
        // S3 takes no more of one object.
        most: 10_000,
    };

    /// The bytes of a part; the first is number 0.
    pub(super) fn size(self, part: usize) -> u64 {
        let doubled = (part / self.doubles_after).min(10);
        ((8 * MIB) << doubled).min(LARGEST)
    }

    /// Whether an object may have one more part than these.
    pub(super) fn allows_more_than(self, parts: usize) -> bool {
        parts < self.most
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    /// How many parts an object of that size takes.
    fn parts(bytes: u64) -> usize {
        let mut rest = bytes;
        let sizes = (0..).map(|part| PartSizes::S3.size(part));
        sizes
            .take_while(|size| {
                let is_more = rest > 0;
                rest = rest.saturating_sub(*size);
                is_more
            })
            .count()
    }

    #[test]
    fn the_largest_object_that_s3_takes_fits_into_its_number_of_parts() {
        assert!(parts(5 * 1024 * GIB) <= PartSizes::S3.most);
        let largest = (0..PartSizes::S3.most)
            .map(|part| PartSizes::S3.size(part))
            .max();
        assert!(largest <= Some(LARGEST));
        assert!(parts(400 * GIB) < 6_000, "{}", parts(400 * GIB));
        assert_eq!(parts(7 * GIB), 7 * 1024 / 8);
    }
}
