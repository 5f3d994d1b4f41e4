//! Why a member is not up to date, in the reader's words.

use fluent::FluentValue;

use super::locale::Locale;
use crate::service::StatusReason;

/// A reason, and what to do about it.
pub(super) struct ReasonText {
    pub(super) text: String,
    /// What a tool said, in its own language.
    pub(super) quote: Option<String>,
    /// The run that it is about.
    pub(super) run: Option<String>,
    /// In English, as the error has it.
    pub(super) hint: Option<String>,
}

/// By its code; one that the page does not know, as it is.
pub(super) fn reason_text(locale: Locale, reason: &StatusReason) -> ReasonText {
    let value = |name: &str| {
        reason
            .args
            .get(name)
            .map(String::as_str)
            .unwrap_or_default()
    };
    let time = |name: &str| match value(name).parse() {
        Ok(at) => locale.moment_text(at),
        Err(_) => value(name).to_owned(),
    };
    let text = match reason.code.as_str() {
        "overdue" => {
            let slots = value("slots").parse::<u32>().unwrap_or(1);
            let values = [("due", time("due").into()), ("slots", slots.into())];
            locale.fill("reason-overdue", &values)
        }
        "no-rhythm" if value("id").is_empty() => {
            locale.fill("reason-none-yet", &[("at", time("at").into())])
        }
        "no-rhythm" => locale.fill("reason-no-rhythm", &[("at", time("at").into())]),
        "no-good-backup" if value("damaged") == "0" => locale.text("reason-no-good-backup"),
        "no-good-backup" => locale.text("reason-all-damaged"),
        "last-run-failed" => match value("state") {
            "cancelled" => locale.text("reason-last-run-cancelled"),
            "interrupted" => locale.text("reason-last-run-interrupted"),
            _ => locale.text("reason-last-run-failed"),
        },
        "copy-damaged" => {
            let values: [(&str, FluentValue<'_>); 2] = [
                ("store", value("store").into()),
                ("key", value("key").into()),
            ];
            locale.fill("reason-copy-damaged", &values)
        }
        "upload-missing" => locale.fill(
            "reason-upload-missing",
            &[("stores", value("stores").into())],
        ),
        "backup-of-the-future" => {
            locale.fill("reason-backup-of-the-future", &[("at", time("at").into())])
        }
        "drill-failed" => locale.text("reason-drill-failed"),
        "store-unreadable" => locale.fill(
            "reason-store-unreadable",
            &[("store", value("store").into())],
        ),
        _ => reason.message.clone(),
    };
    let quote = [value("message"), value("reason")];
    let quote = quote.into_iter().find(|quote| !quote.is_empty());
    ReasonText {
        text,
        quote: quote.map(str::to_owned),
        run: matches!(reason.code.as_str(), "last-run-failed" | "drill-failed")
            .then(|| value("id").to_owned()),
        hint: reason.hint.clone(),
    }
}
