//! What belongs to a PostgreSQL server and to no database comes back: roles, who is a member of which, their settings.

use crate::engines_complete::keeping;
use crate::harness::{Postgres, Sidecar, repository, sh};

const ROLES: &str = r#"
CREATE ROLE readers; CREATE ROLE team ADMIN backup; CREATE ROLE "Ñ 'o' \ ""x""" LOGIN PASSWORD 'it''s' CONNECTION LIMIT 7
    VALID UNTIL '2030-01-01';
CREATE ROLE zed LOGIN NOINHERIT; CREATE ROLE boss SUPERUSER; CREATE ROLE copier REPLICATION BYPASSRLS;
GRANT readers TO zed WITH ADMIN OPTION;
SET ROLE zed; GRANT readers TO "Ñ 'o' \ ""x""" WITH ADMIN OPTION; RESET ROLE;
SET ROLE "Ñ 'o' \ ""x"""; GRANT readers TO copier; RESET ROLE;
GRANT pg_read_all_data TO readers; GRANT team TO boss;
ALTER ROLE readers SET work_mem = '8MB'; ALTER ROLE zed SET search_path = "$user", "Ñ ""q"", x";
ALTER ROLE zed SET app.text = E'a=b\n''c''\\'; ALTER ROLE ALL SET app.everyone = 'x';
COMMENT ON ROLE zed IS E'two\nlines of ''his''';
GRANT SET ON PARAMETER log_statement TO readers WITH GRANT OPTION; GRANT ALTER SYSTEM ON PARAMETER work_mem TO PUBLIC;
CREATE TABLE public.filled AS SELECT 1 AS one;
"#;

fn sidecar(postgres: &Postgres) -> Sidecar {
    keeping("postgres", &postgres.url(""))
        .set("strategy.config.env.PGPASSWORD", postgres.password())
}

/// One that has made a backup.
fn backed_up(postgres: &Postgres) -> Sidecar {
    let sidecar = sidecar(postgres);
    sidecar.backup().succeeds();
    sidecar
}

/// A server with an account that has only these rights, and how the account gets there.
fn with_limited(rights: &str) -> (Postgres, String) {
    let fresh = Postgres::start();
    let role = format!("CREATE ROLE limited LOGIN {rights} PASSWORD 'l'");
    fresh.sql("postgres", &role);
    let into = fresh.url("").replace("backup@", "limited:l@");
    (fresh, into)
}

/// What `pg_dumpall` says of them, and the settings of all roles.
fn globals(postgres: &Postgres) -> String {
    let dumped = postgres.client("pg_dumpall --globals-only | grep -v '^.\\(un\\)\\?restrict'");
    let all = "SELECT setconfig FROM pg_db_role_setting WHERE setrole = 0 AND setdatabase = 0";
    dumped.stdout + &postgres.sql("postgres", all).stdout
}

#[test]
fn roles_come_back_with_grantors_settings_comments_and_rights_on_parameters() {
    let postgres = Postgres::start();
    postgres.sql("postgres", ROLES);
    let sidecar = backed_up(&postgres);
    let fresh = Postgres::start();
    fresh.adopt_password_of(&postgres);
    let into = fresh.login();
    let restore = ["restore", "latest", "--only", "globals", "--into", &into];
    let said = sidecar.run(&restore).succeeds();
    assert_eq!(globals(&fresh), globals(&postgres));
    assert!(
        said.stdout.contains("6 of 7 roles made")
            && said.stdout.contains("boss SUPERUSER")
            && said.stdout.contains("copier REPLICATION BYPASSRLS"),
        "{said:#?}"
    );
    // Once more changes nothing.
    sidecar.run(&restore).succeeds();
    assert_eq!(globals(&fresh), globals(&postgres));
}

#[test]
fn a_role_that_is_there_stays_as_it_is_unless_it_is_replaced() {
    let postgres = Postgres::start();
    postgres.sql("postgres", ROLES);
    let sidecar = backed_up(&postgres);
    let before = globals(&postgres);
    postgres.sql(
        "postgres",
        "ALTER ROLE zed NOLOGIN CREATEDB; ALTER ROLE zed SET work_mem = '1MB'; ALTER ROLE zed RESET search_path; \
         ALTER ROLE boss NOSUPERUSER; REVOKE readers FROM copier CASCADE; ALTER ROLE readers SET work_mem = '4MB'; \
         COMMENT ON ROLE zed IS 'other'; DROP ROLE team",
    );
    let changed = globals(&postgres);
    let said = sidecar
        .run(&["restore", "latest", "--only", "globals"])
        .succeeds();
    assert!(
        said.stdout
            .contains("left as they are and not as in the backup: boss, readers, zed, copier as no member of readers"),
        "{said:#?}"
    );
    // What was missing is back, with its members; nothing else has changed.
    postgres.sql("postgres", "DROP ROLE team");
    assert_eq!(globals(&postgres), changed);
    sidecar
        .run(&["restore", "latest", "--only", "globals", "--replace"])
        .succeeds();
    assert_eq!(globals(&postgres), before);
}

#[test]
fn an_account_that_may_not_give_everything_is_told_what_is_left_out() {
    let postgres = Postgres::start();
    postgres.sql("postgres", ROLES);
    let sidecar = backed_up(&postgres);
    let (fresh, into) = with_limited("CREATEROLE");
    fresh.sql(
        "postgres",
        "GRANT SET ON PARAMETER log_statement TO limited",
    );
    let restore = ["restore", "latest", "--only", "globals", "--into", &into];
    sidecar
        .run(&restore)
        .exits(1)
        .stderr_contains("SUPERUSER of boss")
        .stderr_contains("--accept no-owner");
    let said = sidecar
        .run(&[&restore[..], &["--replace", "--accept", "no-owner"]].concat())
        .succeeds();
    assert!(said.stdout.contains("left out: "), "{said:#?}");
    let roles =
        "SELECT string_agg(rolname, ',' ORDER BY rolname) FROM pg_roles WHERE rolname !~ '^pg_'";
    assert_eq!(
        fresh.sql("postgres", roles).stdout.trim(),
        "backup,boss,copier,limited,readers,team,zed,Ñ 'o' \\ \"x\""
    );
}

