//! The statements that `pg_dumpall --globals-only` writes.

use super::super::facts::{
    Globals, Label, Membership, ParameterGrant, Role, Setting, Tablespace, TablespaceGrant,
};
use super::tokens::Token;

/// The rest of a statement, read from left to right.
struct Reader<'a>(&'a [Token]);

impl Reader<'_> {
    /// Goes on behind these keywords, if they come next.
    fn skip(&mut self, keywords: &str) -> bool {
        let words = keywords.split(' ');
        let count = words.clone().count();
        let next = self.0.get(..count);
        let matches =
            next.is_some_and(|next| next.iter().zip(words).all(|(token, word)| token.is(word)));
        if matches {
            self.0 = &self.0[count..];
        }
        matches
    }

    fn next(&mut self) -> Option<&Token> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn name(&mut self) -> Option<String> {
        self.next()?.name()
    }

    fn text(&mut self) -> Option<String> {
        match self.next()? {
            Token::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn symbol(&mut self, symbol: char) -> bool {
        let matches = self.0.first() == Some(&Token::Symbol(symbol));
        if matches {
            self.0 = &self.0[1..];
        }
        matches
    }

    /// A name of several parts: "app.name".
    fn dotted(&mut self) -> Option<String> {
        let mut name = self.name()?;
        while self.symbol('.') {
            name = format!("{name}.{}", self.name()?);
        }
        Some(name)
    }

    /// None if something is left.
    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// Takes a statement over; none if it is not one of those that are known.
pub(super) fn apply(globals: &mut Globals, statement: &[Token]) -> Option<()> {
    let mut reader = Reader(statement);
    let reader = &mut reader;
    if reader.skip("CREATE ROLE") {
        let name = reader.name()?;
        reader.end()?;
        globals.roles.push(Role {
            name,
            inherit: true,
            limit: -1,
            ..Role::default()
        });
        Some(())
    } else if reader.skip("ALTER ROLE") {
        let name = reader.name()?;
        if reader.skip("SET") {
            return setting(globals, name, reader);
        }
        let role = globals.roles.iter_mut().find(|role| role.name == name)?;
        reader.skip("WITH").then_some(())?;
        attributes(role, reader)
    } else if reader.skip("COMMENT ON ROLE") {
        let name = reader.name()?;
        let role = globals.roles.iter_mut().find(|role| role.name == name)?;
        reader.skip("IS").then_some(())?;
        role.comment = Some(reader.text()?);
        reader.end()
    } else if reader.skip("SECURITY LABEL FOR") {
        let provider = reader.name()?;
        reader.skip("ON ROLE").then_some(())?;
        let name = reader.name()?;
        let role = globals.roles.iter_mut().find(|role| role.name == name)?;
        reader.skip("IS").then_some(())?;
        let label = reader.text()?;
        role.labels.push(Label { provider, label });
        reader.end()
    } else if reader.skip("GRANT") {
        grant(globals, reader)
    } else if reader.skip("CREATE TABLESPACE") {
        let name = reader.name()?;
        reader.skip("OWNER").then_some(())?;
        let owner = reader.name()?;
        reader.skip("LOCATION").then_some(())?;
        globals.tablespaces.push(Tablespace {
            name,
            owner,
            location: reader.text()?,
            options: Vec::new(),
            comment: None,
            grants: Vec::new(),
        });
        reader.end()
    } else if reader.skip("ALTER TABLESPACE") {
        let tablespace = tablespace(globals, reader)?;
        (reader.skip("SET") && reader.symbol('(')).then_some(())?;
        loop {
            let name = reader.name()?;
            reader.symbol('=').then_some(())?;
            let value = match reader.next()? {
                Token::Word(text) | Token::Text(text) => text.clone(),
                _ => return None,
            };
            tablespace.options.push(format!("{name}={value}"));
            if !reader.symbol(',') {
                break;
            }
        }
        reader.symbol(')').then_some(())?;
        reader.end()
    } else if reader.skip("COMMENT ON TABLESPACE") {
        let tablespace = tablespace(globals, reader)?;
        reader.skip("IS").then_some(())?;
        tablespace.comment = Some(reader.text()?);
        reader.end()
    } else {
        about_the_session(reader)
    }
}

/// What changes nothing on the server; and rights that a new tablespace or a new parameter does not have.
fn about_the_session(reader: &mut Reader) -> Option<()> {
    let known = [
        "SET default_transaction_read_only",
        "SET client_encoding",
        "SET standard_conforming_strings",
        "SET escape_string_warning",
        "SET SESSION AUTHORIZATION",
        "RESET SESSION AUTHORIZATION",
        "REVOKE ALL ON TABLESPACE",
        "REVOKE CREATE ON TABLESPACE",
        "REVOKE ALL ON PARAMETER",
        "REVOKE SET ON PARAMETER",
    ];
    known.iter().any(|words| reader.skip(words)).then_some(())
}

fn tablespace<'a>(globals: &'a mut Globals, reader: &mut Reader) -> Option<&'a mut Tablespace> {
    let name = reader.name()?;
    let mut tablespaces = globals.tablespaces.iter_mut();
    tablespaces.find(|tablespace| tablespace.name == name)
}

