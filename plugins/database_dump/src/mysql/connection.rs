//! `mysql://…` → the variables that the command lines read, so that none contains a password.

use sidecar_sdk::Result;

use crate::url::{Url, variable};

/// URL parameters, and the variables that the command lines read.
const PARAMETERS: [(&str, &str); 3] = [
    ("socket", "SIDE_CAR_SOCKET"),
    ("ssl-ca", "SIDE_CAR_SSL_CA"),
    ("option-file", OPTION_FILE),
];
const HINT: &str = "socket, ssl-ca and option-file are, which is a file in the format of my.cnf";

/// Instead of the client's own option files.
const OPTION_FILE: &str = "SIDE_CAR_OPTION_FILE";
/// MySQL's client reads its login file even where it reads no option file.
const LOGIN_FILE: &str = "MYSQL_TEST_LOGIN_FILE";

/// Reads a URL; `key` names it in a failure.
pub(super) fn parse(text: &str, key: &str) -> Result<Vec<(String, String)>> {
    let url = Url::parse(text, &["mysql", "mariadb"], key)?;
    let host = url.host(key)?;
    let mut env: Vec<(String, String)> = Vec::new();
    let mut set = |name: &str, value: Option<String>| {
        env.extend(value.map(|value| (name.to_owned(), value)));
    };
    set("SIDE_CAR_HOST", host.name.clone());
    set("SIDE_CAR_PORT", host.port.map(|port| port.to_string()));
    for (name, value) in &url.parameters {
        set(variable(name, &PARAMETERS, key, HINT)?, Some(value.clone()));
    }
    set("SIDE_CAR_USER", url.user.clone());
    set("MYSQL_PWD", url.password.clone());
    Ok(env)
}

/// The client's own option files are of the configured server: another one gets nothing of them.
pub(super) fn without_defaults(env: &mut Vec<(String, String)>) {
    if !env.iter().any(|(name, _)| name == OPTION_FILE) {
        env.push((OPTION_FILE.to_owned(), "/dev/null".to_owned()));
    }
    env.push((LOGIN_FILE.to_owned(), "/nonexistent".to_owned()));
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn a_url_becomes_variables() {
        let env = parse("mysql://backup:p%40w@db:3307/?socket=/run/x.sock", "url").unwrap();
        let pairs: Vec<(&str, &str)> = env
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        assert_eq!(
            pairs,
            [
                ("SIDE_CAR_HOST", "db"),
                ("SIDE_CAR_PORT", "3307"),
                ("SIDE_CAR_SOCKET", "/run/x.sock"),
                ("SIDE_CAR_USER", "backup"),
                ("MYSQL_PWD", "p@w"),
            ]
        );
        assert_eq!(
            parse("mariadb://db/?tls=1", "url").unwrap_err().code,
            "url-invalid"
        );
        assert_eq!(
            parse("mysql://a,b/", "url").unwrap_err().code,
            "url-invalid"
        );
    }
}