#[test]
fn globals_of_an_earlier_version_are_read_and_none_of_it_is_executed() {
    let fresh = Postgres::start();
    let sidecar = sidecar(&fresh);
    let daily = sidecar.folder().join("store/daily");
    sh(&format!(
        "mkdir -p '{daily}' && cp '{fixtures}'/backup_* '{daily}'",
        daily = daily.display(),
        fixtures = repository().join("tests/fixtures/globals").display()
    ))
    .succeeds();
    sidecar
        .run(&["restore", "latest", "--only", "globals"])
        .succeeds();
    let facts = "SELECT rolname, rolsuper, rolcanlogin, rolconnlimit, shobj_description(oid, 'pg_authid') FROM pg_roles \
         WHERE rolname !~ '^pg_' ORDER BY 1; \
         SELECT rolname, unnest(setconfig) FROM pg_db_role_setting JOIN pg_roles r ON r.oid = setrole ORDER BY 1, 2; \
         SELECT r.rolname, u.rolname, admin_option FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid \
         JOIN pg_roles u ON u.oid = member WHERE r.rolname !~ '^pg_' ORDER BY 1, 2";
    assert_eq!(
        fresh.sql("postgres", facts).stdout,
        "backup|t|t|-1|\nevil|f|t|-1|\nreaders|f|f|-1|it's\nÑ 'owner' \\ \"x\"|f|t|7|\n\
         evil|application_name=x\nALTER ROLE backup WITH \nevil|default_tablespace=;ALTER ROLE evil SUPERUSER;--\n\
         readers|search_path=\"$user\", \"Ñ x\"\nreaders|work_mem=8MB\nreaders|evil|t\nreaders|Ñ 'owner' \\ \"x\"|f\n"
    );
}

#[test]
fn an_account_without_rights_restores_what_belongs_to_others_if_that_is_accepted() {
    let postgres = Postgres::start();
    postgres.sql(
        "postgres",
        "CREATE ROLE owner; CREATE ROLE readers; CREATE DATABASE app OWNER owner",
    );
    postgres.sql(
        "app",
        "CREATE SCHEMA s AUTHORIZATION owner; SET ROLE owner; CREATE TABLE s.t AS SELECT generate_series(1, 100) AS i; \
         GRANT SELECT ON s.t TO readers",
    );
    let sidecar = backed_up(&postgres);
    let (fresh, into) = with_limited("CREATEDB");
    let restore = ["restore", "latest", "--only", "app", "--into", &into];
    sidecar
        .run(&restore)
        .exits(1)
        .stderr_contains("the server has no role owner")
        .stderr_contains("--accept no-owner");
    let databases = "SELECT string_agg(datname, ',') FROM pg_database WHERE datname !~ '^template'";
    assert_eq!(fresh.sql("postgres", databases).stdout.trim(), "postgres");
    let said = sidecar
        .run(&[&restore[..], &["--accept", "no-owner"]].concat())
        .succeeds();
    assert!(
        said.stdout
            .contains("the owners (owner) and all grants: everything belongs to limited"),
        "{said:#?}"
    );
    assert_eq!(fresh.contents("app"), postgres.contents("app"));
    let owners = "SELECT pg_get_userbyid(relowner), relacl FROM pg_class WHERE relname = 't'";
    assert_eq!(fresh.sql("app", owners).stdout.trim(), "limited|");
}

#[test]
fn what_lies_in_a_tablespace_that_is_missing_goes_to_the_default_and_that_is_said() {
    let postgres = Postgres::start();
    let place = postgres.folder().join("fast");
    sh(&format!(
        "mkdir '{place}' && chown postgres '{place}'",
        place = place.display()
    ))
    .succeeds();
    postgres.sql(
        "postgres",
        &format!("CREATE TABLESPACE fast LOCATION '{}'", place.display()),
    );
    postgres.sql("postgres", "CREATE DATABASE inside TABLESPACE fast");
    postgres.sql("postgres", "CREATE DATABASE app");
    postgres.sql(
        "app",
        "CREATE TABLE t TABLESPACE fast AS SELECT 7 AS i; CREATE INDEX ON t (i) TABLESPACE fast",
    );
    postgres.sql("inside", "CREATE TABLE t AS SELECT 8 AS i");
    let sidecar = backed_up(&postgres);
    // Another server has its folder.
    let fresh = Postgres::start();
    let said = sidecar
        .run(&["restore", "latest", "--into", &fresh.login()])
        .succeeds();
    assert_eq!(
        said.stdout
            .matches("the tablespaces fast, which are not there for it")
            .count(),
        2,
        "{said:#?}"
    );
    for database in ["app", "inside"] {
        assert_eq!(fresh.contents(database), postgres.contents(database));
    }
    // Where it is there, it is used.
    sidecar
        .run(&["restore", "latest", "--only", "app=copy"])
        .succeeds();
    let lies = "SELECT count(*) FROM pg_class c JOIN pg_tablespace s ON s.oid = c.reltablespace WHERE spcname = 'fast'";
    assert_eq!(postgres.sql("copy", lies).stdout.trim(), "2");
}
