//! Replacing a PostgreSQL database within itself: which entries of the archive stay out, and what a restore that was
//! killed has put aside.

use crate::engines_complete::keeping;
use crate::engines_restore::dump;
use crate::harness::{Postgres, Sidecar};

/// Schemas whose names only begin like those of others, in which extensions live.
const SCHEMAS: &str = r#"
CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext; CREATE EXTENSION pg_trgm;
SET ROLE app;
CREATE SCHEMA "public x"; CREATE TABLE "public x".t AS SELECT 1 AS a;
CREATE SCHEMA "ext x y"; CREATE TABLE "ext x y".t AS SELECT 2 AS a;
CREATE SCHEMA "ext
CREATE SCHEMA ext;"; CREATE TABLE "ext
CREATE SCHEMA ext;".t AS SELECT 3 AS a;
CREATE SCHEMA "ext "" ;--"; CREATE TABLE "ext "" ;--".t AS SELECT 4 AS a;
CREATE SCHEMA "publíc"; CREATE TABLE "publíc"."SCHEMA - public" AS SELECT 5 AS a;
CREATE SCHEMA "- EXTENSION y"; CREATE TABLE "- EXTENSION y".t AS SELECT 6 AS a;
COMMENT ON TABLE "- EXTENSION y".t IS 'said';
COMMENT ON SCHEMA "public x" IS E'x\nSET transaction_timeout = 0;\nBEGIN;\nCOMMIT;\n';
CREATE TABLE public.t AS SELECT 7 AS a; SELECT lo_from_bytea(4711, E'\nBEGIN;\nCOMMIT;\n');
"#;

/// A database whose owner may create none, its backup, and the owner's sidecar.
fn prepared() -> (Postgres, Sidecar) {
    let postgres = Postgres::start();
    postgres.sql(
        "postgres",
        "CREATE ROLE app LOGIN PASSWORD 'a';\nCREATE DATABASE shop OWNER app",
    );
    postgres.sql("shop", SCHEMAS);
    let sidecar = keeping("postgres", &postgres.login()).set("strategy.config.databases", "shop");
    sidecar.backup().succeeds();
    let owner = postgres.url("shop").replace("backup@", "app:a@");
    (postgres, sidecar.set("strategy.config.url", owner.as_str()))
}

const REPLACE: [&str; 7] = [
    "restore",
    "latest",
    "--only",
    "shop",
    "--replace",
    "--wait",
    "1",
];

#[test]
fn only_what_an_extension_lives_in_stays_and_no_name_that_begins_like_it() {
    let (postgres, owner) = prepared();
    let before = dump(&postgres, "shop");
    postgres.sql(
        "shop",
        "DROP SCHEMA \"public x\" CASCADE; DELETE FROM t; DROP TABLE \"- EXTENSION y\".t",
    );
    owner.run(&REPLACE).succeeds();
    assert_eq!(dump(&postgres, "shop"), before);
}

#[test]
fn what_a_killed_restore_has_put_aside_is_in_no_backup_is_told_and_goes_with_the_next() {
    let (postgres, _) = prepared();
    // As after a kill between the end of the transaction and the tidying.
    let aside = "SET ROLE app; CREATE SCHEMA sidecar_old_aaaaaaaaaa_1; \
         CREATE TABLE sidecar_old_aaaaaaaaaa_1.t AS SELECT 'old' AS a; \
         COMMENT ON SCHEMA sidecar_old_aaaaaaaaaa_1 IS 'sidecar old of=shop'; \
         CREATE SCHEMA sidecar_old_aaaaaaaaaa_2; CREATE TABLE sidecar_old_aaaaaaaaaa_2.t AS SELECT 'mine' AS a";
    postgres.sql("shop", aside);
    let told = "the schema sidecar_old_aaaaaaaaaa_1 of shop";
    let sidecar = keeping("postgres", &postgres.login());
    let checked = sidecar.check().succeeds();
    assert!(
        format!("{}{}", checked.stdout, checked.stderr).contains(told),
        "{checked:#?}"
    );
    sidecar.backup().succeeds();
    let listed = sidecar.run(&["list", "--json"]).succeeds().stdout;
    assert!(
        listed.contains(told) && !listed.contains("sidecar_old_aaaaaaaaaa_2"),
        "{listed}"
    );
    let fresh = Postgres::start();
    sidecar
        .run(&["restore", "latest", "--into", &fresh.login()])
        .succeeds();
    let schemas = "SELECT nspname FROM pg_namespace WHERE nspname ~ '^sidecar'";
    assert_eq!(
        fresh.sql("shop", schemas).stdout,
        "sidecar_old_aaaaaaaaaa_2\n"
    );

    // The next one drops what is marked, and never what only has such a name.
    let before = dump(&fresh, "shop");
    let newer = sidecar.set(
        "strategy.config.url",
        postgres.url("shop").replace("backup@", "app:a@").as_str(),
    );
    newer.run(&REPLACE).succeeds();
    assert_eq!(dump(&postgres, "shop"), before);
}
