//! What a backup lacks, from its manifest to the journal and to the receivers of notifications.

use crate::artifact::Omission;
use crate::history::RunOmission;
use crate::notify::EventOmission;

/// As the journal has them.
pub(in crate::service) fn recorded(omissions: &[Omission]) -> Vec<RunOmission> {
    let record = |omission: &Omission| RunOmission {
        what: omission.what.clone(),
        code: omission.code.clone(),
        message: omission.message.clone(),
    };
    omissions.iter().map(record).collect()
}

/// As receivers learn of them.
pub(super) fn told(omissions: &[RunOmission]) -> Vec<EventOmission> {
    let tell = |omission: &RunOmission| EventOmission {
        what: omission.what.clone(),
        code: omission.code.clone(),
        message: omission.message.clone(),
    };
    omissions.iter().map(tell).collect()
}
