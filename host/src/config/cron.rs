//! Cron expressions, of `schedule` and `drill`.

use std::str::FromStr;

use croner::Cron;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;

use super::section_reader::SectionReader;

/// Five fields: minute, hour, day of month, month, day of week.
#[derive(Deserialize, JsonSchema)]
#[schemars(
    transparent,
    rename = "Cron",
    title = "cron expression of five fields",
    extend("format" = "sidecar-cron", "examples" = ["0 3 * * *"])
)]
pub(super) struct RawCron(pub(super) String);

/// Five fields, as the orchestrator has them, or a nickname (`@daily`).
pub(super) fn is_cron(text: &str) -> bool {
    let fields = text.split_whitespace().count();
    (fields == 5 || text.starts_with('@')) && Cron::from_str(text).is_ok()
}

/// A problem in `section`'s `cron` if no such time ever comes, as on a 30th of February.
pub(super) fn check(reader: &mut SectionReader<'_>, section: &str, cron: &RawCron) {
    if never_comes(&cron.0) {
        reader.problem(
            &format!("{section}/cron"),
            "this time never comes",
            "correct the day and the month",
        );
    }
}

fn never_comes(cron: &str) -> bool {
    let epoch = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    Cron::from_str(cron).is_ok_and(|cron| cron.find_next_occurrence(&epoch, false).is_err())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cron_has_five_fields() {
        assert!(is_cron("0 3 * * *"));
        assert!(is_cron("*/15 0-6 1,15 JAN MON"));
        assert!(is_cron("@daily"));
        for wrong in [
            "",
            "0 3 * *",
            "0 0 3 * * *",
            "60 3 * * *",
            "0 25 * * *",
            "a b c d e",
            "@never",
        ] {
            assert!(!is_cron(wrong), "{wrong}");
        }
    }
}
