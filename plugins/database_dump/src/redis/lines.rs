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
pub(super) const KEYSPACE: &str = connected!(" --raw info keyspace");
pub(super) const DUMP: &str = connected!(" --rdb -");
/// Starts a server of its own from the snapshot, on a socket that nobody else reaches, has it say
/// every key as the command that makes it, a thousand at a time, and gives these to the target. What is there goes only once the snapshot is
/// known to be good.
pub(super) const RESTORE: &str = concat!(
    r#"set -e; dir=$(mktemp -d -p "$SIDE_CAR_WORKDIR"); cd "$dir"
trap 'kill "$server" 2>/dev/null || :; wait; rm -rf "$dir"' EXIT
ln "$SIDE_CAR_TEMP_DUMP" dump.rdb 2>/dev/null || cp "$SIDE_CAR_TEMP_DUMP" dump.rdb
redis-server --port 0 --unixsocket "$PWD/s" --unixsocketperm 700 --dir "$PWD" --dbfilename dump.rdb --save '' --appendonly no >log 2>&1 & server=$!
there() { "#,
    connected!(r#" "$@""#),
    r#"; }
here() { (unset REDISCLI_AUTH; redis-cli -s s "$@"); }
until [ "$(here ping 2>/dev/null)" = PONG ]; do kill -0 "$server" 2>/dev/null || { cat log >&2; exit 1; }; sleep 0.05; done
[ -z "$SIDE_CAR_REPLACE" ] || printf 'FLUSHALL\nFUNCTION FLUSH\n' | there >/dev/null
commands='local out = {}
for _, key in ipairs(redis.call("SCAN", ARGV[1], "COUNT", 1000)[2]) do
  local value, at = redis.call("DUMP", key), redis.pcall("PEXPIRETIME", key)
  if type(at) == "table" then
    local now, left = redis.call("TIME"), redis.call("PTTL", key)
    at = left > 0 and now[1] * 1000 + math.floor(now[2] / 1000) + left or 0
  end
  at = string.format("%.0f", math.max(at, 0))
  if value then out[#out + 1] = "*6\r\n$7\r\nRESTORE\r\n$" .. #key .. "\r\n" .. key .. "\r\n$" .. #at .. "\r\n" .. at
    .. "\r\n$" .. #value .. "\r\n" .. value .. "\r\n$7\r\nREPLACE\r\n$6\r\nABSTTL\r\n" end
end
return table.concat(out)'
databases=$(here info keyspace | sed -n 's/^db\([0-9]*\):.*/\1/p')
for db in $databases; do
  echo "SELECT $db"
  cursor=0
  while :; do
    here -n "$db" --raw eval "$commands" 0 "$cursor"
    cursor=$(here -n "$db" --raw eval 'return redis.call("SCAN", ARGV[1], "COUNT", 1000)[1]' 0 "$cursor")
    [ "$cursor" != 0 ] || break
  done
done | there --pipe
if here function list 2>/dev/null | grep -q library_name; then
  here --raw function dump | head -c -1 | there -e -x function restore
fi"#
);
