//! Bytes as a disk, a store or a stranger may have changed them.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

#[derive(Debug, Clone)]
enum Change {
    Set(u8),
    Insert(Vec<u8>),
    Remove(usize),
    CutOff,
}

/// `bytes` with up to six changes anywhere in them.
pub(crate) fn damaged(bytes: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let change = prop_oneof![
        6 => any::<u8>().prop_map(Change::Set),
        2 => prop::sample::select(vec![0u8, 0x7f, 0x80, 0xff]).prop_map(Change::Set),
        2 => vec(any::<u8>(), 1..20).prop_map(Change::Insert),
        2 => (1usize..600).prop_map(Change::Remove),
        1 => Just(Change::CutOff),
    ];
    vec((any::<Index>(), change), 0..6).prop_map(move |changes| {
        let mut bytes = bytes.clone();
        for (place, change) in changes {
            let size = bytes.len();
            let at = place.index(size + 1);
            match change {
                Change::Set(value) => bytes
                    .iter_mut()
                    .skip(at)
                    .take(1)
                    .for_each(|byte| *byte = value),
                Change::Insert(more) => drop(bytes.splice(at..at, more)),
                Change::Remove(length) => drop(bytes.drain(at..size.min(at + length))),
                Change::CutOff => bytes.truncate(at),
            }
        }
        bytes
    })
}
