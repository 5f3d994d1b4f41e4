//! Every command line that a backup or a restore runs. What varies is in the environment; the
//! password is in `REDISCLI_AUTH`.

/// The client with its connection options.
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

/// A script that speaks with the target, and has what it runs inside of it.
macro_rules! scripted {
    ($($script:expr),+) => {
        concat!(
            "target() { ",
            connected!(r#" "$@""#),
            "; }\nscript='",
            include_str!("swap.lua"),
            "'\n",
            $($script),+
        )
    };
}

pub(super) const VERSION: &str = "redis-cli --version";
pub(super) const SERVER: &str = connected!(" --raw info server");
pub(super) const REPLICATION: &str = connected!(" --raw info replication");
/// Prints "free" if drills have filled the server, or "taken", a database that they have not, and how many keys it has.
pub(super) const DRILLED: &str = scripted!(
    r#"have=$(target --raw function list withcode 2>&1 | LC_ALL=C sort | sha1sum | cut -c 1-40)
target --raw eval "$script" 0 judge drill x "have=$have""#
);
/// Prints the databases that restores have left half loaded, and the restores' ids.
pub(super) const LEFTOVERS: &str = concat!(
    "target() { ",
    connected!(r#" "$@""#),
    "; }\n",
    include_str!("leftovers.sh")
);
pub(super) const CLUSTER: &str = connected!(" --raw cluster info");
pub(super) const INFO: &str = connected!(" --raw info");
pub(super) const ACL_USERS: &str = connected!(" --raw acl users");
/// Asks for a snapshot where the server refuses one to anybody, after it has looked at the account's rights:
/// behind another answer that was not sent yet.
pub(super) const MAY_SYNC: &str = concat!(
    r"printf 'PING\r\nSYNC\r\n' | { ",
    connected!(" --pipe --pipe-timeout 1"),
    r" 2>&1 || :; }"
);
/// Prints the snapshot while a second program reads it from a FIFO and checks it, with its checksum: Redis's
/// own, or where it is not installed, one that knows only how a snapshot begins and ends: with 0xff and eight bytes, which redis-cli leaves forty
/// more behind.
pub(super) const DUMP: &str = concat!(
    r#"set -e; dir=$(mktemp -d -p "$SIDE_CAR_WORKDIR"); trap 'rm -rf "$dir"' EXIT; mkfifo "$dir/rdb"
ends() {
  exec <"$1"; begin=$(dd bs=1 count=9 2>/dev/null | tr -d '\0'); end=$(tail -c 49 | od -An -v -tx1 | tr -d ' \n' | cut -c1-2,81-82)
  case $begin:$end in REDIS????:ff*|REDIS????:*ff|VALKEY???:ff*|VALKEY???:*ff) ;; *) echo 'the snapshot is cut off or no snapshot'; return 1 ;; esac
}
if command -v redis-check-rdb >/dev/null; then check=redis-check-rdb; else check=ends; fi
"$check" "$dir/rdb" >"$dir/log" 2>&1 & checking=$!
"#,
    connected!(" --rdb -"),
    r#" | tee "$dir/rdb" || { kill "$checking" 2>/dev/null || cat "$dir/log" >&2; exit 1; }
wait "$checking" || { cat "$dir/log" >&2; exit 1; }"#
);
/// A script that speaks with the target, from files.
macro_rules! with_target {
    ($($script:literal),+) => { scripted!($(include_str!($script)),+) };
}

/// Loads the snapshot into databases of the target that are empty, and compares; then one transaction
/// swaps them with those in use, and drops what these had.
pub(super) const BESIDE: &str = with_target!("served.sh", "beside.sh");
/// Overwrites what the target has, of which it first keeps a snapshot. It never runs `FLUSHALL`, which would also empty the server's
/// file.
pub(super) const IN_PLACE: &str = with_target!("served.sh", "in_place.sh");
/// Removes what restores have left that were killed: databases that bear the mark which their folder names.
pub(super) const TIDY: &str = with_target!("tidy.sh");
