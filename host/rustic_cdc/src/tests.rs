//! A fingerprint is the remainder of the window's bytes as one long polynomial.

use super::{Polynom, Polynom64, Rabin64, RollingHash64};

/// restic's own example, and one that was drawn by chance.
const POLYNOMIALS: [Polynom64; 2] = [0x003D_A335_8B4D_C173, 0x0033_2F6B_93A1_D5F7];

fn divided(bytes: &[u8], polynomial: Polynom64) -> Polynom64 {
    bytes.iter().fold(0, |rest: Polynom64, byte| {
        (rest << 8 | Polynom64::from(*byte)).modulo(&polynomial)
    })
}

fn bytes() -> Vec<u8> {
    (0..1000_u32).map(|at| (at * at / 7 % 251) as u8).collect()
}

#[test]
fn a_slid_window_has_the_fingerprint_of_its_bytes() {
    let bytes = bytes();
    // In turn: each has the tables of its own polynomial.
    let mut both = POLYNOMIALS.map(|polynomial| Rabin64::new_with_polynom(6, &polynomial));
    for at in 0..bytes.len() {
        for (rabin, polynomial) in both.iter_mut().zip(POLYNOMIALS) {
            rabin.slide(bytes[at]);
            let window = &bytes[(at + 1).saturating_sub(64)..=at];
            assert_eq!(rabin.hash, divided(window, polynomial), "{at}");
        }
    }
}

#[test]
fn a_window_that_starts_again_knows_nothing_of_before() {
    let bytes = bytes();
    let mut rabin = Rabin64::new_with_polynom(6, &POLYNOMIALS[0]);
    for byte in &bytes[..500] {
        rabin.slide(*byte);
    }
    let taken = rabin.reset_and_prefill_window(&mut bytes[500..].iter().copied());
    assert_eq!(taken, 63);
    assert_eq!(rabin.hash, divided(&bytes[500..563], POLYNOMIALS[0]));
    for at in 563..1000 {
        rabin.slide(bytes[at]);
        assert_eq!(rabin.hash, divided(&bytes[at - 63..=at], POLYNOMIALS[0]));
    }
}

#[test]
fn a_short_window_is_filled_as_far_as_there_are_bytes() {
    let mut rabin = Rabin64::new_with_polynom(6, &POLYNOMIALS[1]);
    assert_eq!(
        rabin.reset_and_prefill_window(&mut [1, 2, 3].into_iter()),
        3
    );
    assert_eq!(rabin.hash, 0x0001_0203);
}

#[test]
fn a_polynomial_is_divided() {
    assert_eq!(
        (0_u64.degree(), 1_u64.degree(), 0x80_u64.degree()),
        (-1, 0, 7)
    );
    assert_eq!(
        (7_u64.modulo(&3), 19_u64.modulo(&8), 8_u64.modulo(&16)),
        (1, 3, 8)
    );
}
