//! A real browser without a screen: Chromium, driven through the WebDriver protocol.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Daemon, agent, repository, within};

/// How long a page may take to show what it has to.
const TIME_LIMIT: Duration = Duration::from_secs(20);

/// How often the driver is started at most.
const MOST_STARTS: u32 = 5;

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
        // The port that it chooses may be taken by another process before it listens there.
        let mut started = (0..MOST_STARTS).filter_map(|_| start_driver(folder.path()));
        let (driver, port) = started.next().expect("chromedriver finds a port");
        // No sandbox of its own: it would refuse to run as root.
        let options = json!({"args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en"]});
        let logs = json!({"browser": "ALL"});
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options, "goog:loggingPrefs": logs}}});
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

    /// Clicks the element as soon as it is there. If that leaves the page, the next one has come
    /// when this returns: a selector that fits both pages finds the new one.
    #[track_caller]
    pub(crate) fn clicks(&self, selector: &str) -> &Self {
        let element = self.element(selector);
        self.evaluates(NOTE_LEAVING);
        self.tell(&format!("element/{element}/click"), &json!({}));
        within(TIME_LIMIT, &format!("the page after {selector}"), || {
            let script = "return !window.isLeaving && document.readyState === 'complete'";
            let done = self.try_to("execute/sync", &json!({"script": script, "args": []}));
            done.ok().filter(|done| done == true)
        });
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

    /// What is in the clipboard after the button was pressed.
    pub(crate) fn copies(&self, button: &str) -> String {
        let grant = |name| {
            let granted = json!({"permission": {"name": name}, "setting": "granted"});
            self.command("Browser.setPermission", &granted);
        };
        grant("clipboard-read");
        grant("clipboard-write");
        self.clicks(button);
        let copied = self.evaluates("return navigator.clipboard.readText()");
        copied
            .as_str()
            .unwrap_or_else(|| panic!("{copied}"))
            .to_owned()
    }

    /// The result of a script in the page, which may be a promise.
    pub(crate) fn evaluates(&self, script: &str) -> Value {
        self.tell("execute/sync", &json!({"script": script, "args": []}))
    }

    /// As wide and high as a device, and in its colours: "light" or "dark".
    pub(crate) fn looks(&self, width: u32, height: u32, scheme: &str) -> &Self {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.command("Emulation.setDeviceMetricsOverride", &metrics);
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.command("Emulation.setEmulatedMedia", &json!({"features": features}));
        self
    }

    /// A person who uses the keyboard alone; "\u{e004}" is the tabulator, "\u{e007}" enter.
    pub(crate) fn presses(&self, keys: &str) -> &Self {
        let each = keys.chars().map(String::from).flat_map(|key| {
            [
                json!({"type": "keyDown", "value": key}),
                json!({"type": "keyUp", "value": key}),
            ]
        });
        let actions: Vec<Value> = each.collect();
        let keyboard = json!({"type": "key", "id": "keyboard", "actions": actions});
        self.tell("actions", &json!({"actions": [keyboard]}));
        self
    }

    /// What axe finds in the page that keeps people from using it: rules, each with the elements.
    pub(crate) fn barriers(&self) -> Vec<String> {
        let axe = repository().join("target/axe/axe.min.js");
        let axe = std::fs::read_to_string(axe).expect("tests/setup brings axe");
        self.evaluates(&axe);
        let found = self.evaluates(
            "return axe.run(document, {resultTypes: ['violations']}).then(found => found.violations.map(\
             rule => rule.id + ': ' + rule.nodes.map(node => node.html).join(' | ')))",
        );
        let found = found.as_array().unwrap_or_else(|| panic!("{found}"));
        let texts = found.iter().map(|rule| rule.as_str().unwrap().to_owned());
        texts.collect()
    }

    /// Saves a picture of the whole page.
    pub(crate) fn pictures(&self, file: &Path) {
        let shot = self.command(
            "Page.captureScreenshot",
            &json!({"format": "png", "captureBeyondViewport": true}),
        );
        let png = BASE64_STANDARD.decode(shot["data"].as_str().unwrap());
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, png.unwrap()).unwrap();
    }

    /// Addresses from which the page has got anything.
    pub(crate) fn requested(&self) -> Vec<String> {
        let got = self.evaluates(
            "return performance.getEntries().filter(entry => 'initiatorType' in entry).map(entry => entry.name)",
        );
        let got = got.as_array().unwrap().iter();
        got.map(|name| name.as_str().unwrap().to_owned()).collect()
    }

    /// All that the console says, which is nothing on a screen that is well.
    pub(crate) fn console(&self) -> Vec<Value> {
        let log = self.tell("se/log", &json!({"type": "browser"}));
        log.as_array().unwrap().clone()
    }

    fn command(&self, command: &str, parameters: &Value) -> Value {
        self.tell(
            "goog/cdp/execute",
            &json!({"cmd": command, "params": parameters}),
        )
    }

    /// What the page's own code or its policy complained of; answers that are errors are none.
    pub(crate) fn complaints(&self) -> Vec<Value> {
        let mut entries = self.console();
        entries.retain(|entry| entry["source"] != "network");
        entries
    }

    #[track_caller]
    fn element(&self, selector: &str) -> String {
        let by = json!({"using": "css selector", "value": selector});
        within(TIME_LIMIT, &format!("{selector} is there"), || {
            let found = self.try_to("element", &by).ok()?;
            let (_, id) = found.as_object()?.iter().next()?;
            id.as_str().map(str::to_owned)
        })
    }

    #[track_caller]
    fn tell(&self, what: &str, body: &Value) -> Value {
        self.try_to(what, body)
            .unwrap_or_else(|error| panic!("{what} {body}: {error}"))
    }

    /// The answer, or what the driver says against it.
    fn try_to(&self, what: &str, body: &Value) -> Result<Value, Value> {
        let said = post(&format!("{}/{what}", self.session), body);
        if said["error"].is_string() {
            return Err(said);
        }
        Ok(said)
    }
}

/// Has the window remember that a form or a link of it leads to another page. Both events come
/// before the click returns, and the listeners of the page, which may refuse them, before this one.
const NOTE_LEAVING: &str = "
    const note = leaves => event => {
        if (!event.defaultPrevented && leaves(event)) window.isLeaving = true;
    };
    const isForm = event => (event.submitter?.formMethod || event.target.method) !== 'dialog';
    const isLink = event => {
        const link = event.target.closest?.('a[href]:not([download], [target])');
        return link && link.href.split('#')[0] !== location.href.split('#')[0];
    };
    window.addEventListener('submit', note(isForm));
    window.addEventListener('click', note(isLink));
";

/// The driver and its port; none if it has ended at once.
fn start_driver(folder: &Path) -> Option<(Daemon, u16)> {
    let mut command = Command::new("chromedriver");
    command.arg("--port=0").env("TMPDIR", folder);
    let mut driver = Daemon::start(command);
    let port = driver.next_line(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    })?;
    Some((driver, port))
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
