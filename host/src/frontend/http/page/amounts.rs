//! Sizes, lengths of time and moments, as people read them.

use std::fmt;

use askama::filters::HtmlSafe;
use jiff::Timestamp;
use jiff::civil::Date;

use super::locale::Locale;

/// A moment: in UTC, which a script adds the reader's own time to.
pub(super) struct MomentText {
    iso: String,
    text: String,
}

impl HtmlSafe for MomentText {}

impl fmt::Display for MomentText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Digits, and a month of our own texts.
        write!(f, "<time datetime=\"{}\">{}</time>", self.iso, self.text)
    }
}

impl Locale {
    /// "1.2 GiB"
    pub(super) fn size(self, bytes: u64) -> String {
        const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        let power = match bytes {
            0 => 0,
            bytes => (bytes.ilog2() / 10).min(5) as usize,
        };
        let number = bytes as f64 / 1024_f64.powi(power as i32);
        let digits = usize::from(power > 0 && number < 100.0);
        let number = format!("{number:.digits$}").replace('.', &self.decimal_sign().to_string());
        format!("{number} {}", UNITS[power])
    }

    /// What a backup of `raw` bytes takes where it lies: "stored as 412 MiB", "17 MiB added"; none if it is the same.
    pub(super) fn stored_size(self, raw: u64, stored: u64, is_added: bool) -> Option<String> {
        let size = [("size", self.size(stored).into())];
        match is_added {
            true => Some(self.fill("size-added", &size)),
            false => (stored != raw).then(|| self.fill("size-stored", &size)),
        }
    }

    /// "1.4 s", "2 min 5 s", "3 h 4 min", "2 d 3 h".
    pub(super) fn duration(self, milliseconds: u64) -> String {
        let seconds = milliseconds / 1000;
        match seconds {
            0..10 => {
                let number = format!("{:.1}", milliseconds as f64 / 1000.0);
                let sign = self.decimal_sign().to_string();
                format!("{} s", number.replace('.', &sign))
            }
            10..60 => format!("{seconds} s"),
            60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
            3600..86400 => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
            _ => format!("{} d {} h", seconds / 86400, seconds % 86400 / 3600),
        }
    }

    /// How long before `now` that was, in one unit: "27 h".
    pub(super) fn age(self, now: Timestamp, at: Timestamp) -> String {
        let seconds = now.duration_since(at).as_secs().unsigned_abs();
        match seconds {
            0..60 => format!("{seconds} s"),
            60..5400 => format!("{} min", seconds / 60),
            5400..172_800 => format!("{} h", seconds / 3600),
            _ => format!("{} d", seconds / 86400),
        }
    }

    /// "29 Nov 2026 03:00 UTC"
    pub(super) fn moment(self, at: Timestamp) -> MomentText {
        MomentText {
            iso: format!("{at:.0}"),
            text: self.moment_text(at),
        }
    }

    /// The same where no markup may be.
    pub(super) fn moment_text(self, at: Timestamp) -> String {
        let utc = at.to_zoned(jiff::tz::TimeZone::UTC);
        let month = self.month(utc.month());
        format!("{} {month} {}", utc.day(), utc.strftime("%Y %H:%M UTC"))
    }

    /// "29 Nov"
    pub(super) fn day_of_year(self, day: Date) -> String {
        format!("{} {}", day.day(), self.month(day.month()))
    }

    fn month(self, month: i8) -> String {
        let months = self.text("months");
        let at = usize::from(month.unsigned_abs()) - 1;
        months.split(' ').nth(at).unwrap_or_default().to_owned()
    }

    /// "29 Nov 2026"
    pub(super) fn day(self, at: Timestamp) -> String {
        let text = self.moment_text(at);
        text.split(' ').take(3).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let english = |bytes| Locale::English.size(bytes);
        assert_eq!(english(0), "0 B");
        assert_eq!(english(1023), "1023 B");
        assert_eq!(english(1536), "1.5 KiB");
        assert_eq!(english(412 << 20), "412 MiB");
        assert_eq!(english(u64::MAX), "16384 PiB");
        assert_eq!(Locale::Spanish.size(1536), "1,5 KiB");
    }

    #[test]
    fn lengths_of_time() {
        let english = |milliseconds| Locale::English.duration(milliseconds);
        assert_eq!(english(1400), "1.4 s");
        assert_eq!(english(18_900), "18 s");
        assert_eq!(english(125_000), "2 min 5 s");
        assert_eq!(english(11_040_000), "3 h 4 min");
        assert_eq!(english(183_600_000), "2 d 3 h");
    }

    #[test]
    fn moments_name_their_zone() {
        let at: Timestamp = "2026-11-29T03:00:00Z".parse().unwrap();
        let shown = Locale::Spanish.moment(at).to_string();
        assert_eq!(
            shown,
            "<time datetime=\"2026-11-29T03:00:00Z\">29 nov 2026 03:00 UTC</time>"
        );
        let now: Timestamp = "2026-11-30T06:00:00Z".parse().unwrap();
        assert_eq!(Locale::English.age(now, at), "27 h");
    }
}
