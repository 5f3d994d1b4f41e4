//! Several strategies in a table: what each backs up, when next, where to, and for how long.

use serde::Serialize;

use super::due::NextDue;
use crate::config::{Config, Policy, RetentionRule};
use crate::display;

/// Characters of a command line that are shown.
const LINE_SHOWN: usize = 40;

/// A line of the table.
#[derive(Debug, Serialize)]
pub struct Overview {
    /// The strategy's name in the configuration; of the set, "set".
    pub name: String,
    /// "database_dump postgres", "file_archive uploads", "db, uploads".
    pub backs_up: String,
    /// "2026-01-31T03:00:00+01:00", "with the set", or "only by hand".
    pub next: String,
    /// The names of the stores.
    pub stores: Vec<String>,
    /// "daily 30 days, monthly the last 12".
    #[serde(rename = "kept")]
    pub retention: String,
}

/// Of a strategy, or of the set; `in_set` is whether the set backs it up.
pub(super) fn overview(config: &Config, next: &[NextDue], in_set: bool) -> Overview {
    let due = next.iter().find(|due| due.what == "backup");
    let stores = config.stores.iter().map(|store| store.name.clone());
    let set = config.several.as_ref().map(|several| &several.set);
    Overview {
        name: config.member.clone().unwrap_or_else(|| "set".to_owned()),
        backs_up: match set {
            Some(set) => set.members.join(", "),
            None => what(config),
        },
        next: match (due, in_set) {
            (Some(due), false) => due.local.clone(),
            (Some(due), true) => format!("{}, and with the set", due.local),
            (None, true) => "with the set".to_owned(),
            (None, false) => "only by hand".to_owned(),
        },
        stores: stores.collect(),
        retention: retention(&config.retention),
    }
}

/// The strategy, and the first words of what it is told. An address may hold a password: it is not shown.
fn what(config: &Config) -> String {
    let strategy = &config.strategy;
    let text = |key: &str| {
        let value = strategy.config.get(key)?;
        let texts: Vec<&str> = match value {
            serde_json::Value::Array(values) => {
                values.iter().filter_map(|value| value.as_str()).collect()
            }
            value => value.as_str().into_iter().collect(),
        };
        (!texts.is_empty()).then(|| texts.join(", "))
    };
    let told = ["engine", "paths", "command", "commands"]
        .into_iter()
        .find_map(text);
    match told {
        Some(told) => format!("{} {}", strategy.name, display::one_line(&told, LINE_SHOWN)),
        None => strategy.name.clone(),
    }
}

fn retention(policy: &Policy) -> String {
    let rule = |rule: RetentionRule| match (rule.days, rule.last) {
        (None, None) => "for ever".to_owned(),
        (Some(days), None) => format!("{days} days"),
        (None, Some(last)) => format!("the last {last}"),
        (Some(days), Some(last)) => format!("{days} days or the last {last}"),
    };
    let tiers = policy
        .iter()
        .map(|(tier, of)| format!("{tier} {}", rule(of)));
    match policy.is_empty() {
        true => "for ever".to_owned(),
        false => tiers.collect::<Vec<_>>().join(", "),
    }
}
