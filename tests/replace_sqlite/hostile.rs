//! What lies in a file is data.

use std::path::Path;

use super::patient::{beside, sqlite};
use crate::engines_complete::keeping;
use crate::harness::sh;

#[test]
fn what_a_schema_says_is_not_run() {
    let sidecar = keeping("sqlite", "");
    let file = sidecar.folder().join("app.db");
    let sidecar = sidecar.set("strategy.config.url", file.to_str().unwrap());
    let planted = sidecar.folder().join("planted");
    let at = planted.display();
    let script = format!(
        "PRAGMA trusted_schema = ON;\n\
         CREATE TABLE \"x\n.shell touch {at}\n.system touch {at}\n-- .system touch {at}\" (i);\n\
         CREATE TABLE \"$(touch {at})`touch {at}`\" (i DEFAULT '\n.output |touch {at}\n');\n\
         CREATE TABLE c (i, CHECK (i IS NOT writefile('{at}', 'x')), CHECK (i IS NOT edit('x', 'touch {at}; true')), CHECK (i IS NOT load_extension('{at}.so')));\n\
         CREATE VIEW v AS SELECT writefile('{at}', 'x'), load_extension('{at}.so'), edit('x', 'touch {at}'), readfile('/etc/passwd');\n\
         CREATE TRIGGER r AFTER INSERT ON c BEGIN SELECT writefile('{at}', 'x'); SELECT load_extension('{at}.so'); END;\n\
         CREATE VIEW \"; ATTACH '{at}' AS a; --\" AS SELECT 1;\n\
         CREATE VIRTUAL TABLE f USING fts5(x);\n\
         INSERT INTO f VALUES ('.shell touch {at}');\n\
         CREATE TABLE d (x);\nINSERT INTO d VALUES (';\n.shell touch {at}\n');\n"
    );
    let make = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); \
         [d.create_function(n, -1, lambda *a: 1, deterministic=True) for n in ('writefile', 'load_extension', 'edit', 'readfile')]; \
         d.executescript(sys.stdin.read()); d.execute('DROP TRIGGER r'); d.execute('INSERT INTO c VALUES (2)'); \
         d.execute(sys.argv[2]); d.commit()";
    let trigger = format!(
        "CREATE TRIGGER r AFTER INSERT ON c BEGIN SELECT writefile('{at}', 'x'); SELECT load_extension('{at}.so'); END"
    );
    let text = sidecar.folder().join("schema.sql");
    std::fs::write(&text, script).unwrap();
    sh(&format!(
        "python3 -c \"{make}\" '{}' \"{trigger}\" <'{}'",
        file.display(),
        text.display()
    ))
    .succeeds();
    sidecar.backup().succeeds();
    assert!(!planted.exists(), "a backup runs nothing of it either");
    let before = std::fs::read(&file).unwrap();
    for replaced in ["delete", "wal", "absent"] {
        if replaced == "absent" {
            sh(&format!("rm '{0}' '{0}'-*; true", file.display()));
        } else {
            sqlite(
                &file,
                &format!("DROP TABLE d; PRAGMA journal_mode = {replaced}"),
            );
        }
        sidecar.run(&["restore", "latest", "--replace"]).succeeds();
        sqlite(&file, "PRAGMA journal_mode = delete");
        // But for the header's counters of changes.
        let after = std::fs::read(&file).unwrap();
        assert!(after[100..] == before[100..], "{replaced}");
        assert!(!planted.exists() && !Path::new(&format!("{at}.so")).exists());
        assert!(sidecar.processes().is_empty());
        assert_eq!(sidecar.files(), [""; 0]);
        assert_eq!(beside(&file), ["app.db"]);
    }
}
