//! Every line that a backup or a restore runs. What varies is in their environment.

/// A client program, connected. What the URL leaves out is left to the program and its files.
macro_rules! connected {
    ($program:literal, $options:literal) => {
        concat!(
            $program,
            r#" ${SIDE_CAR_HOST:+--host="$SIDE_CAR_HOST"} ${SIDE_CAR_PORT:+--port="$SIDE_CAR_PORT"}"#,
            r#" ${SIDE_CAR_USER:+--user="$SIDE_CAR_USER"} ${SIDE_CAR_SOCKET:+--socket="$SIDE_CAR_SOCKET"}"#,
            r#" ${SIDE_CAR_SSL_CA:+--ssl-ca="$SIDE_CAR_SSL_CA"} --default-character-set=utf8mb4"#,
            $options
        )
    };
}

/// Hands SQL to the server, and prints what it answers.
macro_rules! query {
    ($program:literal) => {
        concat!(
            r#"printf %s "$SIDE_CAR_SQL" | "#,
            connected!($program, " --batch --skip-column-names --raw")
        )
    };
}

/// One consistent state of a database, with all that belongs to it.
macro_rules! dump {
    ($program:literal) => {
        connected!(
            $program,
            r#" --single-transaction --quick --routines --events --triggers --hex-blob --no-tablespaces -- "$SIDE_CAR_DATABASE""#
        )
    };
}

/// Reads a dump.
macro_rules! load {
    ($program:literal) => {
        connected!(
            $program,
            r#" ${SIDE_CAR_DATABASE:+--database="$SIDE_CAR_DATABASE"}"#
        )
    };
}

/// The programs of MySQL or of MariaDB.
#[derive(Debug)]
pub(super) struct Lines {
    pub(super) version: &'static str,
    pub(super) query: &'static str,
    pub(super) dump: &'static str,
    /// Users, roles and what they may do.
    pub(super) globals: &'static str,
    pub(super) load: &'static str,
}

pub(super) const MARIADB: Lines = Lines {
    version: "mariadb-dump --version",
    query: query!("mariadb"),
    dump: dump!("mariadb-dump"),
    globals: connected!("mariadb-dump", " --system=users --insert-ignore"),
    load: load!("mariadb"),
};

// mysqldump does not dump users: the server is asked for the statements that make them, and those
// that it comes with are left out.
pub(super) const MYSQL: Lines = Lines {
    version: "mysqldump --version",
    query: query!("mysql"),
    dump: dump!("mysqldump"),
    globals: concat!(
        "ask() { ",
        connected!("mysql", " --batch --skip-column-names --raw"),
        "; }; each() { echo \"SELECT CONCAT('$1 ', QUOTE(user), '@', QUOTE(host), ';') FROM mysql.user",
        " WHERE user NOT LIKE 'mysql.%' AND user NOT LIKE 'mariadb.%' ORDER BY 1\" | ask;",
        " }; { echo '/*!80017 SET SESSION print_identified_with_as_hex=ON */;'; each 'SHOW CREATE USER'; } | ask",
        " | sed 's/^CREATE USER /CREATE USER IF NOT EXISTS /; s/$/;/' && each 'SHOW GRANTS FOR' | ask | sed 's/$/;/'"
    ),
    load: load!("mysql"),
};
