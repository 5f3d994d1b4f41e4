//! `registries`

use std::collections::BTreeMap;

use serde_json::Value;

use super::Check;
use crate::config::model::Secret;
use crate::config::registries::{Login, Registry, is_host};
use crate::config::{pointer, raw};

impl Check<'_> {
    pub(super) fn registries(&mut self) -> BTreeMap<String, Registry> {
        let mut registries = BTreeMap::new();
        let given = self.given("/registries").and_then(Value::as_object);
        let hosts: Vec<String> = given
            .into_iter()
            .flat_map(|map| map.keys().cloned())
            .collect();
        for host in hosts {
            let at = pointer::child("/registries", &host);
            if !is_host(&host) {
                let wrong = format!("`{host}` is not the host of a registry");
                self.key_problem(
                    &at,
                    wrong,
                    "write the host as in `source`: `registry.example:5000`",
                );
            }
            let password = self.is_given(&at, "password");
            let password = if password {
                self.secret(&at, "password")
            } else {
                None
            };
            if let Some(raw) = self.read::<raw::Registry>(&at) {
                let registry = self.registry(&at, raw, password.map(|(_, text)| text));
                registries.insert(host, registry);
            }
        }
        registries
    }

    fn registry(&mut self, at: &str, raw: raw::Registry, password: Option<String>) -> Registry {
        let given = self.is_given(at, "password");
        if raw.username.is_some() != given {
            let missing = if given { "username" } else { "password" };
            self.key_problem(
                at,
                format!("`{missing}` is missing: nobody can log in with the other half alone"),
                format!("add `{missing}`, or remove the other; without both, docker's own config.json is asked"),
            );
        }
        Registry {
            login: raw
                .username
                .zip(password)
                .map(|(username, password)| Login {
                    username,
                    password: Secret::new(password),
                }),
            ca_file: raw.ca_file.map(|file| self.environment.absolute(file)),
            insecure: raw.insecure,
        }
    }
}
