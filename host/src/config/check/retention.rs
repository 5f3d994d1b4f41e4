//! `retention`

use super::Check;
use crate::config::raw;
use crate::config::retention::{Policy, Tier};

impl Check<'_> {
    pub(super) fn retention(&mut self) -> Policy {
        let raw: raw::Retention = self.read_or_default("/retention");
        let tiers = [
            (Tier::Daily, raw.daily),
            (Tier::Weekly, raw.weekly),
            (Tier::Monthly, raw.monthly),
            (Tier::Yearly, raw.yearly),
        ];
        tiers
            .into_iter()
            .filter_map(|(tier, keep)| Some((tier, keep?)))
            .collect()
    }
}
