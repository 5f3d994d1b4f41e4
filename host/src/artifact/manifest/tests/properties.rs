//! A manifest comes back as it was written, or not at all.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::artifact::damaged::damaged;

fn manifests() -> impl Strategy<Value = Manifest> {
    let parts = vec((".{0,12}", 0u64..1000), 0..5);
    let numbers = (
        option::of(any::<u64>()),
        option::of(any::<u64>()),
        any::<u64>(),
    );
    ("[0-9A-Za-z-]{1,64}", ".{0,20}", parts, numbers).prop_map(
        |(id, filename, parts, (lease, seq, size))| {
            let mut made = manifest();
            let mut end = 0;
            made.parts = parts
                .into_iter()
                .map(|(name, length)| {
                    end += length;
                    Part {
                        name,
                        offset: end - length,
                        length,
                        sha256: None,
                    }
                })
                .collect();
            made.artifact.raw_size = end;
            made.artifact.size = size;
            made.artifact.filename = filename;
            Manifest {
                id,
                lease,
                seq,
                ..made
            }
        },
    )
}

proptest! {
    #[test]
    fn what_was_written_is_read(manifest in manifests()) {
        prop_assert_eq!(Manifest::from_json(&manifest.to_json()).unwrap(), manifest);
    }

    #[test]
    fn a_changed_one_is_refused_or_says_the_same(
        (manifest, text) in manifests().prop_flat_map(|manifest| {
            let text = damaged(manifest.to_json());
            (Just(manifest), text)
        })
    ) {
        // Without its seal it is one of the first manifests, which had none.
        let is_sealed = text.windows(SEAL.len()).any(|word| word == SEAL.as_bytes());
        if let Ok(found) = Manifest::from_json(&text)
            && is_sealed
        {
            prop_assert_eq!(found, manifest);
        }
    }

    #[test]
    fn parts_lie_in_the_artifact(offset in any::<u64>(), length in any::<u64>()) {
        let mut forged = manifest();
        forged.parts[0].offset = offset;
        forged.parts[0].length = length;
        let fits = offset.checked_add(length).is_some_and(|end| end <= forged.artifact.raw_size);
        prop_assert_eq!(Manifest::from_json(&forged.to_json()).is_ok(), fits);
    }
}
