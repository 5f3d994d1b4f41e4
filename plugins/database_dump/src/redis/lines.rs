//! Every line that a backup or a restore runs. What varies is in their environment; the password is
//! in `REDISCLI_AUTH`.

/// The client, connected.
macro_rules! connected {
    ($options:literal) => {
        concat!(
            r#"redis-cli ${SIDE_CAR_HOST:+-h "$SIDE_CAR_HOST"} ${SIDE_CAR_PORT:+-p "$SIDE_CAR_PORT"}"#,
            r#" ${SIDE_CAR_USER:+--user "$SIDE_CAR_USER"} ${SIDE_CAR_SOCKET:+-s "$SIDE_CAR_SOCKET"}"#,
            r#" ${SIDE_CAR_TLS:+--tls} ${SIDE_CAR_CACERT:+--cacert "$SIDE_CAR_CACERT"} --no-auth-warning"#,
            $options
        )
    };
}

pub(super) const VERSION: &str = "redis-cli --version";
pub(super) const SERVER: &str = connected!(" --raw info server");
pub(super) const DUMP: &str = connected!(" --rdb -");
