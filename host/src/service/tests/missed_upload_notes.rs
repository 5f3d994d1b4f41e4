//! Whatever the note of a missed upload says that a disk or a stranger has changed: it is read, or it is told as
//! damaged, and keeps no other from being sent.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::artifact::PartBorders;
use crate::artifact::damaged::damaged;

const ID: &str = "0199";

fn note(id: &str) -> Vec<u8> {
    let digest = "a".repeat(64);
    let at = "2026-06-01T03:00:00Z";
    let part = json!({"name": "app", "offset": 0, "length": 1});
    let manifest = json!({
        "manifest_version": 1, "id": id, "tier": "daily", "started_at": at, "finished_at": at,
        "strategy": {"name": "custom", "sha256": digest}, "sidecar": "0.1.0", "parts": [part],
        "artifact": {
            "filename": "a", "format": "binary", "content_type": "x/y", "size": 1,
            "sha256": digest, "raw_size": 1, "raw_sha256": digest, "compression": "none",
        },
    });
    json!({"manifest": manifest, "stores": ["one", "two"]})
        .to_string()
        .into_bytes()
}

/// A folder with the bytes of two backups, and these notes of them.
fn folder(first: &[u8], second: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (id, note) in [(ID, first), ("0200", second)] {
        fs::write(folder.path().join(id), "x").unwrap();
        fs::write(folder.path().join(format!("{id}.json")), note).unwrap();
    }
    folder
}

proptest! {
    #[test]
    fn a_changed_one_keeps_no_other_from_being_read(
        first in Just(note(ID)).prop_flat_map(damaged)
    ) {
        let folder = folder(&first, &note("0200"));
        let found = read_all(folder.path()).unwrap();
        prop_assert_eq!(found.whole.len() + found.damaged.len(), 2);
        prop_assert!(found.whole.iter().any(|one| one.manifest.id == "0200"));
        prop_assert!(found.without_note.is_empty());
        for one in &found.whole {
            PartBorders::of(&one.manifest.parts);
        }
    }
}
