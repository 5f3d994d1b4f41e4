//! A dump tool older than its server is an error before the dump starts.

use sidecar_sdk::{Failure, Result, log};

/// A major version: (15, 0), and (9, 6) before 10.
type Major = (u32, u32);

/// `client` is the output of `pg_dump --version`; `server` and `number` are the server's
/// `server_version` and `server_version_num`.
pub(super) fn check(client: &str, server: &str, number: u32) -> Result<()> {
    let client_major = major(client).ok_or_else(|| {
        Failure::new(
            "unexpected-answer",
            format!("pg_dump does not say which version it is: {client}"),
        )
    })?;
    let needed = match number / 10_000 {
        major @ 10.. => (major, 0),
        major => (major, number / 100 % 100),
    };
    if client_major >= needed {
        return Ok(());
    }
    let package = match needed {
        (major @ 10.., _) => major.to_string(),
        (major, minor) => format!("{major}.{minor}"),
    };
    Err(Failure::new(
        "client-too-old",
        format!("the server is PostgreSQL {server}, and the sidecar has an older client: {client}"),
    )
    .hint(format!(
        "install postgresql-client-{package} or newer in the sidecar's container image (see apt.postgresql.org)"
    )))
}

/// Says before it begins that a backup goes to an older server, or past a client that is older than it.
pub(super) fn warn_of_target(client: &str, backup: &str, target: &str) {
    let number = |version: &str| version.split('.').next()?.trim().parse::<u32>().ok();
    let (from, to) = (number(backup), number(target));
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        log::warn(&format!(
            "the backup is of PostgreSQL {backup} and goes to the older {target}: what that does not know is an error, \
             and nothing is replaced then"
        ));
    }
    if let (Some((client_major, _)), Some(to)) = (major(client), to)
        && client_major < to
    {
        log::warn(&format!(
            "the client is older than the server {target}: {client}; a backup of this server needs a newer one"
        ));
    }
}

/// From "pg_dump (PostgreSQL) 15.14 (Debian 15.14-0)".
fn major(client: &str) -> Option<Major> {
    let version = client.split(") ").nth(1)?;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit());
    let major = numbers.next()?.parse().ok()?;
    match major {
        10.. => Some((major, 0)),
        _ => Some((major, numbers.next()?.parse().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(client: &str, number: u32) -> bool {
        check(&format!("pg_dump (PostgreSQL) {client}"), "x", number).is_ok()
    }

    #[test]
    fn a_client_may_be_newer_but_not_older() {
        assert!(accepts("15.14 (Debian 15.14-0+deb12u1)", 150_018));
        assert!(accepts("15.1", 150_018));
        assert!(accepts("17beta2", 160_002));
        assert!(!accepts("15.14", 160_000));
        assert!(accepts("9.6.24", 90_600) && accepts("9.6.24", 90_500));
        assert!(!accepts("9.5.1", 90_601));
        assert!(!accepts("9.6.24", 100_000));
    }

    #[test]
    fn the_failure_names_the_package_to_install() {
        let failure = check("pg_dump (PostgreSQL) 15.14", "16.2 (Debian)", 160_002).err();
        let failure = failure.expect("it is older");
        assert!(failure.message.contains("16.2") && failure.message.contains("15.14"));
        assert!(
            failure
                .hint
                .is_some_and(|hint| hint.contains("postgresql-client-16"))
        );
    }
}
