//! Where a stretch of bytes is cut into files: by what stands there, so that the same bytes are cut at the
//! same places wherever they have moved to. A cut by length would shift all that follows an insertion.

/// Bytes that no file is shorter than, but the last one of a part.
const SHORTEST: u64 = 4 << 20;
/// Bytes that no file is longer than.
const LONGEST: u64 = 32 << 20;
/// One in that many places is a cut: 8 Mi on average.
const BITS: u32 = 23;
/// Bytes that decide.
const WINDOW: u64 = 64;

/// A number for each byte, which looks like chance and never changes.
const GEAR: [u64; 256] = {
    let mut gear = [0; 256];
    let mut state = 0x7369_6465_6361_7221_u64;
    let mut at = 0;
    while at < gear.len() {
        // splitmix64
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        gear[at] = mixed ^ (mixed >> 31);
        at += 1;
    }
    gear
};

/// Looks for the end of one file.
#[derive(Default)]
pub(super) struct Cutter {
    hash: u64,
    length: u64,
}

impl Cutter {
    /// Bytes of the file so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Takes the next bytes of the file. Returns how many of them belong to it, if it ends there.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Option<usize> {
        // What is certain to be in it decides nothing.
        let skipped = (SHORTEST - WINDOW).saturating_sub(self.length);
        let skipped = skipped.min(bytes.len() as u64) as usize;
        self.length += skipped as u64;
        for (at, byte) in bytes.iter().enumerate().skip(skipped) {
            self.hash = (self.hash << 1).wrapping_add(GEAR[usize::from(*byte)]);
            self.length += 1;
            let is_cut = self.length >= SHORTEST && self.hash >> (u64::BITS - BITS) == 0;
            if is_cut || self.length == LONGEST {
                return Some(at + 1);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes that look like chance.
    fn noise(length: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    /// The ends of the files, when the bytes come `step` at a time.
    fn cuts(bytes: &[u8], step: usize) -> Vec<usize> {
        let (mut ends, mut at) = (Vec::new(), 0);
        let mut cutter = Cutter::default();
        while at < bytes.len() {
            let next = &bytes[at..bytes.len().min(at + step)];
            match cutter.take(next) {
                Some(taken) => {
                    at += taken;
                    ends.push(at);
                    cutter = Cutter::default();
                }
                None => at += next.len(),
            }
        }
        ends
    }

    #[test]
    fn the_same_bytes_are_cut_at_the_same_places() {
        let bytes = noise(80 << 20);
        let ends = cuts(&bytes, 256 << 10);
        assert!(ends.len() > 2, "{ends:?}");
        assert_eq!(
            ends,
            cuts(&bytes, 1 << 20),
            "it does not matter how they come"
        );
        let moved = [b"inserted at the start".as_slice(), &bytes].concat();
        let moved: Vec<usize> = cuts(&moved, 256 << 10).iter().map(|end| end - 21).collect();
        let found_again = ends.iter().filter(|end| moved.contains(end)).count();
        assert!(found_again * 2 > ends.len(), "{ends:?} {moved:?}");
        let mut start = 0;
        for end in ends {
            assert!((SHORTEST as usize..=LONGEST as usize).contains(&(end - start)));
            start = end;
        }
    }

    #[test]
    fn what_never_varies_is_cut_all_the_same() {
        assert_eq!(cuts(&vec![0; 70 << 20], 1 << 20), [32 << 20, 64 << 20]);
    }
}
