//! What the retention says of a backup, in the reader's words.

use super::backup_rows::tier_text;
use super::locale::Locale;
use crate::config::Tier;
use crate::service::BackupVerdict;

/// "daily: within 30 days, until 29 Dec 2026"
pub(super) fn verdict_text(locale: Locale, tier: Tier, verdict: &BackupVerdict) -> String {
    let tier = tier_text(locale, &tier);
    let reason = reason(locale, verdict);
    let goes = (!verdict.keep).then(|| locale.text("kept-goes"));
    let until = verdict.until.filter(|_| verdict.keep).map(|until| {
        let day = locale.day(until);
        locale.fill("kept-until", &[("day", day.into())])
    });
    let parts = goes.into_iter().chain([reason]).chain(until);
    format!("{tier}: {}", parts.collect::<Vec<_>>().join(", "))
}

fn reason(locale: Locale, verdict: &BackupVerdict) -> String {
    let value = |name: &str| verdict.args.get(name).cloned().unwrap_or_default();
    let number = |name: &str| value(name).parse::<u32>().unwrap_or(0);
    match verdict.code.as_str() {
        "within" => locale.fill("kept-within", &[("days", number("days").into())]),
        "among" => locale.fill("kept-among", &[("last", number("last").into())]),
        "older" | "older-and-beyond" => {
            locale.fill("kept-older", &[("days", number("days").into())])
        }
        "beyond" => locale.fill("kept-beyond", &[("last", number("last").into())]),
        "floor" => locale.fill("kept-floor", &[("held", number("held").into())]),
        code => {
            let text = locale.of_code("kept", code);
            text.unwrap_or_else(|| verdict.reason.clone())
        }
    }
}
