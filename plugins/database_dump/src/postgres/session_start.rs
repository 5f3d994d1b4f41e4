//! How every session with a server begins. The owner of a database, or a role for itself, sets what sessions in it begin
//! with: a time limit of a millisecond, read-only, the rights of another role. What a client asks for at the connection
//! wins over that (`PGOPTIONS`), and changes nothing that is stored.

/// The variable with the options of the sessions. Those of the operator (`PGOPTIONS`, `?options=`) come after them, and win.
pub(super) const SESSION: &str = "SIDE_CAR_SESSION";

/// What a session begins with, and since which version of the server there is such a setting.
const SETTINGS: [(&str, &str, u32); 19] = [
    ("statement_timeout", "0", 0),
    ("lock_timeout", "0", 0),
    ("idle_in_transaction_session_timeout", "0", 0),
    ("tcp_user_timeout", "0", 120_000),
    ("idle_session_timeout", "0", 140_000),
    ("transaction_timeout", "0", 170_000),
    ("role", "none", 0),
    ("search_path", "pg_catalog", 0),
    ("default_transaction_read_only", "off", 0),
    ("default_transaction_isolation", "read committed", 0),
    ("default_transaction_deferrable", "off", 0),
    // Errors that are expected would end the session.
    ("exit_on_error", "off", 0),
    ("client_min_messages", "notice", 0),
    // What a text means: `NULL` in an array, `= NULL`, a backslash, a sign in an interval.
    ("array_nulls", "on", 0),
    ("transform_null_equals", "off", 0),
    ("standard_conforming_strings", "on", 0),
    ("intervalstyle", "postgres", 0),
    ("quote_all_identifiers", "off", 0),
    // A library that is missing keeps everyone out. It counts at the beginning only.
    ("local_preload_libraries", "", 0),
];

/// How sessions with one server begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SessionStart {
    /// With options, for a server of this version or newer.
    Options(u32),
    /// A pooler is in between, which refuses them: each script sets them itself.
    Statements,
}

impl SessionStart {
    /// What every server knows.
    pub(super) const FIRST: Self = Self::Options(0);
    /// With every time limit switched off that there is: one that older servers do not know may end the session that
    /// asks how old the server is.
    const NEWEST: Self = Self::Options(u32::MAX);
    const BEFORE_17: Self = Self::Options(169_999);

    /// How to begin instead, if a session could not begin like this for what the failure says.
    pub(super) fn after(self, failure: &str) -> Option<Self> {
        let says = |words: [&str; 2]| words.iter().any(|word| failure.contains(word));
        let ended = says([
            "terminating connection due to",
            "connection to server was lost",
        ]);
        let refused = says(["startup parameter", "unrecognized configuration parameter"]);
        match self {
            Self::NEWEST if refused => Some(Self::BEFORE_17),
            Self::Options(_) if refused => Some(Self::Statements),
            Self::FIRST if ended => Some(Self::NEWEST),
            _ => None,
        }
    }

    /// The value of [`SESSION`].
    pub(super) fn options(self) -> String {
        let Self::Options(version) = self else {
            return String::new();
        };
        let known = SETTINGS.iter().filter(|(.., since)| *since <= version);
        let options =
            known.map(|(name, value, _)| format!("-c {name}={}", value.replace(' ', "\\ ")));
        options.collect::<Vec<_>>().join(" ")
    }

    /// What a script begins with. The owner of a database can set what names mean in it: here they are the server's own.
    pub(super) fn statements(self) -> String {
        let always = "SET search_path = pg_catalog;\n";
        let Self::Statements = self else {
            return always.to_owned();
        };
        let settable = SETTINGS
            .iter()
            .filter(|(name, _, since)| *since == 0 && *name != "local_preload_libraries");
        let set = settable.map(|(name, value, _)| format!("SET {name} = '{value}';\n"));
        set.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_asked_for_what_it_knows() {
        let options = SessionStart::Options(150_008).options();
        assert!(options.starts_with("-c statement_timeout=0 "));
        assert!(options.contains("-c default_transaction_isolation=read\\ committed "));
        assert!(
            options.contains("idle_session_timeout") && !options.contains("transaction_timeout=")
        );
        assert!(
            SessionStart::Options(170_002)
                .options()
                .contains("-c transaction_timeout=0")
        );
    }

    #[test]
    fn a_pooler_that_refuses_options_gets_statements() {
        let refused = "FATAL:  unsupported startup parameter in options: statement_timeout";
        assert_eq!(
            SessionStart::FIRST.after(refused),
            Some(SessionStart::Statements)
        );
        assert_eq!(SessionStart::Statements.after(refused), None);
        let ended = "FATAL:  terminating connection due to idle-session timeout";
        let newest = SessionStart::FIRST.after(ended);
        assert_eq!(newest, Some(SessionStart::NEWEST));
        assert_eq!(newest.and_then(|newest| newest.after(ended)), None);
        let unknown = "unrecognized configuration parameter \"transaction_timeout\"";
        assert_eq!(
            SessionStart::NEWEST.after(unknown),
            Some(SessionStart::BEFORE_17)
        );
        assert_eq!(SessionStart::FIRST.after("Connection refused"), None);
        assert_eq!(SessionStart::Statements.options(), "");
        let statements = SessionStart::Statements.statements();
        assert!(statements.starts_with("SET statement_timeout = '0';\n"));
        assert!(statements.contains("SET search_path = 'pg_catalog';\n"));
        assert!(!statements.contains("SET transaction_timeout"));
    }
}
