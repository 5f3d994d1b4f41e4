#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::step::inject_fault;
use super::*;
use crate::error::Error;

/// Replaces a file that says "old", with a fault at `step`. Returns what the folder holds then.
fn replace(step: PublishStep, commit: fn(AtomicFile) -> Result<(), PublishError>) -> FaultOutcome {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("file");
    fs::write(&to, "old").unwrap();
    inject_fault(Some(step));
    let done = AtomicFile::create(&to, 0o600).and_then(|mut file| {
        file.write(b"new")?;
        commit(file)
    });
    inject_fault(None);
    let error = done.unwrap_err();
    assert_eq!(error.step, step);
    let names = fs::read_dir(folder.path()).unwrap().flatten();
    FaultOutcome {
        content: fs::read_to_string(&to).unwrap(),
        names: names
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect(),
        message: Error::from(error)
            .message()
            .replace(folder.path().to_str().unwrap(), "/folder"),
    }
}

struct FaultOutcome {
    content: String,
    names: Vec<String>,
    message: String,
}

#[test]
fn a_fault_before_the_rename_leaves_the_old_file_and_nothing_else() {
    for (step, expected) in [
        (PublishStep::Create, "cannot create /folder/.file.partial: "),
        (PublishStep::Write, "cannot write /folder/.file.partial: "),
        (PublishStep::Sync, "cannot sync /folder/.file.partial: "),
        (PublishStep::Rename, "cannot publish /folder/file: "),
    ] {
        for commit in [AtomicFile::commit, AtomicFile::commit_new] {
            let outcome = replace(step, commit);
            assert_eq!(outcome.content, "old", "{step:?}");
            assert_eq!(outcome.names, ["file"], "{step:?}");
            assert!(outcome.message.starts_with(expected), "{}", outcome.message);
        }
    }
}

#[test]
fn a_folder_that_cannot_be_synced_is_an_error_with_the_new_file_whole() {
    let outcome = replace(PublishStep::SyncFolder, AtomicFile::commit);
    assert_eq!(outcome.content, "new");
    assert_eq!(outcome.names, ["file"]);
    let expected = "cannot sync /folder: ";
    assert!(outcome.message.starts_with(expected), "{}", outcome.message);
}

#[test]
fn a_file_that_is_given_up_goes_away() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("file");
    let mut file = AtomicFile::create(&to, 0o600).unwrap();
    file.write(b"half").unwrap();
    drop(file);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_a_crash_left_is_overwritten_with_its_content_and_mode() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("file");
    fs::write(folder.path().join(".file.partial"), "longer than new").unwrap();
    write(&to, b"new", 0o600).unwrap();
    assert_eq!(fs::read_to_string(&to).unwrap(), "new");
    let mode = fs::metadata(&to).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn only_one_of_two_gets_a_new_name() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("file");
    for (temporary, first) in [("a", true), ("b", false)] {
        let mut file = AtomicFile::create_as(folder.path().join(temporary), &to, 0o600).unwrap();
        file.write(temporary.as_bytes()).unwrap();
        let committed = file.commit_new();
        let exists =
            |failed: PublishError| failed.error.kind() == std::io::ErrorKind::AlreadyExists;
        assert!(committed.map_or_else(|failed| !first && exists(failed), |()| first));
    }
    assert_eq!(fs::read_to_string(&to).unwrap(), "a");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn folders_up_to_the_root_are_synced() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("a/b/file");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    sync_folders(root.path(), &path).unwrap();
    let missing = sync_folders(root.path(), &root.path().join("c/file"));
    assert_eq!(missing.unwrap_err().path, root.path().join("c"));
    assert!(sync_folder(Path::new(".")).is_ok());
}
