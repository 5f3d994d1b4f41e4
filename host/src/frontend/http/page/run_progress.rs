//! How far a run is, in one line.

use serde::Serialize;

use super::locale::Locale;
use super::marks::kind_text;
use crate::service::{Progress, RunInProgress, RunKind};

/// How far a run is, as the page shows it and as the stream sends it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct RunProgress {
    pub(super) id: String,
    /// "Backup in progress"
    #[serde(skip)]
    pub(super) title: String,
    /// 0 to 99; none if that cannot be told.
    pub(super) percent: Option<u64>,
    /// "41 % · 1.2 of 2.9 GiB · 96 MiB/s · 18 s left"
    pub(super) line: String,
    /// What the strategy is at.
    pub(super) note: Option<String>,
}

impl RunProgress {
    pub(super) fn of(locale: Locale, run: &RunInProgress) -> Self {
        Self::new(locale, &run.id, run.kind, run.progress.as_ref())
    }

    pub(super) fn new(
        locale: Locale,
        id: &str,
        kind: RunKind,
        progress: Option<&Progress>,
    ) -> Self {
        let kind = kind_text(locale, kind);
        Self {
            id: id.to_owned(),
            title: locale.fill("run-in-progress", &[("kind", kind.into())]),
            percent: progress.and_then(|progress| progress.percent),
            line: progress
                .map(|progress| line(locale, progress))
                .unwrap_or_default(),
            note: progress.and_then(|progress| progress.note.clone()),
        }
    }
}

fn line(locale: Locale, progress: &Progress) -> String {
    let percent = progress.percent.map(|percent| format!("{percent} %"));
    let bytes = locale.size(progress.bytes);
    let bytes = match progress.expected_bytes {
        Some(all) if all >= progress.bytes => {
            let values = [("part", bytes.into()), ("whole", locale.size(all).into())];
            locale.fill("size-of", &values)
        }
        _ => bytes,
    };
    let speed = (progress.bytes_per_second > 0)
        .then(|| format!("{}/s", locale.size(progress.bytes_per_second)));
    let elapsed = || {
        let elapsed = locale.duration(progress.elapsed_ms);
        locale.fill("time-elapsed", &[("time", elapsed.into())])
    };
    let time = match progress.remaining_seconds {
        Some(left) => {
            let left = locale.duration(left.saturating_mul(1000));
            locale.fill("time-left", &[("time", left.into())])
        }
        None => elapsed(),
    };
    let parts = [
        percent,
        (progress.bytes > 0).then_some(bytes),
        speed,
        Some(time),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn progress(percent: Option<u64>, expected_bytes: Option<u64>) -> Progress {
        Progress {
            bytes: 170 << 20,
            bytes_per_second: 96 << 20,
            elapsed_ms: 10_000,
            expected_bytes,
            percent,
            remaining_seconds: percent.map(|_| 14),
            note: None,
        }
    }

    #[test]
    fn what_is_known_is_in_the_line() {
        assert_eq!(
            line(Locale::English, &progress(Some(41), Some(412 << 20))),
            "41 % · 170 MiB of 412 MiB · 96.0 MiB/s · 14 s left"
        );
        assert_eq!(
            line(Locale::Spanish, &progress(None, None)),
            "170 MiB · 96,0 MiB/s · desde hace 10 s"
        );
    }
}
