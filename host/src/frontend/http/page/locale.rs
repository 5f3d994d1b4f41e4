//! The languages of the page, and its texts in them.

use std::sync::LazyLock;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_LANGUAGE;
use fluent::concurrent::FluentBundle;
use fluent::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

/// A language of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locale {
    English,
    Spanish,
}

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle("en", include_str!("locales/en.ftl")));
static SPANISH: LazyLock<Bundle> = LazyLock::new(|| bundle("es", include_str!("locales/es.ftl")));

impl Locale {
    /// All of them, in the order in which they are offered.
    pub(super) const ALL: [Self; 2] = [Self::English, Self::Spanish];

    /// As `lang` of HTML writes it.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Spanish => "es",
        }
    }

    /// The language of a tag; none if the page does not speak it.
    pub(super) fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        let is = |locale: &Self| locale.tag().eq_ignore_ascii_case(primary);
        Self::ALL.into_iter().find(is)
    }

    /// The first language of `Accept-Language` that the page speaks. Browsers send the best one first.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let accepted = headers.get(ACCEPT_LANGUAGE);
        let accepted = accepted.and_then(|value| value.to_str().ok());
        let tags = accepted.unwrap_or_default().split(',');
        let mut tags = tags.map(|tag| tag.split(';').next().unwrap_or_default().trim());
        tags.find_map(Self::of_tag).unwrap_or(Self::English)
    }

    /// What stands between the whole part of a number and its fraction.
    pub(super) fn decimal_sign(self) -> char {
        match self {
            Self::English => '.',
            Self::Spanish => ',',
        }
    }

    /// A text. One that is missing shows its key: a test keeps that from happening.
    pub(super) fn text(self, key: &str) -> String {
        self.fill(key, &[])
    }

    /// A text with values in it.
    pub(super) fn fill(self, key: &str, values: &[(&str, FluentValue<'_>)]) -> String {
        let bundle = self.bundle();
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            return key.to_owned();
        };
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(*name, value.clone());
        }
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(&arguments), &mut errors);
        text.into_owned()
    }

    /// The text of `prefix` and `code`; none if there is no such text.
    pub(super) fn of_code(self, prefix: &str, code: &str) -> Option<String> {
        let key = format!("{prefix}-{code}");
        self.bundle().has_message(&key).then(|| self.text(&key))
    }

    fn bundle(self) -> &'static Bundle {
        match self {
            Self::English => &ENGLISH,
            Self::Spanish => &SPANISH,
        }
    }
}

/// # Panics
/// When a file that is compiled in is not Fluent: a test reads them all.
fn bundle(tag: &str, text: &str) -> Bundle {
    let resource = FluentResource::try_new(text.to_owned());
    let resource = resource.unwrap_or_else(|(_, errors)| panic!("{tag}: {errors:?}"));
    // The rules for plurals.
    let language: LanguageIdentifier = tag.parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![language]);
    // Marks of direction around each value would be in what users copy.
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
#[path = "locale_tests.rs"]
mod tests;
