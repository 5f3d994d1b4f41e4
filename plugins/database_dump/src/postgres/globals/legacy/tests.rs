use super::super::facts::{Membership, Role, Setting};
use super::read;

#[test]
fn what_pg_dumpall_writes_is_read_as_facts() {
    let globals = read(
        r#"--
-- PostgreSQL database cluster dump
--
\restrict abc

SET default_transaction_read_only = off;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

CREATE ROLE readers;
ALTER ROLE readers WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
CREATE ROLE "Ñ 'owner' \ ""x""";
ALTER ROLE "Ñ 'owner' \ ""x""" WITH NOSUPERUSER NOINHERIT CREATEDB LOGIN CONNECTION LIMIT 7 PASSWORD 'SCRAM-SHA-256$4096:a' VALID UNTIL '2030-01-01 00:00:00+00';
COMMENT ON ROLE readers IS 'it''s; DROP';

--
-- User Config "readers"
--

ALTER ROLE readers SET work_mem TO '8MB';
ALTER ROLE readers SET search_path TO '$user', 'a "b"';
ALTER ROLE readers SET application_name TO E'x\\
ALTER ROLE postgres WITH ';
ALTER ROLE readers SET "app.text" TO 'ALTER ROLE readers SUPERUSER;--';
GRANT readers TO "Ñ 'owner' \ ""x""" WITH ADMIN OPTION, INHERIT FALSE GRANTED BY postgres;
CREATE TABLESPACE fast OWNER readers LOCATION '/fast''s';
ALTER TABLESPACE fast SET (random_page_cost='1.5', seq_page_cost=2);
GRANT ALL ON TABLESPACE fast TO PUBLIC;
GRANT SET ON PARAMETER log_statement TO readers WITH GRANT OPTION;
\unrestrict abc
"#,
    )
    .unwrap();
    let owner = "Ñ 'owner' \\ \"x\"".to_owned();
    assert_eq!(globals.roles.len(), 2);
    assert_eq!(globals.roles[0].comment.as_deref(), Some("it's; DROP"));
    assert_eq!(
        globals.roles[1],
        Role {
            name: owner.clone(),
            createdb: true,
            login: true,
            limit: 7,
            password: Some("SCRAM-SHA-256$4096:a".to_owned()),
            valid_until: Some("2030-01-01 00:00:00+00".to_owned()),
            ..Role::default()
        }
    );
    let setting = |name: &str, value: &str| Setting {
        role: Some("readers".to_owned()),
        name: name.to_owned(),
        value: value.to_owned(),
    };
    assert_eq!(
        globals.settings,
        [
            setting("work_mem", "8MB"),
            setting("search_path", r#""$user", "a ""b""""#),
            setting("application_name", "x\\\nALTER ROLE postgres WITH "),
            setting("app.text", "ALTER ROLE readers SUPERUSER;--"),
        ]
    );
    assert_eq!(
        globals.memberships,
        [Membership {
            role: "readers".to_owned(),
            member: owner,
            grantor: Some("postgres".to_owned()),
            admin: true,
            inherit: Some(false),
            set: None,
        }]
    );
    let fast = &globals.tablespaces[0];
    assert_eq!(fast.location, "/fast's");
    assert_eq!(fast.options, ["random_page_cost=1.5", "seq_page_cost=2"]);
    assert_eq!(fast.grants[0].grantee, None);
    assert!(globals.parameters[0].grantable);
}

#[test]
fn anything_else_is_refused_and_named() {
    for (script, shown) in [
        ("ALTER ROLE x SUPERUSER;", "ALTER ROLE x SUPERUSER"),
        ("CREATE ROLE a; DROP ROLE b;", "DROP ROLE b"),
        ("\\! id\n", "\\! id"),
        ("CREATE ROLE a \\! id\n;", "\\! id"),
        (
            "CREATE ROLE a PASSWORD 'secret';",
            "CREATE ROLE a PASSWORD '…'",
        ),
        ("SELECT 'x", "'x"),
        ("CREATE ROLE a", "CREATE ROLE a"),
    ] {
        let failure = read(script).unwrap_err();
        assert!(failure.message.ends_with(shown), "{failure:?}");
    }
}
