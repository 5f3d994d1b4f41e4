//! What the account may do, from the lines of `SHOW GRANTS`: its own rights, those of its active roles
//! and those of PUBLIC.

/// The rights of an account.
#[derive(Debug, Default)]
pub(super) struct Grants {
    granted: Vec<Grant>,
    /// MySQL's partial revokes: they take back from a database what was granted on all.
    revoked: Vec<Grant>,
}

#[derive(Debug, PartialEq, Eq)]
struct Grant {
    privileges: Vec<String>,
    /// None for all databases. May be a pattern.
    database: Option<String>,
    /// None for all tables.
    table: Option<String>,
    /// Who has it: the account, or one of its roles.
    grantee: String,
}

impl Grants {
    /// Reads the lines; what is neither a grant on databases or tables nor a revoke has no meaning here.
    pub(super) fn parse(lines: &str) -> Self {
        let mut grants = Self::default();
        for line in lines.lines() {
            if let Some(rest) = line.strip_prefix("GRANT ") {
                grants.granted.extend(Grant::parse(rest, "TO"));
            } else if let Some(rest) = line.strip_prefix("REVOKE ") {
                grants.revoked.extend(Grant::parse(rest, "FROM"));
            }
        }
        grants
    }

    /// Whether the account has a privilege everywhere.
    pub(super) fn everywhere(&self, privilege: &str) -> bool {
        self.granted
            .iter()
            .any(|grant| grant.database.is_none() && grant.has(privilege))
            && !self.revoked.iter().any(|revoke| revoke.has(privilege))
    }

    /// Whether the account has a privilege on every table of a database.
    pub(super) fn on_database(&self, database: &str, privilege: &str) -> bool {
        let revoked = self
            .revoked
            .iter()
            .any(|revoke| revoke.covers(database) && revoke.has(privilege));
        let everywhere = self
            .granted
            .iter()
            .any(|grant| grant.database.is_none() && grant.has(privilege));
        (everywhere && !revoked)
            || self
                .granted
                .iter()
                .any(|grant| grant.covers(database) && self.certain(grant, database, privilege))
    }

    /// Whether the account has a privilege on a table.
    pub(super) fn on_table(&self, database: &str, table: &str, privilege: &str) -> bool {
        self.on_database(database, privilege)
            || self.granted.iter().any(|grant| {
                grant.database.as_deref() == Some(database)
                    && grant.table.as_deref() == Some(table)
                    && grant.has(privilege)
            })
    }

    /// Whether the holder of `grant` has a privilege on this database. Where several of its patterns match,
    /// the server takes one of them: only what all of them grant is certain.
    fn certain(&self, grant: &Grant, database: &str, privilege: &str) -> bool {
        self.granted
            .iter()
            .filter(|other| other.grantee == grant.grantee && other.covers(database))
            .all(|other| other.has(privilege))
    }
}

impl Grant {
    /// "SELECT, SHOW VIEW ON `shop`.* TO `backup`@`%` …"; `to` is the word before the grantee.
    fn parse(text: &str, to: &str) -> Option<Self> {
        let words = Token::all(text);
        let on = words.iter().position(|word| word.is_word("ON"))?;
        let to = words.iter().position(|word| word.is_word(to))?;
        let object: Vec<&Token> = words.get(on + 1..to)?.iter().collect();
        let (database, table) = match object[..] {
            [database, dot, table] if dot.is_word(".") => (database.name(), table.name()),
            // On a procedure, a function or a proxy: nothing that a dump reads.
            _ => return None,
        };
        let privileges = words[..on]
            .split(|word| word.is_word(","))
            .filter_map(privilege)
            .collect();
        Some(Self {
            privileges,
            database,
            table,
            grantee: words[to + 1..].first()?.text.clone(),
        })
    }

    fn has(&self, privilege: &str) -> bool {
        let names = [privilege, "ALL", "ALL PRIVILEGES"];
        self.privileges.iter().any(|name| names.contains(&&**name))
    }

    /// Whether it is a grant on all tables of databases of which this is one.
    fn covers(&self, database: &str) -> bool {
        let pattern = self.database.as_deref();
        self.table.is_none() && pattern.is_some_and(|pattern| like(pattern, database))
    }
}

/// The name of a privilege, in one or more words; none for one on columns, which is no right to a table.
fn privilege(words: &[Token]) -> Option<String> {
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    (!texts.contains(&"(") && !texts.contains(&")")).then(|| texts.join(" "))
}

/// A word, a punctuation mark, or a quoted name.
#[derive(Debug)]
struct Token {
    text: String,
    quoted: bool,
}

