//! What of a backup is asked for alone: parts that its manifest names, or files of an archive.

use crate::artifact::Part;
use crate::artifact::manifest::Manifest;
use crate::error::{Error, Kind, Result};

/// What is asked for.
pub(super) enum Selected {
    /// In the order of the backup.
    Parts(Vec<Part>),
    Files(Vec<FileSelection>),
}

/// A file by its name; a folder, with everything in it, by its name or with `/**` behind it.
pub(super) struct FileSelection(String);

impl Selected {
    /// Fails for a name that is no part of a backup which has parts.
    pub(super) fn of(manifest: &Manifest, names: &[String]) -> Result<Self> {
        if manifest.parts.is_empty() {
            let files = names.iter().map(|name| FileSelection::of(name));
            return Ok(Self::Files(files.collect()));
        }
        let find = |name: &String| {
            let part = manifest.parts.iter().find(|part| part.name == *name);
            part.cloned().ok_or_else(|| no_such_part(manifest, name))
        };
        let mut parts: Vec<Part> = names.iter().map(find).collect::<Result<_>>()?;
        parts.sort_by_key(|part| part.offset);
        parts.dedup();
        Ok(Self::Parts(parts))
    }
}

impl FileSelection {
    fn of(name: &str) -> Self {
        let name = name.strip_suffix("/**").unwrap_or(name);
        Self(name.trim_end_matches('/').to_owned())
    }

    pub(super) fn name(&self) -> &str {
        &self.0
    }

    /// Whether the entry of this name is meant.
    pub(super) fn has(&self, entry: &str) -> bool {
        let rest = entry.strip_prefix(self.name());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// The backup has nothing of that name.
pub(super) fn no_such_part(manifest: &Manifest, name: &str) -> Error {
    let message = format!("the backup {} has no part `{name}`", manifest.id);
    Error::new(Kind::NotFound, "no-such-part", message)
        .hint("`sidecar contents ID` shows what is in it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_selected_with_everything_in_it() {
        for selected in ["docs", "docs/", "docs/**"] {
            let selection = FileSelection::of(selected);
            let has = |entry| selection.has(entry);
            assert!(has("docs") && has("docs/a") && has("docs/deep/b"));
            assert!(!has("docsy") && !has("a/docs") && !has(""));
        }
    }
}
