//! How good something is: a shape and a word, and a colour beside them.

use askama::Template;
use askama::filters::HtmlSafe;

use super::locale::Locale;
use crate::service::{Run, RunKind, RunState};

/// How good something is. The worst is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tone {
    Good,
    Busy,
    Empty,
    Unknown,
    Late,
    Bad,
}

/// A shape and a word.
#[derive(Template)]
#[template(
    source = r#"<span class="mark {{ tone.class() }}"><svg viewBox="0 0 16 16" aria-hidden="true"><path d="{{ tone.shape() }}"/></svg> {{ word }}</span>"#,
    ext = "html"
)]
pub(super) struct Mark {
    tone: Tone,
    word: String,
}

impl HtmlSafe for Mark {}

impl Mark {
    pub(super) fn new(tone: Tone, word: &str) -> Self {
        Self {
            tone,
            word: word.to_owned(),
        }
    }

    pub(super) fn tone(&self) -> Tone {
        self.tone
    }

    /// Where there is no place for the shape.
    pub(super) fn into_word(self) -> String {
        self.word
    }
}

impl Tone {
    const ALL: [Self; 6] = [
        Self::Good,
        Self::Busy,
        Self::Empty,
        Self::Unknown,
        Self::Late,
        Self::Bad,
    ];

    /// As style sheets and the icon's address call it.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Busy => "busy",
            Self::Empty => "empty",
            Self::Unknown => "unknown",
            Self::Late => "late",
            Self::Bad => "bad",
        }
    }

    /// The path of an SVG of 16 by 16.
    fn shape(self) -> &'static str {
        match self {
            Self::Good => "M3 8.5 6.5 12 13 4.5",
            Self::Busy => "M8 2.5a5.5 5.5 0 0 1 0 11ZM8 2.5a5.5 5.5 0 0 0 0 11",
            Self::Empty => "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11Z",
            Self::Unknown => "M5.3 6a2.7 2.7 0 1 1 4 2.2c-.9.5-1.3 1-1.3 2M8 12.6v.8",
            Self::Late => "M8 2.5 14.5 13.5H1.5Z",
            Self::Bad => "M4 4l8 8M12 4l-8 8",
        }
    }

    /// The icon of the browser's tab.
    pub(super) fn icon(class: &str) -> Option<String> {
        let tone = Self::ALL.into_iter().find(|tone| tone.class() == class)?;
        let color = match tone {
            Self::Good => "#136c35",
            Self::Late => "#8a5300",
            Self::Bad => "#b3261e",
            Self::Busy | Self::Empty | Self::Unknown => "#0b5cad",
        };
        let path = tone.shape();
        Some(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><rect width=\"16\" height=\"16\" rx=\"3\" \
             fill=\"{color}\"/><path d=\"{path}\" fill=\"none\" stroke=\"#fff\" stroke-width=\"2\"/></svg>"
        ))
    }
}

/// How a run ended, or that it has not; a success that is to be looked at says so.
pub(super) fn run_mark(locale: Locale, run: &Run) -> Mark {
    match (run.state, run.warning_count()) {
        (state @ RunState::Succeeded, 1..) => {
            let count = run.warning_count();
            let values = [
                ("state", run_state_mark(locale, state).into_word().into()),
                ("count", count.into()),
            ];
            Mark::new(Tone::Late, &locale.fill("state-warned", &values))
        }
        (state, _) => run_state_mark(locale, state),
    }
}

/// The same without what is to be looked at.
pub(super) fn run_state_mark(locale: Locale, state: RunState) -> Mark {
    let (tone, word) = match state {
        RunState::Queued => (Tone::Busy, locale.text("state-queued")),
        RunState::Running => (Tone::Busy, locale.text("state-running")),
        RunState::Succeeded => (Tone::Good, locale.text("state-succeeded")),
        RunState::Failed => (Tone::Bad, locale.text("state-failed")),
        RunState::Cancelled => (Tone::Empty, locale.text("state-cancelled")),
        RunState::Interrupted => (Tone::Bad, locale.text("state-interrupted")),
    };
    Mark::new(tone, &word)
}

/// What a run is for.
pub(super) fn kind_text(locale: Locale, kind: RunKind) -> String {
    match kind {
        RunKind::Backup => locale.text("kind-backup"),
        RunKind::Restore => locale.text("kind-restore"),
        RunKind::Drill => locale.text("kind-drill"),
        RunKind::Verify => locale.text("kind-verify"),
    }
}
