//! The history of backups as bars: our own SVG of classes alone, so that it has the colours of the page.

use std::collections::HashMap;
use std::fmt::Write as _;

use askama::filters::HtmlSafe;

use super::locale::Locale;
use super::run_rows::RunRow;
use super::visit::PageVisit;
use crate::service::{Run, RunKind, RunState};

const HEIGHT: u64 = 120;
/// Of a bar with the gap behind it.
const STEP: u64 = 10;
/// Bars at most.
const MOST: usize = 60;

/// What the bars measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Size,
    Duration,
    /// Bytes that a repository grew by.
    Added,
}

/// Bytes that each backup added to a repository, by its id.
pub(super) type AddedBytes = HashMap<String, u64>;

/// The bars, oldest first, and the same as a table.
pub(super) struct Chart {
    pub(super) svg: Svg,
    /// What the picture shows, in a sentence.
    pub(super) sentence: String,
    pub(super) measures: Vec<MeasureLink>,
    pub(super) rows: Vec<RunRow>,
}

/// A link to another measure.
pub(super) struct MeasureLink {
    pub(super) href: String,
    pub(super) text: String,
    pub(super) current: bool,
}

/// Markup of numbers and our own classes; texts are escaped where it is made.
pub(super) struct Svg(pub(super) String);

impl HtmlSafe for Svg {}

impl std::fmt::Display for Svg {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl Measure {
    const ALL: [Self; 3] = [Self::Size, Self::Duration, Self::Added];

    /// The one that the query of the request names.
    pub(super) fn asked(visit: &PageVisit) -> Self {
        let asked = visit.query.get("chart");
        let mut all = Self::ALL.into_iter();
        let found = all.find(|measure| Some(measure.name()) == asked);
        found.unwrap_or(Self::Size)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Duration => "duration",
            Self::Added => "added",
        }
    }

    fn text(self, locale: Locale) -> String {
        match self {
            Self::Size => locale.text("chart-size"),
            Self::Duration => locale.text("chart-duration"),
            Self::Added => locale.text("chart-added"),
        }
    }

    fn of(self, run: &Run, added: &AddedBytes) -> u64 {
        match self {
            Self::Added => added.get(&run.id).copied().unwrap_or(0),
            Self::Size => run.artifact.as_ref().map_or(0, |artifact| artifact.size),
            Self::Duration => run.duration_ms.unwrap_or(0),
        }
    }

    fn shown(self, locale: Locale, value: u64) -> String {
        match self {
            Self::Size | Self::Added => locale.size(value),
            Self::Duration => locale.duration(value),
        }
    }
}

impl Chart {
    /// Of the backups among `runs`, which are newest first. `added` is none where no store is a repository.
    pub(super) fn of(visit: &PageVisit, runs: &[Run], added: Option<&AddedBytes>) -> Self {
        let locale = visit.locale;
        let measure = Measure::asked(visit);
        let nothing = AddedBytes::new();
        let sizes = added.unwrap_or(&nothing);
        let is_shown = |run: &&Run| run.kind == RunKind::Backup && run.state.is_over();
        let shown: Vec<&Run> = runs.iter().filter(is_shown).take(MOST).collect();
        let largest = shown
            .iter()
            .map(|run| measure.of(run, sizes))
            .max()
            .unwrap_or(0);
        let failed = shown.iter().filter(|run| is_failed(run)).count();
        let values = [
            ("measure", measure.text(locale).into()),
            ("count", shown.len().into()),
            ("failed", failed.into()),
            ("largest", measure.shown(locale, largest).into()),
        ];
        let offered = Measure::ALL.into_iter();
        let offered = offered.filter(|other| *other != Measure::Added || added.is_some());
        let links = offered.map(|other| MeasureLink {
            href: visit.query.replacing("chart", Some(other.name())).query(),
            text: other.text(locale),
            current: other == measure,
        });
        let rows = shown.iter().map(|run| RunRow::of(locale, (*run).clone()));
        Self {
            sentence: locale.fill("chart-sentence", &values),
            measures: links.collect(),
            svg: svg(locale, measure, &shown, sizes, largest),
            rows: rows.collect(),
        }
    }
}

fn is_failed(run: &Run) -> bool {
    matches!(run.state, RunState::Failed | RunState::Interrupted)
}

/// Bars from the oldest to the newest; each has a title, and a failure a cross at the bottom.
fn svg(locale: Locale, measure: Measure, runs: &[&Run], added: &AddedBytes, largest: u64) -> Svg {
    let width = STEP * MOST as u64;
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {width} {HEIGHT}\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
    );
    let first = MOST - runs.len();
    for (at, run) in runs.iter().rev().enumerate() {
        let (value, x) = (measure.of(run, added), STEP * (first + at) as u64);
        let full = HEIGHT - 4;
        let height = (u128::from(value) * u128::from(full))
            .checked_div(largest.into())
            .map_or(0, |height| height as u64)
            .max(2);
        let title = format!(
            "{}: {}",
            locale.moment_text(run.queued_at),
            measure.shown(locale, value)
        );
        // Writing into a text cannot fail.
        let _ = match is_failed(run) {
            true => write!(
                svg,
                "<path class=\"bar failed\" d=\"M{} {}l6 10m0-10l-6 10\"><title>{title}</title></path>",
                x + 1,
                HEIGHT - 14
            ),
            false => write!(
                svg,
                "<rect class=\"bar\" x=\"{x}\" y=\"{}\" width=\"8\" height=\"{height}\"><title>{title}</title></rect>",
                HEIGHT - height
            ),
        };
    }
    let _ = write!(
        svg,
        "<path class=\"axis\" d=\"M0 {HEIGHT}H{width}\"/></svg>"
    );
    Svg(svg)
}
