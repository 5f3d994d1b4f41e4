//! A real browser without a screen: Chromium, driven through the WebDriver protocol.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Daemon, agent, within};

/// How long a page may take to show what it has to.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// One tab. It ends with its owner.
pub(crate) struct Browser {
    session: String,
    // Dropped in this order: first the process, then what it leaves behind.
    _driver: Daemon,
    _folder: TempDir,
}

impl Browser {
    /// Starts it; none when this machine has no Chromium.
    pub(crate) fn start() -> Option<Self> {
        Command::new("chromedriver")
            .arg("--version")
            .output()
            .ok()?;
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("chromedriver");
        command.arg("--port=0").env("TMPDIR", folder.path());
        let mut driver = Daemon::start(command);
        let port = driver.await_line(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            port.trim_end_matches('.').parse::<u16>().ok()
        });
        // No sandbox of its own: it would refuse to run as root.
        let options = json!({"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]});
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}});
        let base = format!("http://127.0.0.1:{port}/session");
        let made = post(&base, &wanted);
        let id = made["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("{made}"));
        Some(Self {
            session: format!("{base}/{id}"),
            _driver: driver,
            _folder: folder,
        })
    }

    pub(crate) fn open(&self, url: &str) -> &Self {
        self.tell("url", &json!({"url": url}));
        self
    }

    /// Types into the only visible element that `selector` finds.
    pub(crate) fn types(&self, selector: &str, text: &str) -> &Self {
        self.tell(
            &format!("element/{}/value", self.element(selector)),
            &json!({"text": text}),
        );
        self
    }

    pub(crate) fn clicks(&self, selector: &str) -> &Self {
        self.tell(
            &format!("element/{}/click", self.element(selector)),
            &json!({}),
        );
        self
    }

    /// Waits until what a person reads in the element contains `text`; all of its words.
    #[track_caller]
    pub(crate) fn reads(&self, selector: &str, text: &str) -> String {
        within(TIME_LIMIT, &format!("{selector} shows `{text}`"), || {
            Some(self.text(selector)).filter(|shown| shown.contains(text))
        })
    }

    /// What a person reads in the element now: nothing in one that is hidden.
    pub(crate) fn text(&self, selector: &str) -> String {
        let script = "const found = document.querySelector(arguments[0]); \
                      return found?.checkVisibility() ? found.innerText : ''";
        let shown = self.tell(
            "execute/sync",
            &json!({"script": script, "args": [selector]}),
        );
        shown.as_str().unwrap().to_owned()
    }

    /// What the page's own code or its policy complained of; answers that are errors are none.
    pub(crate) fn complaints(&self) -> Vec<Value> {
        let log = self.tell("se/log", &json!({"type": "browser"}));
        let entries = log.as_array().unwrap().iter();
        let own = entries.filter(|entry| entry["source"] != "network");
        own.cloned().collect()
    }

    fn element(&self, selector: &str) -> String {
        let by = json!({"using": "css selector", "value": selector});
        let found = self.tell("element", &by);
        let (_, id) = found
            .as_object()
            .unwrap()
            .iter()
            .next()
            .unwrap_or_else(|| panic!("no {selector}"));
        id.as_str()
            .unwrap_or_else(|| panic!("{selector}: {found}"))
            .to_owned()
    }

    fn tell(&self, what: &str, body: &Value) -> Value {
        post(&format!("{}/{what}", self.session), body)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The browser is the driver's child: it goes when it is told to, not with the driver.
        let _ = agent().delete(&self.session).call();
    }
}

fn post(url: &str, body: &Value) -> Value {
    let mut answer = agent().post(url).send(body.to_string()).unwrap();
    let said: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
    said["value"].clone()
}
