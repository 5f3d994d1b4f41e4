#![allow(clippy::unwrap_used, reason = "a test may panic")]

use zstd_current::stream::{decode_all as published_decode, encode_all as published_encode};

use super::stream::{copy_encode, decode_all, encode_all};

/// Bytes that compress a little, different for each seed.
fn bytes(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 28) as u8
    };
    (0..length).map(next).collect()
}

#[test]
fn what_is_encoded_is_read_by_the_published_functions_and_the_other_way_round() {
    for (seed, length) in [0, 1, 5, 4_096, 131_072, 131_073, 3 << 20]
        .into_iter()
        .enumerate()
    {
        let data = bytes(length, seed as u32);
        for level in [-7, 0, 3, 19] {
            let ours = encode_all(&data, level).unwrap();
            assert_eq!(
                published_decode(&*ours).unwrap(),
                data,
                "{length} at {level}"
            );
            let published = published_encode(&*data, level).unwrap();
            assert_eq!(decode_all(&published).unwrap(), data, "{length} at {level}");
        }
    }
}

#[test]
fn one_frame_is_appended_to_what_is_there() {
    let mut to = vec![2];
    copy_encode(b"a snapshot", &mut to, 3).unwrap();
    assert_eq!(to[0], 2);
    assert_eq!(decode_all(&to[1..]).unwrap(), b"a snapshot");
}

#[test]
fn several_frames_are_read_one_after_the_other() {
    let frames = [
        encode_all(b"one, ", 3).unwrap(),
        encode_all(b"two", 3).unwrap(),
    ]
    .concat();
    assert_eq!(decode_all(&frames).unwrap(), b"one, two");
}

#[test]
fn a_damaged_frame_is_an_error_and_the_next_one_is_read() {
    let good = encode_all(&bytes(10_000, 7), 3).unwrap();
    for (position, cut) in [(4, good.len()), (good.len() / 2, good.len()), (0, 9)] {
        let mut damaged = good[..cut].to_vec();
        damaged[position] ^= 0xff;
        assert_ne!(
            decode_all(&damaged).ok(),
            Some(bytes(10_000, 7)),
            "at {position}"
        );
    }
    assert!(decode_all(&good[..good.len() - 1]).is_err());
    assert_eq!(decode_all(&good).unwrap(), bytes(10_000, 7));
}

#[test]
fn a_length_that_is_only_claimed_takes_no_memory() {
    // A header of one segment whose eight bytes of length claim an exbibyte.
    let claims = [
        &[0x28, 0xb5, 0x2f, 0xfd, 0xe0][..],
        &(1_u64 << 60).to_le_bytes(),
    ]
    .concat();
    assert!(decode_all(&claims).is_err());
}
