//! What surrounds every screen: its title, the menu, the languages; and the headers of the answer.

use askama::Template;
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::header::{LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;

use super::amounts::MomentText;
use super::backup_rows::tier_text;
use super::failure::PageFailure;
use super::locale::Locale;
use super::marks::{Mark, Tone};
use super::visit::PageVisit;
use crate::config::{Tier, TokenScope};
use crate::display::visible;
use crate::frontend::http::error_response::ErrorResponse;
use crate::frontend::http::fields::encoded;
use crate::redact::redacted;

/// Allows only what this server sends; what an error quotes can never become code.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The entry of the menu that a screen belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MenuEntry {
    Overview,
    Backups,
    Runs,
    Drills,
    Settings,
    None,
}

impl MenuEntry {
    /// What the menu of a sidecar's page leads to.
    pub(super) const OF_SIDECAR: [Self; 5] = [
        Self::Overview,
        Self::Backups,
        Self::Runs,
        Self::Drills,
        Self::Settings,
    ];

    /// Its address below `/`, and its text.
    fn target(self, locale: Locale) -> (&'static str, String) {
        match self {
            Self::Overview | Self::None => ("", locale.text("nav-overview")),
            Self::Backups => ("ui/backups", locale.text("nav-backups")),
            Self::Runs => ("ui/runs", locale.text("nav-runs")),
            Self::Drills => ("ui/drills", locale.text("nav-drills")),
            Self::Settings => ("ui/sidecar", locale.text("nav-sidecar")),
        }
    }

    /// What a session must have to see it.
    fn needs(self) -> TokenScope {
        match self {
            Self::Settings => TokenScope::Admin,
            _ => TokenScope::Read,
        }
    }
}

/// A link of the menu, or to another language.
pub(super) struct FrameLink {
    pub(super) href: String,
    pub(super) text: String,
    pub(super) current: bool,
    pub(super) tag: &'static str,
}

/// What the layout shows around a screen.
pub(super) struct Frame {
    pub(super) locale: Locale,
    pub(super) root: String,
    pub(super) title: String,
    pub(super) icon: Tone,
    pub(super) menu: Vec<FrameLink>,
    pub(super) languages: Vec<FrameLink>,
    pub(super) signed_in: bool,
    /// Who that is, and what it may do: "night · run".
    pub(super) signed_in_as: Option<String>,
    /// Whether the session may make backups, and restore them.
    pub(super) may_run: bool,
    pub(super) may_restore: bool,
    /// Whether a reader without scripts wants to see it again soon.
    pub(super) refresh: bool,
    /// Of what is shown, where beats have one from the start.
    pub(super) version: Option<String>,
    now: Timestamp,
}

impl Frame {
    pub(super) fn new(visit: &PageVisit, section: MenuEntry, title: &str) -> Self {
        let seen = visit.menu.iter().filter(|entry| visit.may(entry.needs()));
        let menu = seen.map(|entry| {
            let (path, text) = entry.target(visit.locale);
            FrameLink {
                href: format!("{}{path}", visit.root),
                text,
                current: *entry == section,
                tag: visit.locale.tag(),
            }
        });
        let languages = Locale::ALL.map(|locale| FrameLink {
            href: visit.query.replacing("lang", Some(locale.tag())).query(),
            text: locale.text("language"),
            current: locale == visit.locale,
            tag: locale.tag(),
        });
        Self {
            locale: visit.locale,
            root: visit.root.clone(),
            title: format!("{title} – sidecar"),
            icon: Tone::Good,
            menu: menu.collect(),
            languages: languages.into(),
            signed_in: visit.caller.is_some(),
            signed_in_as: visit.caller.as_ref().map(|caller| {
                let values = [
                    ("name", caller.name.as_str().into()),
                    ("scope", caller.scope.as_str().into()),
                ];
                visit.locale.fill("caller", &values)
            }),
            may_run: visit.may(TokenScope::Run),
            may_restore: visit.may(TokenScope::Restore),
            refresh: false,
            version: None,
            now: visit.now,
        }
    }

    /// The icon of the browser's tab.
    pub(super) fn icon(mut self, icon: Tone) -> Self {
        self.icon = icon;
        self
    }

    /// Without scripts, the screen is loaded again every few seconds.
    pub(super) fn refreshed(mut self, refresh: bool) -> Self {
        self.refresh = refresh;
        self
    }

    /// The version that a beat has as long as the screen is true.
    pub(super) fn version(mut self, version: String) -> Self {
        self.version = Some(version);
        self
    }

    /// A text in the reader's language.
    pub(super) fn text(&self, key: &str) -> String {
        self.locale.text(key)
    }

    /// A text with one value.
    pub(super) fn with(&self, key: &str, name: &str, value: &str) -> String {
        self.locale.fill(key, &[(name, value.into())])
    }

    /// With `count` as a number, which decides between singular and plural.
    pub(super) fn counted(&self, key: &str, count: &usize) -> String {
        self.locale.fill(key, &[("count", (*count).into())])
    }

    pub(super) fn size(&self, bytes: &u64) -> String {
        self.locale.size(*bytes)
    }

    pub(super) fn duration(&self, milliseconds: &u64) -> String {
        self.locale.duration(*milliseconds)
    }

    pub(super) fn moment(&self, at: &Timestamp) -> MomentText {
        self.locale.moment(*at)
    }

    /// "2 h"
    pub(super) fn age(&self, at: &Timestamp) -> String {
        self.locale.age(self.now, *at)
    }

    /// "12 times since …"
    pub(super) fn repeated(&self, times: &u64, since: &Timestamp) -> String {
        let since = self.locale.moment_text(*since);
        let values = [("times", (*times).into()), ("since", since.into())];
        self.locale.fill("audit-times", &values)
    }

    /// A value of a form, of which not one byte changes on its way to the browser and back.
    pub(super) fn value(&self, text: &str) -> String {
        encoded(text)
    }

    pub(super) fn mark(&self, tone: Tone, word: &str) -> Mark {
        Mark::new(tone, word)
    }

    pub(super) fn busy(&self, word: &str) -> Mark {
        Mark::new(Tone::Busy, word)
    }

    pub(super) fn tier(&self, tier: &Tier) -> String {
        tier_text(self.locale, tier)
    }

    /// When this was rendered.
    pub(super) fn as_of(&self) -> MomentText {
        self.locale.moment(self.now)
    }
}

/// A screen as an answer.
pub(super) fn html(screen: &impl Template) -> Response {
    match screen.render() {
        // What a module or a tool said may steer nothing, reorder nothing that stands beside it, and tell no secret.
        Ok(text) => file(
            "text/html; charset=utf-8",
            "no-store",
            visible(&redacted(&text)).into_owned().into(),
        ),
        Err(error) => {
            tracing::error!(%error, "a screen cannot be rendered");
            PageFailure::from(ErrorResponse::internal()).into_response()
        }
    }
}

/// Something of the page with the headers that all of it has.
pub(super) fn file(kind: &'static str, cache: &'static str, content: axum::body::Body) -> Response {
    let headers: [(HeaderName, &str); 6] = [
        (CONTENT_TYPE, kind),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // With `no-referrer`, forms would come from the origin `null`.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, cache),
    ];
    (headers, content).into_response()
}

/// Sends the browser on, with GET. `to` is relative to the address that was asked for.
pub(in crate::frontend::http) fn see(to: &str) -> Response {
    let to = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("./"));
    (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response()
}
