//! `strategy.config.url`: the address of a server and the account. It may contain a password, so
//! no message here shows it.

use sidecar_sdk::Failure;

/// The pieces of `scheme://user:password@host:port/path?name=value`, percent-decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) scheme: String,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    /// Several, separated by commas, where the engine supports that.
    pub(crate) hosts: Vec<Host>,
    /// Without the slash in front.
    pub(crate) path: Option<String>,
    pub(crate) parameters: Vec<(String, String)>,
}

/// One server.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Host {
    pub(crate) name: Option<String>,
    pub(crate) port: Option<u16>,
}

impl Url {
    /// Parses a URL. `schemes` are those of the engine; `key` names the URL in a failure.
    pub(crate) fn parse(text: &str, schemes: &[&str], key: &str) -> Result<Self, Failure> {
        let invalid = |what: &str| {
            Failure::new("url-invalid", format!("{key} {what}")).hint(format!(
                "write {}://user@host:port/; special characters in it are percent-encoded (%40 for @)",
                schemes[0]
            ))
        };
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| invalid("is not a URL"))?;
        if !schemes.contains(&scheme) {
            return Err(invalid(&format!(
                "does not start with {}://",
                schemes.join(":// or ")
            )));
        }
        let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = match rest.split_once('/') {
            Some((authority, path)) => (authority, Some(path)),
            None => (rest, None),
        };
        let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match login.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (login, None),
        };
        let text =
            |piece: &str| percent_decode(piece).ok_or_else(|| invalid("has a broken %-sequence"));
        let non_empty = |piece: Option<&str>| {
            piece
                .filter(|piece| !piece.is_empty())
                .map(text)
                .transpose()
        };
        Ok(Self {
            scheme: scheme.to_owned(),
            user: non_empty(Some(user))?,
            password: non_empty(password)?,
            hosts: hosts
                .split(',')
                .map(|host| {
                    let (name, port) = split_port(host);
                    Ok(Host {
                        name: non_empty(Some(name))?,
                        port: port
                            .map(str::parse)
                            .transpose()
                            .map_err(|_| invalid("has a port that is not a number"))?,
                    })
                })
                .collect::<Result<_, Failure>>()?,
            path: non_empty(path)?,
            parameters: parameters
                .split('&')
                .filter(|parameter| !parameter.is_empty())
                .map(|parameter| {
                    let (name, value) = parameter
                        .split_once('=')
                        .ok_or_else(|| invalid("has a parameter without a value"))?;
                    Ok((text(name)?, text(value)?))
                })
                .collect::<Result<_, Failure>>()?,
        })
    }

    /// The only server that the URL names.
    pub(crate) fn host(&self, key: &str) -> Result<&Host, Failure> {
        match self.hosts.as_slice() {
            [host] => Ok(host),
            _ => Err(
                Failure::new("url-invalid", format!("{key} names several servers"))
                    .hint("name the one to dump"),
            ),
        }
    }
}

/// The environment variable for a URL parameter; `hint` lists the known parameters.
pub(crate) fn variable(
    parameter: &str,
    known: &[(&str, &'static str)],
    key: &str,
    hint: &str,
) -> Result<&'static str, Failure> {
    let variable = known.iter().find(|(name, _)| *name == parameter);
    variable.map(|(_, variable)| *variable).ok_or_else(|| {
        Failure::new(
            "url-invalid",
            format!("{key} has the parameter {parameter}, which is not known"),
        )
        .hint(hint)
    })
}

/// Host and port; an IPv6 address is in brackets.
fn split_port(host: &str) -> (&str, Option<&str>) {
    if let Some(rest) = host.strip_prefix('[') {
        let (address, after) = rest.split_once(']').unwrap_or((rest, ""));
        return (
            address,
            after.strip_prefix(':').filter(|port| !port.is_empty()),
        );
    }
    match host.rsplit_once(':') {
        Some((name, port)) => (name, Some(port).filter(|port| !port.is_empty())),
        None => (host, None),
    }
}

/// Decodes percent-encoding; none if it is malformed or the result is not UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains('\0'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Url {
        Url::parse(text, &["postgresql", "postgres"], "strategy.config.url").unwrap()
    }

    fn host(name: &str, port: Option<u16>) -> Host {
        Host {
            name: (!name.is_empty()).then(|| name.to_owned()),
            port,
        }
    }

    #[test]
    fn a_url_is_parsed() {
        let url =
            parsed("postgresql://ba%40ck:p%3Aw@db:5433/a%2Fb?sslmode=require&options=-c%20a%3Db");
        assert_eq!(url.user.as_deref(), Some("ba@ck"));
        assert_eq!(url.password.as_deref(), Some("p:w"));
        assert_eq!(url.hosts, [host("db", Some(5433))]);
        assert_eq!(url.path.as_deref(), Some("a/b"));
        assert_eq!(url.parameters[0], ("sslmode".into(), "require".into()));
        assert_eq!(url.parameters[1].1, "-c a=b");
    }

    #[test]
    fn everything_but_the_scheme_may_be_missing() {
        let url = parsed("postgres://");
        assert_eq!((url.user, url.password, url.path), (None, None, None));
        assert_eq!(url.hosts, [host("", None)]);
        assert_eq!(parsed("postgres://db/").path, None);
        assert_eq!(parsed("postgres://u:@db").password, None);
    }

    #[test]
    fn knows_addresses_sockets_and_several_servers() {
        assert_eq!(
            parsed("postgres://[::1]:5432/").hosts,
            [host("::1", Some(5432))]
        );
        assert_eq!(
            parsed("postgres://%2Frun%2Fpg/").hosts,
            [host("/run/pg", None)]
        );
        assert_eq!(
            parsed("postgres://a:1,b/").hosts,
            [host("a", Some(1)), host("b", None)]
        );
    }

    #[test]
    fn an_error_never_shows_the_password() {
        for text in [
            "u:hidden@db",
            "mysql://u:hidden@db/",
            "postgres://u:hidden%zz@db/",
            "postgres://u:hidden@db:port/",
            "postgres://u:hidden@db/?x",
            "postgres://u:hidden%ff@db/",
        ] {
            let failure = Url::parse(text, &["postgres"], "strategy.config.url").unwrap_err();
            assert_eq!(failure.code, "url-invalid");
            assert!(!failure.message.contains("hidden"), "{}", failure.message);
            assert!(failure.message.starts_with("strategy.config.url "));
        }
    }
}
