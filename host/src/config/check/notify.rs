//! `notify`

use http::Uri;

use super::Check;
use crate::config::model::Secret;
use crate::config::notify::{Receiver, Target};

impl Check<'_> {
    /// One receiver for each URL.
    pub(super) fn notify(&mut self) -> Vec<Receiver> {
        let mut receivers = Vec::new();
        for at in self.items("/notify") {
            let on = self.read(&format!("{at}/on")).unwrap_or_default();
            let webhook = self.url(&at, "webhook").map(Target::Webhook);
            let healthcheck = self.url(&at, "healthcheck").map(Target::Healthcheck);
            if self.tells_nobody(&at) {
                self.key_problem(
                    &at,
                    "nobody is told: `webhook` or `healthcheck` is required",
                    "add `webhook: https://…` or `healthcheck: https://…`",
                );
            }
            let targets = [webhook, healthcheck].into_iter().flatten();
            receivers.extend(targets.map(|target| Receiver {
                on: Vec::clone(&on),
                target,
            }));
        }
        receivers
    }

    fn tells_nobody(&self, at: &str) -> bool {
        ["webhook", "webhook_file", "healthcheck", "healthcheck_file"]
            .iter()
            .all(|key| self.given(&format!("{at}/{key}")).is_none())
    }

    /// A URL that holds a secret, and so is never shown.
    fn url(&mut self, map: &str, name: &str) -> Option<Secret> {
        if !self.is_given(map, name) {
            return None;
        }
        let (at, url) = self.secret(map, name)?;
        let is_web = url.parse::<Uri>().is_ok_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
        });
        if !is_web {
            self.problem(
                &at,
                "this is not the URL of a web server",
                "write the whole URL, such as `https://chat.example/hook`",
            );
        }
        is_web.then(|| Secret::new(url))
    }
}
