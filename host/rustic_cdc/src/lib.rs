//! Rabin fingerprints over a window of bytes, with the names that `rustic_core` 0.13 asks `rustic_cdc` 0.3 for.
//!
//! `rustic_core` makes a fingerprint for each file. The published crate computes its two tables anew each time, which
//! takes longer than to read a small file; here they are computed once for each polynomial. Fingerprints are the same:
//! polynomials over F2, the bits of a `u64` as coefficients.
//!
//! Source: M. O. Rabin, "Fingerprinting by Random Polynomials", 1981.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// The coefficients of a polynomial over F2, the lowest first.
pub type Polynom64 = u64;

/// What is asked of a polynomial.
pub trait Polynom {
    /// Its degree; -1 of zero.
    fn degree(&self) -> i32;

    /// The remainder of a division by `divisor`.
    #[must_use]
    fn modulo(&self, divisor: &Self) -> Self;
}

impl Polynom for Polynom64 {
    fn degree(&self) -> i32 {
        63 - self.leading_zeros().cast_signed()
    }

    fn modulo(&self, divisor: &Self) -> Self {
        let (mut rest, degree) = (*self, divisor.degree());
        while rest.degree() >= degree {
            rest ^= divisor << (rest.degree() - degree);
        }
        rest
    }
}

/// A fingerprint of the last bytes of a stream.
pub trait RollingHash64 {
    /// Starts again with the bytes that `bytes` has, one less than the window at most. Returns how many they were.
    fn reset_and_prefill_window<I>(&mut self, bytes: &mut I) -> usize
    where
        I: Iterator<Item = u8>;

    /// Takes in the next byte; the oldest leaves the window.
    fn slide(&mut self, byte: u8);
}

/// A fingerprint modulo an irreducible polynomial.
#[derive(Debug, Clone)]
pub struct Rabin64 {
    tables: Arc<Tables>,
    /// A ring: `next` is its oldest byte, and where the next one goes. Its length is a power of two.
    window: Vec<u8>,
    next: usize,
    /// Bits of a fingerprint below its highest eight.
    lower_bits: i32,
    /// The fingerprint.
    pub hash: Polynom64,
}

/// What a polynomial and the length of a window make of a byte.
#[derive(Debug)]
struct Tables {
    /// What a byte adds to the fingerprint when it is the oldest of the window.
    oldest: [Polynom64; 256],
    /// Takes away the eight bits above the polynomial's degree, and adds what they are modulo it.
    reduced: [Polynom64; 256],
}

impl Tables {
    fn new(polynomial: &Polynom64, window: usize) -> Self {
        let bytes = || std::array::from_fn::<Polynom64, 256, _>(|byte| byte as Polynom64);
        let oldest = bytes().map(|byte| {
            let shifted = |hash: Polynom64, _| (hash << 8).modulo(polynomial);
            (1..window).fold(byte.modulo(polynomial), shifted)
        });
        let reduced = bytes().map(|byte| {
            let above = byte << polynomial.degree();
            above.modulo(polynomial) | above
        });
        Self { oldest, reduced }
    }

    /// Computed when they are first asked for: a process works on few repositories, each with its own polynomial.
    fn of(polynomial: Polynom64, window: usize) -> Arc<Self> {
        static KNOWN: Mutex<BTreeMap<(Polynom64, usize), Arc<Tables>>> =
            Mutex::new(BTreeMap::new());
        let mut known = KNOWN.lock();
        let tables = known
            .entry((polynomial, window))
            .or_insert_with(|| Arc::new(Self::new(&polynomial, window)));
        tables.clone()
    }
}

impl Rabin64 {
    /// An empty fingerprint of 2^`window_bits` bytes, modulo a polynomial of degree 8 to 56.
    #[must_use]
    pub fn new_with_polynom(window_bits: u32, polynomial: &Polynom64) -> Self {
        let window = 1 << window_bits;
        Self {
            tables: Tables::of(*polynomial, window),
            window: vec![0; window],
            next: 0,
            lower_bits: polynomial.degree() - 8,
            hash: 0,
        }
    }

    #[inline]
    fn push(&mut self, byte: u8) {
        self.window[self.next] = byte;
        self.next = (self.next + 1) & (self.window.len() - 1);
        let above = (self.hash >> self.lower_bits) & 255;
        self.hash = (self.hash << 8 | Polynom64::from(byte)) ^ self.tables.reduced[above as usize];
    }
}

impl RollingHash64 for Rabin64 {
    fn reset_and_prefill_window<I>(&mut self, bytes: &mut I) -> usize
    where
        I: Iterator<Item = u8>,
    {
        self.window.fill(0);
        self.next = 0;
        self.hash = 0;
        let bytes = bytes.take(self.window.len() - 1);
        bytes.map(|byte| self.push(byte)).count()
    }

    #[inline]
    fn slide(&mut self, byte: u8) {
        self.hash ^= self.tables.oldest[usize::from(self.window[self.next])];
        self.push(byte);
    }
}
