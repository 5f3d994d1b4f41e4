//! One database of many, out of an encrypted artifact in S3.

use serde_json::json;

use super::encrypted::encrypted;
use crate::engines_postgres::{populated, sidecar};
use crate::engines_restore::dump;
use crate::harness::{Counted, S3};

#[test]
fn only_the_roles_and_the_one_database_are_fetched() {
    let s3 = S3::start();
    let counted = Counted::before(s3.url("").trim_end_matches("/backups"));
    let postgres = populated();
    let sidecar = encrypted(sidecar(&postgres)).set("stores", json!([s3.store_at(&counted.url)]));
    sidecar.backup().succeeds();
    let before = dump(&postgres, "app1");
    postgres.sql("app1", "DROP TABLE orders CASCADE");

    let only = ["--only", "app1", "--only", "globals", "--replace"];
    let line = [&["restore", "latest"][..], &only].concat();
    let size = |more: &[&str]| {
        let preview = sidecar
            .run(&[more, &["--dry-run", "--json"]].concat())
            .succeeds();
        preview.json()["size"].as_u64().unwrap()
    };
    let (needed, all) = (size(&line), size(&["restore", "latest"]));
    assert!(all > 2 * needed, "{needed} of {all}");
    counted.take();
    sidecar.run(&line).succeeds();
    let fetched = counted.take();
    let most = needed * 105 / 100 + (1 << 20);
    assert!(
        fetched > needed && fetched <= most,
        "{fetched} bytes, at most {most}"
    );
    assert!(dump(&postgres, "app1") == before, "app1 is not what it was");
}
