//! `restore`: where backups may be restored to, beside where they came from.

use schemars::JsonSchema;

use super::secret::{self, Secret};
use super::section_reader::SectionReader;
use crate::redact;

/// How backups are restored.
#[derive(JsonSchema)]
#[schemars(rename = "RestoreSection", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "the shape of the section; its targets are read one by one"
)]
pub(super) struct RawRestore {
    /// Servers and directories other than the configured one. A client of the API may name these and no others; on the
    /// command line, `--into NAME` is one of them.
    targets: Option<Vec<RawRestoreTarget>>,
}

/// A place to restore to.
#[derive(JsonSchema)]
#[schemars(rename = "RestoreTarget", deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "read key by key, so that one message serves all secrets"
)]
struct RawRestoreTarget {
    /// What `--into` and `into` call it.
    #[schemars(extend("pattern" = "^[A-Za-z0-9][A-Za-z0-9_.-]*$"))]
    name: String,
    /// A URL or a directory.
    #[schemars(extend("writeOnly" = true, "examples" = ["postgresql://staging/postgres"]))]
    into: Option<String>,
    /// A file that holds the URL.
    into_file: Option<String>,
}

/// A place to restore to.
#[derive(Debug, Clone)]
pub struct RestoreTarget {
    /// What it is called.
    pub name: String,
    /// A URL, which may hold a password, or a directory.
    pub into: Secret,
}

pub(super) fn read(reader: &mut SectionReader<'_>) -> Vec<RestoreTarget> {
    let mut targets: Vec<RestoreTarget> = Vec::new();
    for at in reader.items("/restore/targets") {
        let name: Option<String> = reader.read(&format!("{at}/name"));
        if !secret::is_given(reader, &at, "into") {
            reader.key_problem(
                &at,
                "`into` or `into_file` is required",
                "add `into:` with the URL or the directory of the target",
            );
            continue;
        }
        let into = secret::read_address(reader, &at, "into");
        let (Some(name), Some((_, mut into))) = (name, into) else {
            continue;
        };
        if into.reveal().contains("://") {
            redact::keep_secret(into.reveal());
        } else {
            let directory = reader.environment.absolute(into.reveal());
            into = Secret::new(directory.to_string_lossy());
        }
        if targets.iter().any(|target| target.name == name) {
            reader.problem(
                &format!("{at}/name"),
                format!("`{name}` is the name of another target"),
                "give each target a name of its own",
            );
        }
        targets.push(RestoreTarget { name, into });
    }
    targets
}
