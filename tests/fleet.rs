//! Many sidecars on one page: who is late, who failed, who was never drilled, who does not answer.

mod answers;
mod forty;
mod page;
mod reload;

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Browser, Fleet, Server, Sidecar, TOKEN, skip, within};
use crate::page::client::Client;

/// How long a fleet that asks every five seconds may take to know what has changed.
const SOON: Duration = Duration::from_secs(20);

/// One that has nothing to back up yet.
fn new() -> Sidecar {
    Fleet::member(Sidecar::printing("x"))
}

/// One with a backup.
fn backed_up() -> Sidecar {
    let sidecar = new();
    sidecar.backup().succeeds();
    sidecar
}

/// One with a backup that has come back in a drill.
fn drilled(sidecar: Sidecar) -> Sidecar {
    let scratch = sidecar.folder().join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let sidecar = sidecar
        .set(
            "strategy.config.restore",
            "cat > \"$SIDE_CAR_RESTORE_INTO/state\"",
        )
        .set(
            "drill",
            json!({"into": scratch, "check": ["test -e state"]}),
        );
    sidecar.backup().succeeds();
    sidecar.run(&["drill"]).succeeds();
    sidecar
}

/// A session at the page of a fleet.
pub(crate) struct FleetPage(Client);

impl FleetPage {
    pub(crate) fn of(fleet: &Server) -> Self {
        Self(Client::signed_in(fleet))
    }

    /// The text of the screen at `query`.
    fn at(&self, query: &str) -> String {
        self.0.reads(&format!("/{query}"))
    }

    /// The row of a sidecar; empty if there is none.
    fn row(&self, name: &str) -> String {
        let text = self.at("");
        let mut rows = text.split("<tr ").skip(1);
        let row = rows.find(|row| row.contains(&format!(">{name}</a>")));
        row.unwrap_or_default()
            .split("</tr>")
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    /// Waits until the row of a sidecar has `text` in it.
    #[track_caller]
    pub(crate) fn says(&self, name: &str, text: &str) -> String {
        within(SOON, &format!("{name} shows `{text}`"), || {
            Some(self.row(name)).filter(|row| row.contains(text))
        })
    }

    fn heading(&self) -> String {
        let text = self.at("");
        let (_, rest) = text.split_once("<h1").unwrap();
        let (_, rest) = rest.split_once('>').unwrap();
        rest.split('<').next().unwrap().to_owned()
    }
}

/// A browser at the page of a fleet; without one on this machine, none, and the reason is recorded.
fn signed_in(fleet: &Server) -> Option<Browser> {
    let Some(browser) = Browser::start() else {
        skip(
            "the page of a fleet in a browser",
            "chromium-driver is not installed",
        );
        return None;
    };
    browser.open(&fleet.url);
    browser.types("#token", TOKEN).clicks("main button");
    browser.reads("footer", "As of");
    Some(browser)
}

/// What scripts read of a sidecar.
fn standing(fleet: &Server, name: &str) -> Value {
    let status = fleet.get("/fleet/status").json();
    let all = status["sidecars"].as_array().unwrap();
    let found = all.iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("{status}")).clone()
}
