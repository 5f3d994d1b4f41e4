//! A SQLite file that is restored over: whatever happens, it is what it was, or what the backup is.

mod drilled;
mod hostile;
mod in_use;
mod killed;
mod patient;

use crate::engines_complete::keeping;
use crate::harness::sh;
use patient::{Patient, ROWS, beside, dump, sqlite};

#[test]
fn a_part_that_is_damaged_never_reaches_the_live_file() {
    let damage = r#"[[ $SIDE_CAR_SQL != *integrity_check* ]] ||
         head -c 9000 /dev/zero | tr '\0' x | dd of="$SIDE_CAR_TEMP_DUMP" bs=1 seek=9000 conv=notrunc 2>/dev/null"#;
    for mode in ["wal", "delete"] {
        let patient = Patient::new(mode).hooked("sqlite3", damage);
        let before = std::fs::read(&patient.file).unwrap();
        patient
            .restore(&[])
            .exits(1)
            .stderr_contains("the backup of app.db is damaged");
        assert!(std::fs::read(&patient.file).unwrap() == before);
        patient.must_be_restored(mode);
    }
}

#[test]
fn a_file_with_a_wal_keeps_its_page_size_and_its_rowids_come_back() {
    let sidecar = keeping("sqlite", "");
    let file = sidecar.folder().join("app.db");
    let sidecar = sidecar.set("strategy.config.url", file.to_str().unwrap());
    let rows = format!(
        "CREATE TABLE t (x); {ROWS} 900) INSERT INTO t SELECT i FROM c; DELETE FROM t WHERE x % 3"
    );
    sqlite(&file, &format!("PRAGMA page_size = 16384; {rows}"));
    sidecar.backup().succeeds();
    std::fs::remove_file(&file).unwrap();
    sqlite(
        &file,
        "PRAGMA page_size = 1024; PRAGMA journal_mode = wal; CREATE TABLE other (x)",
    );
    sidecar.run(&["restore", "latest", "--replace"]).succeeds();
    let said = sh(&format!(
        "sqlite3 '{}' 'PRAGMA page_size; PRAGMA journal_mode; SELECT count(*), sum(rowid), sum(x) FROM t; PRAGMA integrity_check'",
        file.display()
    ));
    assert_eq!(said.stdout, "1024\nwal\n300|135450|135450\nok\n");
    assert_eq!(sidecar.files(), [""; 0]);
}

#[test]
fn what_appears_under_the_new_name_meanwhile_is_not_replaced() {
    let patient = Patient::new("delete").hooked("ln", r#"printf theirs >"${@: -1}""#);
    let other = patient.sidecar.folder().join("other.db");
    patient
        .sidecar
        .run(&["restore", "latest", "--only", "app.db=other.db"])
        .exits(1)
        .stderr_contains("there is another");
    assert_eq!(std::fs::read(&other).unwrap(), b"theirs");
    assert_eq!(beside(&patient.file), ["app.db"]);
}

#[test]
fn a_journal_of_a_file_that_is_gone_is_not_applied_to_another() {
    for log in ["-wal", "-journal"] {
        let patient = Patient::new("delete");
        std::fs::remove_file(&patient.file).unwrap();
        let stray = format!("{}{log}", patient.file.display());
        std::fs::write(&stray, "a transaction").unwrap();
        patient.restore(&[]).exits(1).stderr_contains(&stray);
        assert!(!patient.file.exists());
        std::fs::remove_file(&stray).unwrap();
        patient.must_be_restored(log);
    }
}

#[test]
fn what_is_no_database_is_not_overwritten() {
    let patient = Patient::new("delete");
    std::fs::write(&patient.file, "the accounts of 2023, encrypted").unwrap();
    patient
        .restore(&[])
        .exits(1)
        .stderr_contains("is no SQLite database");
    assert_eq!(
        std::fs::read(&patient.file).unwrap(),
        b"the accounts of 2023, encrypted"
    );
}

#[test]
fn another_place_is_that_place_and_not_one_beside_it() {
    let patient = Patient::new("delete");
    let scratch = patient.sidecar.folder().join("scratch.db");
    let into = format!("sqlite://{}", scratch.display());
    patient.restore(&["--into", &into]).succeeds();
    assert!(dump(&scratch) == patient.new);
    patient.has_the_old("restored elsewhere");
}
