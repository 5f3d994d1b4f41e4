//! In which words the state of confinement is told.

use landlock::{ABI, LandlockStatus};

use super::state::Confinement;

fn with(effective_abi: ABI, filtered: bool) -> String {
    let status = LandlockStatus::Available {
        effective_abi,
        kernel_abi: None,
    };
    Confinement::of(Some(status), true, filtered).to_string()
}

#[test]
fn what_an_older_kernel_does_not_judge_is_named() {
    for (version, filtered, words) in [
        (ABI::V10, true, "full"),
        (ABI::V6, true, "full"),
        (ABI::V6, false, "partial (no system calls)"),
        (ABI::V5, true, "partial (no signals)"),
        (ABI::V3, true, "partial (no ports, no signals)"),
        (
            ABI::V1,
            false,
            "partial (no truncation, no ports, no signals, no system calls)",
        ),
    ] {
        assert_eq!(with(version, filtered), words, "{version:?}");
    }
}

#[test]
fn why_there_is_none_is_told() {
    for (status, why) in [
        (LandlockStatus::NotEnabled, "lsm="),
        (LandlockStatus::NotImplemented, "CONFIG_SECURITY_LANDLOCK"),
    ] {
        let Confinement::None(reason) = Confinement::of(Some(status), true, true) else {
            panic!("{status:?}");
        };
        assert!(reason.contains(why), "{reason}");
    }
}
