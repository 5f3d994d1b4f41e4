//! The last days of a strategy as a strip: a shape and a colour for each, and all of it in words.

use std::fmt::Write as _;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::chart::Svg;
use super::locale::Locale;
use crate::service::{DayState, DayStatus};

const HEIGHT: u32 = 16;
/// Of a day with the gap behind it.
const STEP: u32 = 10;

/// The strip, and what it shows.
pub(super) struct Strip {
    pub(super) svg: Svg,
    /// Names every day that was not good.
    pub(super) sentence: String,
}

impl Strip {
    /// Of days, the oldest first.
    pub(super) fn of(locale: Locale, days: &[DayStatus]) -> Self {
        Self {
            svg: svg(locale, days),
            sentence: sentence(locale, days),
        }
    }
}

/// "Last 30 days: a good backup on 27 days; failed: 3 Nov, 5 Nov – 6 Nov."
fn sentence(locale: Locale, days: &[DayStatus]) -> String {
    let of = |state: DayState| {
        let days = days.iter().filter(move |day| day.state == state);
        days.map(|day| day.day).collect::<Vec<_>>()
    };
    let values = [
        ("all", days.len().into()),
        (
            "count",
            (of(DayState::Good).len() + of(DayState::Warned).len()).into(),
        ),
    ];
    let good = locale.fill("days-good", &values);
    let told = [DayState::Warned, DayState::Failed, DayState::Missed];
    let others = told.into_iter().map(|state| (state, of(state)));
    let others = others.filter(|(_, days)| !days.is_empty());
    let others = others.map(|(state, days)| named(locale, state, &stretches(locale, &days)));
    let parts: Vec<String> = std::iter::once(good).chain(others).collect();
    format!("{}.", parts.join("; "))
}

fn named(locale: Locale, state: DayState, dates: &str) -> String {
    let dates = [("dates", dates.into())];
    match state {
        DayState::Warned => locale.fill("days-warned", &dates),
        DayState::Failed => locale.fill("days-failed", &dates),
        DayState::Missed => locale.fill("days-missed", &dates),
        DayState::Good | DayState::Quiet => String::new(),
    }
}

/// "3 Nov, 5 Nov – 9 Nov"
fn stretches(locale: Locale, days: &[Date]) -> String {
    let mut all: Vec<(Date, Date)> = Vec::new();
    for day in days {
        match all.last_mut() {
            Some((_, last)) if last.checked_add(1.day()).ok() == Some(*day) => *last = *day,
            _ => all.push((*day, *day)),
        }
    }
    let text = |day: Date| locale.day_of_year(day);
    let each = all.into_iter().map(|(first, last)| match first == last {
        true => text(first),
        false => format!("{} – {}", text(first), text(last)),
    });
    each.collect::<Vec<_>>().join(", ")
}

fn svg(locale: Locale, days: &[DayStatus]) -> Svg {
    let width = STEP * days.len() as u32;
    let mut svg = format!("<svg viewBox=\"0 0 {width} {HEIGHT}\" aria-hidden=\"true\">");
    for (at, day) in days.iter().enumerate() {
        let (class, shape) = shape(day.state);
        let title = title(locale, day);
        // Writing into a text cannot fail.
        let _ = write!(
            svg,
            "<path class=\"{class}\" d=\"M{} 0{shape}\"><title>{title}</title></path>",
            STEP * at as u32
        );
    }
    svg.push_str("</svg>");
    Svg(svg)
}

fn title(locale: Locale, day: &DayStatus) -> String {
    let date = locale.day_of_year(day.day);
    match day.state {
        DayState::Good => format!("{date}: {}", locale.text("day-good")),
        DayState::Quiet => format!("{date}: {}", locale.text("day-quiet")),
        state => named(locale, state, &date),
    }
}

/// A class, and a path from the upper left of the day's place, 8 by 16.
fn shape(state: DayState) -> (&'static str, &'static str) {
    match state {
        DayState::Good => ("good", "h8v16h-8Z"),
        DayState::Warned => ("late", "m4 2l4 13h-8Z"),
        DayState::Failed => ("bad", "m1 4l6 8m0-8l-6 8"),
        DayState::Missed => ("bad", "m1 1h6v14h-6Z"),
        DayState::Quiet => ("empty", "m3 7h2v2h-2Z"),
    }
}
