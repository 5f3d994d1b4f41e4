//! What modules from elsewhere must not reach, across the sections `modules`, `paths` and `secrets`.

use std::collections::BTreeMap;

use super::modules::ModuleSpec;
use super::paths::Paths;
use super::secrets::Secrets;
use super::section_reader::SectionReader;
use super::yaml::pointer;

/// The token, the artifacts and the configuration must not lie where a module from elsewhere reads or
/// writes.
pub(super) fn check(
    reader: &mut SectionReader<'_>,
    modules: &BTreeMap<String, ModuleSpec>,
    strategy: &str,
    paths: &Paths,
    secrets: &Secrets,
) {
    for (name, module) in modules {
        for (at, variable) in module.allow.env.iter().enumerate() {
            if reader.environment.get(variable) == Some(secrets.api_token.reveal()) {
                let at = format!("{}/allow/env/{at}", pointer::child("/modules", name));
                let wrong = format!("`{variable}` holds the API token, which no module may see");
                reader.problem(&at, wrong, "remove it");
            }
        }
    }
    if !modules.contains_key(strategy) {
        return;
    }
    let file = reader.environment.absolute(reader.document.file());
    for (at, open) in [
        ("/paths/workdir", Some(paths.workdir.as_path())),
        ("/paths/temp_dump", paths.temp_dump.parent()),
    ] {
        for (what, private) in [
            ("`paths.artifacts`", &paths.artifacts),
            ("this file", &file),
        ] {
            if open.is_some_and(|open| private.starts_with(open)) {
                reader.problem(
                    at,
                    format!("module {strategy} may write here, and {what} lies here too"),
                    "write a path in a directory of its own, such as below `/var/lib/sidecar`",
                );
            }
        }
    }
}