impl Token {
    fn all(text: &str) -> Vec<Self> {
        let mut tokens = Vec::new();
        let mut rest = text.chars().peekable();
        while let Some(first) = rest.next() {
            let mut token = Self {
                text: String::new(),
                quoted: matches!(first, '`' | '"' | '\''),
            };
            match first {
                _ if first.is_whitespace() => continue,
                '`' | '"' | '\'' => {
                    while let Some(next) = rest.next() {
                        if next != first {
                            token.text.push(next);
                        } else if rest.next_if_eq(&first).is_some() {
                            token.text.push(first);
                        } else {
                            break;
                        }
                    }
                }
                '.' | ',' | '(' | ')' | '*' | '@' => token.text.push(first),
                _ => {
                    token.text.push(first);
                    let in_word =
                        |next: &char| !next.is_whitespace() && !".,()*@`\"'".contains(*next);
                    while let Some(next) = rest.next_if(in_word) {
                        token.text.push(next);
                    }
                }
            }
            tokens.push(token);
        }
        tokens
    }

    fn is_word(&self, word: &str) -> bool {
        !self.quoted && self.text == word
    }

    /// The name, or none for `*`.
    fn name(&self) -> Option<String> {
        (!self.is_word("*")).then(|| self.text.clone())
    }
}

/// Whether a name matches a pattern with `%`, `_` and `\`.
fn like(pattern: &str, name: &str) -> bool {
    let mut pattern_rest = pattern.chars();
    let Some(first) = pattern_rest.next() else {
        return name.is_empty();
    };
    let mut name_rest = name.chars();
    match first {
        '%' => {
            let rest = pattern_rest.as_str();
            let mut ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.any(|at| like(rest, &name[at..]))
        }
        '_' => name_rest.next().is_some() && like(pattern_rest.as_str(), name_rest.as_str()),
        _ => {
            let literal = match first {
                '\\' => pattern_rest.next().unwrap_or(first),
                other => other,
            };
            name_rest.next() == Some(literal) && like(pattern_rest.as_str(), name_rest.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_right_is_everywhere_on_a_database_or_on_a_table() {
        let grants = Grants::parse(
            "GRANT USAGE ON *.* TO `x`@`%` IDENTIFIED BY PASSWORD '*B69'\n\
             GRANT SELECT, SHOW VIEW ON `shop`.* TO `x`@`%` WITH GRANT OPTION\n\
             GRANT SELECT ON `mysql`.`proc` TO `x`@`%`\n\
             GRANT SELECT (`id`), INSERT ON `crm`.`t` TO `x`@`%`\n\
             GRANT EXECUTE ON PROCEDURE `shop`.`p` TO `x`@`%`\n\
             GRANT PROXY ON ''@'%' TO 'x'@'%'",
        );
        assert!(grants.on_database("shop", "SHOW VIEW") && !grants.everywhere("SHOW VIEW"));
        assert!(!grants.on_database("shop", "TRIGGER") && !grants.on_database("crm", "SELECT"));
        assert!(!grants.on_database("shop", "EXECUTE"));
        assert!(
            grants.on_table("mysql", "proc", "SELECT") && grants.on_table("shop", "t", "SELECT")
        );
        assert!(grants.on_table("crm", "t", "INSERT") && !grants.on_table("crm", "t", "SELECT"));
        let all = Grants::parse("GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost`");
        assert!(all.everywhere("EVENT") && all.on_database("x", "EVENT"));
    }

    #[test]
    fn the_rights_of_roles_and_of_public_are_added() {
        let grants = Grants::parse(
            "GRANT `r` TO `x`@`%`\nGRANT SELECT ON `shop`.* TO `x`@`%`\nGRANT TRIGGER ON `shop`.* TO `r`\n\
             GRANT EVENT ON `shop`.* TO PUBLIC\nSET DEFAULT ROLE `r` FOR `x`@`%`",
        );
        for privilege in ["SELECT", "TRIGGER", "EVENT"] {
            assert!(grants.on_database("shop", privilege), "{privilege}");
        }
    }

    #[test]
    fn of_several_patterns_only_what_all_grant_is_certain() {
        let grants = Grants::parse(
            "GRANT SELECT, TRIGGER ON `sh%`.* TO `x`@`%`\nGRANT SELECT ON `sho_`.* TO `x`@`%`",
        );
        assert!(grants.on_database("shop", "SELECT"));
        assert!(!grants.on_database("shop", "TRIGGER"));
        assert!(grants.on_database("shed", "TRIGGER"));
    }

    #[test]
    fn what_is_revoked_from_a_database_is_not_granted_on_it() {
        let grants = Grants::parse(
            "GRANT SELECT, EVENT ON *.* TO `x`@`%`\nREVOKE SELECT ON `hr`.* FROM `x`@`%`",
        );
        assert!(!grants.on_database("hr", "SELECT") && grants.on_database("hr", "EVENT"));
        assert!(grants.on_database("shop", "SELECT") && !grants.everywhere("SELECT"));
    }

    #[test]
    fn names_are_quoted_and_patterns_escaped() {
        let grants = Grants::parse("GRANT SELECT ON `a``b ON \"c\" TO x`.* TO `x`@`%`");
        assert!(grants.on_database("a`b ON \"c\" TO x", "SELECT"));
        assert!(like(r"my\_db", "my_db") && !like(r"my\_db", "my-db"));
        assert!(
            like("%", "") && like("a%c", "abbc") && !like("a%c", "abb") && like("my_db", "my-db")
        );
    }
}
