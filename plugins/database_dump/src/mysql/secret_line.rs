//! The line that holds a lock in the server that is backed up, and prints whether another server has it too.

/// The session that holds the lock is open for as long as the other server is asked.
macro_rules! secret {
    ($program:literal) => {
        concat!(
            r#"set -e; trap '' PIPE; dir=$(mktemp -d -p "$SIDE_CAR_WORKDIR"); trap 'rm -rf "$dir"' EXIT; mkfifo "$dir/ask" "$dir/answer"
options='--connect-timeout=15 --default-character-set=utf8mb4 --batch --skip-column-names --raw'
"#,
            $program,
            r#" ${SIDE_CAR_OPTION_FILE:+--defaults-file="$SIDE_CAR_OPTION_FILE"} ${SIDE_CAR_HOST:+--host="$SIDE_CAR_HOST"} \
  ${SIDE_CAR_PORT:+--port="$SIDE_CAR_PORT"} ${SIDE_CAR_USER:+--user="$SIDE_CAR_USER"} ${SIDE_CAR_SOCKET:+--socket="$SIDE_CAR_SOCKET"} \
  ${SIDE_CAR_SSL_CA:+--ssl-ca="$SIDE_CAR_SSL_CA"} $options --unbuffered <"$dir/ask" >"$dir/answer" &
exec 3>"$dir/ask" 4<"$dir/answer"
printf "SELECT GET_LOCK('%s', 0);\n" "$SIDE_CAR_SECRET" >&3
read -r held <&4; [ "$held" = 1 ]
printf "SELECT IS_USED_LOCK('%s') IS NOT NULL;\n" "$SIDE_CAR_SECRET" | (
  unset MYSQL_HOST MYSQL_TCP_PORT MYSQL_UNIX_PORT MYSQL_GROUP_SUFFIX MYSQL_HOME MARIADB_HOME MYSQL_PWD
  [ -z "$SIDE_CAR_INTO_PASSWORD" ] || export MYSQL_PWD="$SIDE_CAR_INTO_PASSWORD"
  exec 3>&- 4<&- "#,
            $program,
            r#" --defaults-file="$SIDE_CAR_INTO_OPTION_FILE" ${SIDE_CAR_INTO_HOST:+--host="$SIDE_CAR_INTO_HOST"} \
    ${SIDE_CAR_INTO_PORT:+--port="$SIDE_CAR_INTO_PORT"} ${SIDE_CAR_INTO_USER:+--user="$SIDE_CAR_INTO_USER"} \
    ${SIDE_CAR_INTO_SOCKET:+--socket="$SIDE_CAR_INTO_SOCKET"} ${SIDE_CAR_INTO_SSL_CA:+--ssl-ca="$SIDE_CAR_INTO_SSL_CA"} $options
)"#
        )
    };
}

/// For the engine of this name.
pub(super) fn secret_line(engine: &str) -> &'static str {
    match engine {
        "mysql" => secret!("mysql"),
        _ => secret!("mariadb"),
    }
}
