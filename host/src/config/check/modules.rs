//! `modules`

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Check;
use super::strategy::built_in;
use crate::config::model::{Allow, Limits, ModuleSpec, Origin, Paths, Secrets};
use crate::config::registries::SCHEME;
use crate::config::{pointer, raw};

/// Less memory than any component can start with.
const MIN_MEMORY: u64 = 1 << 20;

impl Check<'_> {
    pub(super) fn modules(&mut self) -> BTreeMap<String, ModuleSpec> {
        let mut modules = BTreeMap::new();
        for name in self.module_names() {
            let at = pointer::child("/modules", &name);
            if built_in(&name).is_some() {
                let wrong = format!("`{name}` is the name of a built-in strategy");
                self.key_problem(&at, wrong, "give the module another name");
            }
            if let Some(raw) = self.read(&at) {
                let module = self.module(&at, raw);
                modules.insert(name, module);
            }
        }
        modules
    }

    /// What the sidecar keeps to itself must not lie where a module from elsewhere looks or writes.
    pub(super) fn isolation(
        &mut self,
        modules: &BTreeMap<String, ModuleSpec>,
        strategy: &str,
        paths: &Paths,
        secrets: &Secrets,
    ) {
        for (name, module) in modules {
            for (at, variable) in module.allow.env.iter().enumerate() {
                if self.environment.get(variable) == Some(secrets.api_token.reveal()) {
                    let at = format!("{}/allow/env/{at}", pointer::child("/modules", name));
                    let wrong =
                        format!("`{variable}` holds the API token, which no module may see");
                    self.problem(&at, wrong, "remove it");
                }
            }
        }
        if !modules.contains_key(strategy) {
            return;
        }
        let file = self.environment.absolute(self.document.file());
        for (at, open) in [
            ("/paths/workdir", Some(paths.workdir.as_path())),
            ("/paths/temp_dump", paths.temp_dump.parent()),
        ] {
            for (what, kept) in [
                ("`paths.artifacts`", &paths.artifacts),
                ("this file", &file),
            ] {
                if open.is_some_and(|open| kept.starts_with(open)) {
                    self.problem(
                        at,
                        format!("module {strategy} may write here, and {what} lies here too"),
                        "write a path in a directory of its own, such as below `/var/lib/sidecar`",
                    );
                }
            }
        }
    }

    /// A file below the configuration's own directory, or a reference.
    fn source(&mut self, at: &str, source: &str) -> Origin {
        if !source.starts_with(SCHEME) {
            return Origin::File(self.home().join(source).components().collect());
        }
        source
            .parse()
            .map(Origin::Registry)
            .unwrap_or_else(|wrong| {
                let at = format!("{at}/source");
                let write = "write for example `oci://registry.example/acme/redis_snapshot:1.2`";
                self.problem(
                    &at,
                    format!("this is no module in a registry: {wrong}"),
                    write,
                );
                Origin::File(PathBuf::new())
            })
    }

    fn module(&mut self, at: &str, raw: raw::Module) -> ModuleSpec {
        let source = self.source(at, &raw.source);
        if raw.source.starts_with(SCHEME) && raw.sha256.is_none() {
            self.key_problem(
                at,
                "a module from a registry needs its digest: `sha256` is required",
                "add `sha256:` with the 64 hexadecimal digits that its makers publish",
            );
        }
        let limits = raw.limits.unwrap_or_default();
        let memory = limits
            .memory
            .map_or(Limits::default().memory, |bytes| bytes.0);
        if memory < MIN_MEMORY {
            let at = format!("{at}/limits/memory");
            self.problem(
                &at,
                "no module can start with so little memory",
                "write at least 1MiB",
            );
        }
        let timeout = limits.timeout.map(|span| span.0);
        if timeout.is_some_and(|timeout| timeout.is_zero()) {
            let at = format!("{at}/limits/timeout");
            self.problem(
                &at,
                "the module would have no time at all",
                "write for example `1h`, or remove it",
            );
        }
        let allow = raw.allow.unwrap_or_default();
        ModuleSpec {
            source,
            sha256: raw.sha256.map(|digest| digest.0.to_lowercase()),
            signed_by: raw.signed_by.map(|key| key.0),
            allow: Allow {
                commands: allow.commands.unwrap_or_default(),
                lines: Vec::new(),
                read: list(allow.read, |path| PathBuf::from(path.0)),
                follow_links: allow.follow_links.unwrap_or(false),
                net: list(allow.net, |address| address.0),
                env: list(allow.env, |name| name.0),
            },
            limits: Limits { memory, timeout },
        }
    }
}

fn list<T, U>(items: Option<Vec<T>>, convert: impl Fn(T) -> U) -> Vec<U> {
    items.into_iter().flatten().map(convert).collect()
}
