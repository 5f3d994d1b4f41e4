//! What comes back, what it is called then, and whether something is there already.

use super::super::locale::Locale;
use super::super::marks::{Mark, Tone};
use crate::service::{FoundTarget, Order, Preview};

/// A part, and its place.
pub(super) struct TargetRow {
    pub(super) part: String,
    pub(super) name: String,
    /// None: the module cannot tell what is there.
    pub(super) mark: Option<Mark>,
}

impl TargetRow {
    /// What the modules have found; of those that cannot tell, what was chosen.
    pub(super) fn all(locale: Locale, order: &Order, previews: &[&Preview]) -> Vec<Self> {
        let found = previews.iter().flat_map(|preview| {
            let strategy = preview.strategy.as_deref();
            let targets = preview.targets.iter();
            targets.map(move |target| Self::found(locale, order.replace, strategy, target))
        });
        let mut rows: Vec<Self> = found.collect();
        for selection in &order.only {
            if rows.iter().all(|row| row.part != selection.name) {
                let name = selection.new_name.as_ref().unwrap_or(&selection.name);
                rows.push(Self {
                    part: selection.name.clone(),
                    name: name.clone(),
                    mark: None,
                });
            }
        }
        rows
    }

    fn found(locale: Locale, replaces: bool, strategy: Option<&str>, target: &FoundTarget) -> Self {
        let (tone, word) = match (target.exists, replaces) {
            (false, _) => (Tone::Good, "target-new"),
            (true, true) => (Tone::Bad, "target-replaced"),
            (true, false) => (Tone::Late, "target-exists"),
        };
        Self {
            part: match strategy {
                Some(strategy) => format!("{strategy}/{}", target.part),
                None => target.part.clone(),
            },
            name: target.name.clone(),
            mark: Some(Mark::new(tone, &locale.text(word))),
        }
    }
}
