//! `drill`

use super::Check;
use crate::config::drill::Drill;
use crate::config::model::Secret;
use crate::config::{formats, raw};

impl Check<'_> {
    pub(super) fn drill(&mut self) -> Option<Drill> {
        let raw: raw::Drill = self.read("/drill")?;
        if raw
            .cron
            .as_ref()
            .is_some_and(|cron| formats::never_comes(&cron.0))
        {
            self.problem(
                "/drill/cron",
                "this time never comes",
                "correct the day and the month",
            );
        }
        if !self.is_given("/drill", "into") {
            self.key_problem(
                "/drill",
                "`into` or `into_file` is required",
                "add `into:` with the URL or the directory of a scratch target",
            );
            return None;
        }
        let (_, mut into) = self.secret("/drill", "into")?;
        if !into.contains("://") {
            into = self
                .environment
                .absolute(into)
                .to_string_lossy()
                .into_owned();
        }
        Some(Drill {
            cron: raw.cron.map(|cron| cron.0),
            into: Secret::new(into),
            check: raw.check.unwrap_or_default(),
        })
    }
}
