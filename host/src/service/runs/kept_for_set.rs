//! What the last set names of a member, once something newer is published in its place. Without stores a member that
//! runs again, alone or for a set that fails, would take it away.
//!
//! `in-set.kept` is a second name of the artifact, and `in-set.manifest.json` says which backup it is. They stay until
//! there is a new set.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::publish_journal;
use crate::artifact::manifest::Manifest;
use crate::error::{Error, Result};
use crate::fs_atomic;
use crate::service::context::Context;
use crate::service::folders::state_folder;

/// Retains what is published, if the last set names it. `folder` is the state folder of the member, whose next artifact is
/// about to be published.
pub(in crate::service) fn retain(context: &Context, folder: &Path) {
    let Some(published) = read(&publish_journal::manifest_path(folder)) else {
        return;
    };
    if !is_in_last_set(context, &published.id) {
        return;
    }
    let artifact = &context.config().paths.artifacts;
    let artifact = artifact.join(&published.artifact.filename);
    if let Err(error) = replace(folder, &artifact, &published) {
        tracing::warn!(code = error.code(), path = %artifact.display(), "what the last set names cannot be kept: {error}");
    }
}

/// There is a new set, which names what is published.
pub(in crate::service) fn discard(folder: &Path) {
    for path in [manifest_path(folder), artifact_path(folder)] {
        if let Err(error) = remove(&path) {
            tracing::warn!(code = error.code(), path = %path.display(), "what an earlier set names cannot be removed: {error}");
        }
    }
}

/// What is kept, if it is the backup `id`.
pub(in crate::service) fn find(folder: &Path, id: &str) -> Option<(Manifest, PathBuf)> {
    let manifest = read(&manifest_path(folder)).filter(|manifest| manifest.id == id)?;
    Some((manifest, artifact_path(folder)))
}

/// Its bytes.
pub(in crate::service) fn open(folder: &Path, id: &str) -> Option<File> {
    let (_, path) = find(folder, id)?;
    File::open(path).ok()
}

/// The manifest comes last: what has one is whole.
fn replace(folder: &Path, artifact: &Path, manifest: &Manifest) -> Result<()> {
    let (retained, written) = (artifact_path(folder), manifest_path(folder));
    remove(&written)?;
    remove(&retained)?;
    fs::hard_link(artifact, &retained).map_err(|error| Error::io("link", &retained, error))?;
    fs_atomic::write(&written, &manifest.to_json(), 0o666)?;
    Ok(())
}

/// Whether the set that was published last names the backup.
fn is_in_last_set(context: &Context, id: &str) -> bool {
    let sets = context.configs().iter().find(|one| one.several.is_some());
    let last =
        sets.and_then(|sets| read(&publish_journal::manifest_path(&state_folder(&sets.paths))));
    last.is_some_and(|set| set.members.iter().any(|member| member.id == id))
}

fn read(path: &Path) -> Option<Manifest> {
    Manifest::from_json(&fs::read(path).ok()?).ok()
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("remove", path, error))
        }
        _ => Ok(()),
    }
}

fn artifact_path(folder: &Path) -> PathBuf {
    folder.join("in-set.kept")
}

fn manifest_path(folder: &Path) -> PathBuf {
    folder.join("in-set.manifest.json")
}
