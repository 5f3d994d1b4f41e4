//! Whatever bytes a component's file has: what it declares is read, or it is refused, without running any of it.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::artifact::damaged::damaged;

/// The smallest module that comes with the sidecar.
const CUSTOM: &[u8] = include_bytes!("../../../../plugins/prebuilt/custom.wasm");

/// Names that a component declares at most: each has bytes of its own.
fn is_bounded(info: &ComponentInfo, bytes: &[u8]) -> bool {
    info.imports.len() + info.exports.len() <= bytes.len()
}

proptest! {
    #[test]
    fn a_changed_one_is_read_or_refused(bytes in Just(CUSTOM.to_vec()).prop_flat_map(damaged)) {
        if let Ok(info) = ComponentInfo::read("changed", &bytes) {
            prop_assert!(is_bounded(&info, &bytes));
            let _ = info.check("changed");
        }
    }

    /// Where a component declares what it is.
    #[test]
    fn one_with_another_start_is_read_or_refused(
        start in Just(CUSTOM[..CUSTOM.len().min(4096)].to_vec()).prop_flat_map(damaged)
    ) {
        let bytes = [start.as_slice(), &CUSTOM[CUSTOM.len().min(4096)..]].concat();
        if let Ok(info) = ComponentInfo::read("changed", &bytes) {
            prop_assert!(is_bounded(&info, &bytes));
        }
    }

    #[test]
    fn any_bytes_are_refused(end in vec(any::<u8>(), 0..2000), is_component in any::<bool>()) {
        let start: &[u8] = if is_component { b"\0asm\x0d\0\x01\0" } else { b"" };
        if let Ok(info) = ComponentInfo::read("any", &[start, end.as_slice()].concat()) {
            prop_assert_eq!(info.built_for, None);
        }
    }
}
