//! A disk that becomes full while a PostgreSQL database is replaced: the old one stays whole, and the next restore, with
//! room for it, leaves nothing of this one.

use crate::engines_complete::keeping;
use crate::engines_restore::dump;
use crate::harness::{Postgres, Tmpfs, sh, skip};

const LEFT: &str = "SELECT count(*) FROM pg_database WHERE datname ~ '^sidecar_'";

#[test]
fn a_tablespace_that_becomes_full_costs_nothing_but_the_new_one() {
    const NAME: &str = "a_tablespace_that_becomes_full_costs_nothing_but_the_new_one";
    let postgres = Postgres::start();
    let place = postgres.folder().join("small");
    let _small = match Tmpfs::mount(&place, "22M") {
        Ok(tmpfs) => tmpfs,
        Err(why) => return skip(NAME, &why),
    };
    sh(&format!("chown postgres '{}'", place.display())).succeeds();
    let small = format!("CREATE TABLESPACE small LOCATION '{}'", place.display());
    postgres.sql("postgres", &small);
    let resize = |size: &str| {
        sh(&format!(
            "mount -o remount,size={size} '{}'",
            place.display()
        ))
        .succeeds();
    };
    let sidecar = keeping("postgres", &postgres.login()).set("strategy.config.databases", "shop");
    // It is noticed while the rows come, or when the new database is written down.
    for rows in [12_000, 6_000] {
        resize("22M");
        postgres.sql("postgres", "CREATE DATABASE shop TABLESPACE small");
        // Compressed, it is nothing: the size of the dump warns of nothing.
        postgres.sql(
            "shop",
            &format!("CREATE TABLE t AS SELECT i, repeat('x', 900) AS x FROM generate_series(1, {rows}) i"),
        );
        sidecar.backup().succeeds();
        let new = dump(&postgres, "shop");
        // The last page stays filled, so that no vacuum makes the file shorter.
        postgres.sql("shop", &format!("DELETE FROM t WHERE i < {rows}"));
        let old = dump(&postgres, "shop");

        let replace = ["restore", "latest", "--only", "shop", "--replace"];
        sidecar
            .run(&replace)
            .exits(1)
            .stderr_contains("room for the old database and the new one at once");
        assert_eq!(dump(&postgres, "shop"), old);

        // As long as nothing can be written, the server may not be able to drop the new one.
        resize("80M");
        sidecar.run(&replace).succeeds();
        assert_eq!(dump(&postgres, "shop"), new);
        assert_eq!(postgres.sql("postgres", LEFT).stdout, "0\n");
        postgres.sql("postgres", "DROP DATABASE shop");
    }
}
