//! A drill replaces the file that a drill has made, and no other one of that name.

use super::patient::{Patient, dump, sqlite};
use crate::elsewhere::drilling;

#[test]
fn a_file_that_was_made_anew_under_the_name_is_not_replaced() {
    for copied in [false, true] {
        let patient = Patient::new("delete");
        let folder = patient.sidecar.folder().join("scratch");
        std::fs::create_dir(&folder).unwrap();
        let file = folder.join("scratch.db");
        let sidecar = drilling(patient.sidecar, &format!("sqlite://{}", file.display()));
        for _ in 0..2 {
            sidecar.run(&["drill"]).succeeds();
            assert!(dump(&file) == patient.new);
        }
        // A person makes another one, or copies one there.
        if copied {
            std::fs::copy(&file, folder.join("kept")).unwrap();
        }
        std::fs::remove_file(&file).unwrap();
        match copied {
            true => std::fs::rename(folder.join("kept"), &file).unwrap(),
            false => sqlite(&file, "CREATE TABLE mine (x)"),
        }
        let before = dump(&file);
        sidecar
            .run(&["drill"])
            .exits(1)
            .stderr_contains("has data that no drill has made");
        assert!(dump(&file) == before);
        std::fs::remove_file(&file).unwrap();
        sidecar.run(&["drill"]).succeeds();
    }
}
