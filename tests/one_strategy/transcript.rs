//! What happened, a fact a line. Each line says by itself what it is of, so that a table can name it.

use serde_json::Value;

use crate::harness::{Answer, Finished, repository, sha256, through};

/// Lines of facts.
#[derive(Default)]
pub(super) struct Transcript {
    lines: Vec<String>,
}

impl Transcript {
    /// The lines without what `rules` hide: scripts of `sed`, in this folder.
    pub(super) fn without(&self, rules: &[&str]) -> String {
        let text = self.lines.join("\n") + "\n";
        rules.iter().fold(text, |text, script| {
            let script = repository().join("tests/one_strategy").join(script);
            let sed = format!("sed -E -f '{}'", script.display());
            let (done, text) = through(&sed, text.as_bytes());
            assert!(done, "{sed}");
            String::from_utf8(text).unwrap()
        })
    }

    /// A process: how it ended, and what it said.
    pub(super) fn finished(&mut self, what: &str, done: &Finished) {
        let what = format!("sidecar {what}");
        self.line(&what, &format!("exit {:?}", done.code.unwrap_or(-1)));
        match serde_json::from_str::<Value>(&done.stdout) {
            Ok(json) => self.value(&what, "", &json),
            Err(_) => self.text_of(&what, &done.stdout),
        }
        self.text_of(&format!("{what} 2>"), &done.stderr);
    }

    /// An answer: status, headers, body.
    pub(super) fn answer(&mut self, what: &str, answer: &Answer) {
        self.line(what, &format!("status {}", answer.status));
        let mut headers: Vec<String> = answer
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        self.text_of(what, &headers.join("\n"));
        self.document(what, &answer.body);
    }

    /// Bytes as JSON, as text, or as their digest.
    pub(super) fn document(&mut self, what: &str, bytes: &[u8]) {
        match (
            serde_json::from_slice::<Value>(bytes),
            std::str::from_utf8(bytes),
        ) {
            (Ok(json), _) => self.value(what, "", &json),
            (_, Ok(text)) if text.contains("# HELP") => self.text_of(what, text),
            _ => self.bytes(what, bytes),
        }
    }

    pub(super) fn bytes(&mut self, what: &str, bytes: &[u8]) {
        let digest = format!("{} bytes, sha256 {}", bytes.len(), sha256(bytes));
        self.line(what, &digest);
    }

    pub(super) fn text_of(&mut self, what: &str, text: &str) {
        for line in text.lines() {
            self.line(what, line);
        }
    }

    /// Each leaf with its path.
    fn value(&mut self, what: &str, path: &str, value: &Value) {
        match value {
            Value::Object(object) if !object.is_empty() => {
                let mut members: Vec<_> = object.iter().collect();
                members.sort_by_key(|(name, _)| *name);
                for (name, value) in members {
                    self.value(what, &format!("{path}.{name}"), value);
                }
            }
            Value::Array(values) if !values.is_empty() => {
                for (at, value) in values.iter().enumerate() {
                    self.value(what, &format!("{path}[{at}]"), value);
                }
            }
            leaf => self.line(what, &format!("{path} = {leaf}")),
        }
    }

    fn line(&mut self, what: &str, fact: &str) {
        let line = format!("{what} | {fact}");
        self.lines.push(line.trim_end().to_owned());
    }
}