fn attributes(role: &mut Role, reader: &mut Reader) -> Option<()> {
    while !reader.0.is_empty() {
        if reader.skip("CONNECTION LIMIT") {
            let Token::Word(number) = reader.next()? else {
                return None;
            };
            role.limit = number.parse().ok()?;
        } else if reader.skip("PASSWORD") {
            role.password = Some(reader.text()?);
        } else if reader.skip("VALID UNTIL") {
            role.valid_until = Some(reader.text()?);
        } else {
            let Token::Word(word) = reader.next()? else {
                return None;
            };
            let word = word.to_uppercase();
            let (word, value) = match word.strip_prefix("NO") {
                Some(word) => (word, false),
                None => (word.as_str(), true),
            };
            *match word {
                "SUPERUSER" => &mut role.superuser,
                "INHERIT" => &mut role.inherit,
                "CREATEROLE" => &mut role.createrole,
                "CREATEDB" => &mut role.createdb,
                "LOGIN" => &mut role.login,
                "REPLICATION" => &mut role.replication,
                "BYPASSRLS" => &mut role.bypassrls,
                _ => return None,
            } = value;
        }
    }
    Some(())
}

/// `SET name TO value`; lists are several texts.
fn setting(globals: &mut Globals, role: String, reader: &mut Reader) -> Option<()> {
    let name = reader.dotted()?;
    (reader.skip("TO") || reader.symbol('=')).then_some(())?;
    let mut values = Vec::new();
    loop {
        match reader.next()? {
            Token::Text(text) | Token::Name(text) | Token::Word(text) => values.push(text.clone()),
            Token::Symbol(_) => return None,
        }
        if !reader.symbol(',') {
            break;
        }
    }
    reader.end()?;
    const LISTS: [&str; 4] = [
        "search_path",
        "temp_tablespaces",
        "local_preload_libraries",
        "session_preload_libraries",
    ];
    let value = if LISTS.contains(&name.to_lowercase().as_str()) {
        // As the server stores it: names, quoted.
        let values = values.iter().filter(|value| !value.is_empty());
        let quoted = values.map(|value| format!("\"{}\"", value.replace('"', "\"\"")));
        quoted.collect::<Vec<_>>().join(", ")
    } else if let [value] = values.as_slice() {
        value.clone()
    } else {
        return None;
    };
    globals.settings.push(Setting {
        role: Some(role),
        name,
        value,
    });
    Some(())
}

fn grant(globals: &mut Globals, reader: &mut Reader) -> Option<()> {
    for (words, privilege) in [
        ("SET ON PARAMETER", "SET"),
        ("ALTER SYSTEM ON PARAMETER", "ALTER SYSTEM"),
        ("ALL ON PARAMETER", "ALL"),
    ] {
        if reader.skip(words) {
            let parameter = reader.dotted()?;
            let (grantee, grantable) = grantee(reader)?;
            let privileges = match privilege {
                "ALL" => vec!["SET", "ALTER SYSTEM"],
                one => vec![one],
            };
            for privilege in privileges {
                globals.parameters.push(ParameterGrant {
                    parameter: parameter.clone(),
                    privilege: privilege.to_owned(),
                    grantee: grantee.clone(),
                    grantable,
                });
            }
            return Some(());
        }
    }
    if reader.skip("ALL ON TABLESPACE") || reader.skip("CREATE ON TABLESPACE") {
        let tablespace = tablespace(globals, reader)?;
        let (grantee, grantable) = grantee(reader)?;
        if grantee.as_ref() != Some(&tablespace.owner) {
            tablespace
                .grants
                .push(TablespaceGrant { grantee, grantable });
        }
        return Some(());
    }
    let role = reader.name()?;
    reader.skip("TO").then_some(())?;
    let mut membership = Membership {
        role,
        member: reader.name()?,
        grantor: None,
        admin: false,
        inherit: None,
        set: None,
    };
    if reader.skip("WITH") {
        loop {
            if reader.skip("ADMIN OPTION") || reader.skip("ADMIN TRUE") {
                membership.admin = true;
            } else if reader.skip("ADMIN FALSE") {
                membership.admin = false;
            } else if reader.skip("INHERIT TRUE") || reader.skip("INHERIT OPTION") {
                membership.inherit = Some(true);
            } else if reader.skip("INHERIT FALSE") {
                membership.inherit = Some(false);
            } else if reader.skip("SET TRUE") || reader.skip("SET OPTION") {
                membership.set = Some(true);
            } else if reader.skip("SET FALSE") {
                membership.set = Some(false);
            } else {
                return None;
            }
            if !reader.symbol(',') {
                break;
            }
        }
    }
    if reader.skip("GRANTED BY") {
        membership.grantor = Some(reader.name()?);
    }
    reader.end()?;
    globals.memberships.push(membership);
    Some(())
}

/// `TO name [WITH GRANT OPTION]`
fn grantee(reader: &mut Reader) -> Option<(Option<String>, bool)> {
    reader.skip("TO").then_some(())?;
    let everyone = reader.skip("PUBLIC");
    let grantee = if everyone { None } else { Some(reader.name()?) };
    let grantable = reader.skip("WITH GRANT OPTION");
    reader.end()?;
    Some((grantee, grantable))
}
