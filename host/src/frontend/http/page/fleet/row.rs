//! A sidecar as its row shows it.

use jiff::Timestamp;

use super::super::amounts::MomentText;
use super::super::locale::Locale;
use super::super::marks::{Mark, Tone};
use super::super::reasons::{ReasonText, reason_text};
use super::super::run_progress::RunProgress;
use super::super::states::{is_overdue, state_mark};
use crate::fleet::SidecarStanding;
use crate::service::{MemberState, MemberStatus, RunFailure, SidecarStatus};

/// Reasons that a row has room for.
const MOST_REASONS: usize = 3;

/// A row.
pub(super) struct FleetRow {
    pub(super) name: String,
    /// Of the sidecar's own page.
    pub(super) href: String,
    /// The state first.
    pub(super) marks: Vec<Mark>,
    pub(super) reasons: Vec<ReasonText>,
    /// Of one that does not answer: what it said last, and when.
    pub(super) last_known: Option<String>,
    /// Of the strategy whose newest good backup is the oldest, of those that have one.
    pub(super) last_good: Option<MomentText>,
}

impl FleetRow {
    pub(super) fn of(locale: Locale, standing: &SidecarStanding) -> Self {
        let status = standing.status.as_ref();
        let current = status.filter(|_| standing.error.is_none());
        let drilled = never_drilled(locale, standing);
        let running = current.and_then(|status| running(locale, status));
        let warned = current.and_then(|status| warned(locale, status));
        let marks = [Some(state(locale, standing)), warned, drilled, running];
        Self {
            name: standing.name.clone(),
            href: format!("{}/", standing.page),
            marks: marks.into_iter().flatten().collect(),
            reasons: match &standing.error {
                Some(error) => vec![no_status(locale, error)],
                None => current_reasons(locale, standing),
            },
            last_known: standing.error.as_ref().and(last_known(locale, standing)),
            last_good: status.and_then(last_good).map(|at| locale.moment(at)),
        }
    }

    /// How bad it is; that something runs makes it neither better nor worse.
    pub(super) fn tone(&self) -> Tone {
        let tones = self.marks.iter().map(Mark::tone);
        let tones = tones.filter(|tone| *tone != Tone::Busy);
        tones.max().unwrap_or(Tone::Empty)
    }

    /// Whether a text stands in its name or its reasons, in whatever case.
    pub(super) fn contains(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let reasons = self.reasons.iter();
        let reasons = reasons.flat_map(|why| [Some(&why.text), why.quote.as_ref()]);
        let mut shown = std::iter::once(&self.name).chain(reasons.flatten());
        shown.any(|shown| shown.to_lowercase().contains(&text))
    }
}

fn state(locale: Locale, standing: &SidecarStanding) -> Mark {
    match (&standing.error, &standing.status) {
        (Some(error), _) => {
            let word = locale.of_code("no-answer", &error.code);
            let word = word.unwrap_or_else(|| locale.text("status-unknown"));
            Mark::new(Tone::Unknown, &word)
        }
        (None, Some(status)) => {
            in_doubt(locale, standing).unwrap_or_else(|| said(locale, status, standing.state))
        }
        (None, None) => Mark::new(Tone::Empty, &locale.text("fleet-being-asked")),
    }
}

/// What its answer lacks, if nothing worse is known.
fn in_doubt(locale: Locale, standing: &SidecarStanding) -> Option<Mark> {
    let is_worst = standing.state == MemberState::Unknown;
    let doubt = standing.doubt.as_ref().filter(|_| is_worst)?;
    let word = locale.of_code("doubt", &doubt.code);
    let word = word.unwrap_or_else(|| locale.text("doubt"));
    Some(Mark::new(Tone::Unknown, &word))
}

/// What a sidecar says of itself.
fn said(locale: Locale, status: &SidecarStatus, state: MemberState) -> Mark {
    let mut all = status.members.iter().chain(&status.set);
    state_mark(locale, state, all.any(is_overdue))
}

fn never_drilled(locale: Locale, standing: &SidecarStanding) -> Option<Mark> {
    let names = &standing.never_drilled;
    let of = standing.status.as_ref().map(|status| status.members.len());
    let text = match names.len() {
        0 => return None,
        all if of == Some(all) => locale.text("drill-never"),
        _ => locale.fill("fleet-never-drilled", &[("names", names.join(", ").into())]),
    };
    Some(Mark::new(Tone::Late, &text))
}

/// That newest good backups are to be looked at, and of several strategies whose.
fn warned(locale: Locale, status: &SidecarStatus) -> Option<Mark> {
    let has = |one: &&MemberStatus| one.last_good.as_ref().is_some_and(|good| good.warnings > 0);
    let warned: Vec<&MemberStatus> = status.members.iter().filter(has).collect();
    let names: Vec<&str> = warned
        .iter()
        .filter_map(|one| one.name.as_deref())
        .collect();
    let text = match (warned.len(), names.join(", ")) {
        (0, _) => return None,
        (_, names) if names.is_empty() => locale.text("filter-warned"),
        (_, names) => locale.fill("fleet-warned", &[("names", names.into())]),
    };
    Some(Mark::new(Tone::Late, &text))
}

fn running(locale: Locale, status: &SidecarStatus) -> Option<Mark> {
    let mut all = status.members.iter().chain(&status.set);
    let run = all.find_map(|one| one.running.as_ref())?;
    Some(Mark::new(Tone::Busy, &RunProgress::of(locale, run).title))
}

fn no_status(locale: Locale, error: &RunFailure) -> ReasonText {
    ReasonText {
        text: locale.text("fleet-no-status"),
        quote: Some(error.message.clone()),
        run: None,
        hint: error.hint.clone(),
    }
}

/// Of one that has answered; first what puts the rest in doubt.
fn current_reasons(locale: Locale, standing: &SidecarStanding) -> Vec<ReasonText> {
    let doubt = standing.doubt.iter().map(|doubt| ReasonText {
        text: locale.text("fleet-doubt"),
        quote: Some(doubt.message.clone()),
        run: None,
        hint: doubt.hint.clone(),
    });
    let said = standing.status.iter();
    doubt
        .chain(said.flat_map(|status| reasons(locale, status)))
        .collect()
}

/// Why it is not well, each with the strategy that it is about; what to do about it, its own page says.
fn reasons(locale: Locale, status: &SidecarStatus) -> Vec<ReasonText> {
    let set = status
        .set
        .iter()
        .map(|set| (Some(locale.text("the-set")), set));
    let members = status.members.iter().map(|one| (one.name.clone(), one));
    let all = set.chain(members);
    let all = all.flat_map(|(name, one)| one.why.iter().map(move |why| (name.clone(), why)));
    let shown = all.take(MOST_REASONS).map(|(name, why)| {
        let reason = reason_text(locale, why);
        ReasonText {
            text: match name {
                Some(name) => format!("{name}: {}", reason.text),
                None => reason.text,
            },
            hint: None,
            ..reason
        }
    });
    shown.collect()
}

fn last_known(locale: Locale, standing: &SidecarStanding) -> Option<String> {
    let (status, at) = standing.status.as_ref().zip(standing.answered_at)?;
    let state = said(locale, status, status.state).into_word();
    let values = [
        ("state", state.into()),
        ("time", locale.moment_text(at).into()),
    ];
    Some(locale.fill("fleet-last-known", &values))
}

fn last_good(status: &SidecarStatus) -> Option<Timestamp> {
    let good = status
        .members
        .iter()
        .filter_map(|one| one.last_good.as_ref());
    good.map(|good| good.at).min()
}
