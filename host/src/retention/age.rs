//! When the days of a backup are over.

use jiff::Span;
use jiff::civil::Date;

use crate::config::Tier;

/// Whether a backup of day `taken` is among the last `days` days of its tier on day `today`.
///
/// Counted in whole days, so that neither jitter nor the length of a run adds or loses a file:
/// with one run a day, 30 days are 30 files. In the tiers of months and years, `days` that are
/// whole months (90: three, 365: twelve) last until those months are over, for these differ in
/// length: the year-old copy leaves when the new one comes, in a leap year too, and never earlier.
pub(super) fn is_within(tier: Tier, taken: Date, days: u32, today: Date) -> bool {
    today < end(tier, taken, days)
}

/// The first day on which it is no longer among them.
pub(super) fn end(tier: Tier, taken: Date, days: u32) -> Date {
    let by_days = taken.saturating_add(Span::new().days(i64::from(days.min(MAX_DAYS))));
    match tier {
        Tier::Daily | Tier::Weekly => by_days,
        Tier::Monthly | Tier::Yearly => {
            by_days.max(taken.saturating_add(Span::new().months(whole_months(days))))
        }
    }
}

/// More than a span of time can hold is for ever anyway.
const MAX_DAYS: u32 = 3_650_000;

/// The months that `days` stand for: 12 for each 365, and one for each 30 of the rest.
pub(super) fn whole_months(days: u32) -> i64 {
    let days = days.min(MAX_DAYS);
    i64::from(days / 365 * 12 + days % 365 / 30)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn thirty_days_are_a_month_and_365_a_year() {
        let days_and_months = [
            (1, 0),
            (29, 0),
            (30, 1),
            (31, 1),
            (45, 1),
            (60, 2),
            (90, 3),
            (180, 6),
            (365, 12),
            (366, 12),
            (395, 13),
            (730, 24),
            (1825, 60),
        ];
        for (days, months) in days_and_months {
            assert_eq!(whole_months(days), months, "{days} days");
        }
    }

    #[test]
    fn the_last_day_is_kept_and_the_next_is_not() {
        let day = date(2023, 12, 1);
        assert!(is_within(Tier::Daily, day, 30, date(2023, 12, 30)));
        assert!(!is_within(Tier::Daily, day, 30, date(2023, 12, 31)));
        assert!(is_within(Tier::Daily, day, 1, day));
        assert!(!is_within(Tier::Daily, day, 1, date(2023, 12, 2)));
    }

    #[test]
    fn months_are_kept_whole() {
        let july = date(2023, 7, 1);
        assert!(is_within(Tier::Monthly, july, 90, date(2023, 9, 30)));
        assert!(!is_within(Tier::Monthly, july, 90, date(2023, 10, 1)));
        let leap = date(2024, 1, 1);
        assert!(is_within(Tier::Yearly, leap, 365, date(2024, 12, 31)));
        assert!(!is_within(Tier::Yearly, leap, 365, date(2025, 1, 1)));
    }

    #[test]
    fn a_short_february_takes_no_day_away() {
        let february = date(2023, 2, 1);
        assert!(is_within(Tier::Monthly, february, 90, date(2023, 5, 1)));
        assert!(!is_within(Tier::Monthly, february, 90, date(2023, 5, 2)));
    }

    #[test]
    fn absurd_numbers_are_for_ever() {
        assert!(is_within(
            Tier::Daily,
            date(2023, 1, 1),
            u32::MAX,
            date(9000, 1, 1)
        ));
        assert!(is_within(
            Tier::Yearly,
            date(2023, 1, 1),
            u32::MAX,
            date(9000, 1, 1)
        ));
    }
}
