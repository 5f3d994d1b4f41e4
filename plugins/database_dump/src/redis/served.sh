set -e; umask 077
marker=sidecar_new_$SIDE_CAR_ID hint=sidecar:loading own=$SIDE_CAR_WORKDIR/sidecar_redis_$SIDE_CAR_ID pairs='' servers='' placed='' functions_are=''
mkdir "$own"; cd "$own"
# However this ends, no database is left half loaded; where the target cannot be asked, the next restore sees to it.
leave() {
  status=$? tidied=no; trap - EXIT
  ! tidy || tidied=yes
  kill $servers 2>/dev/null || :; wait
  if [ "$tidied" = yes ]; then cd /; rm -rf "$own"; else rm -f dump.rdb old.rdb batch functions; fi
  exit "$status"
}
tidy() {
  [ -z "$placed" ] || ! has_functions || target function flush >/dev/null || return 1
  for pair in $pairs; do
    case $(target -n "${pair#*:}" --raw exists "$marker") in
      0) ;;
      1) target -n "${pair#*:}" flushdb async >/dev/null || return 1 ;;
      *) return 1 ;;
    esac
  done
}
trap leave EXIT; trap 'exit 143' TERM INT
# A server of our own: its socket, its file, its databases, each of which costs it memory.
serve() {
  "$program" --port 0 --unixsocket "$1" --unixsocketperm 700 --dir . --dbfilename "$2" --save '' --appendonly no \
    --databases "$3" >log 2>&1 & server=$!
  until [ "$(at "$1" ping 2>/dev/null)" = PONG ]; do kill -0 "$server" 2>/dev/null || return 1; sleep 0.05; done
  servers="$servers $server"
}
at() { (unset REDISCLI_AUTH; socket=$1; shift; redis-cli -s "$socket" "$@"); }
# Where the server's package is missing, the tool that checks snapshots is the same program by another name.
program=redis-server
if ! command -v redis-server >/dev/null; then
  check=$(command -v redis-check-rdb) || { echo 'neither redis-server nor redis-check-rdb is installed: one of them has to read the snapshot' >&2; exit 1; }
  ln -s "$check" redis-server; program=./redis-server
fi
serve_file() { serve "$1" "$2" 1024 || serve "$1" "$2" 1048576 || { cat log >&2; exit 1; }; }
field() { tr -d '\r' <"$1" | sed -n "s/^$2://p"; }
in_use() { tr -d '\r' <"$1" | sed -n 's/^db\([0-9]*\):.*/\1/p' | tr '\n' ' '; }
# Keys without and with an end of their life.
counts() { tr -d '\r' <"$1" | sed -n "s/^db$2:keys=\([0-9]*\),expires=\([0-9]*\).*/\1 \2/p" | { read -r all ending || :; echo "$((${all:-0} - ${ending:-0})) ${ending:-0}"; }; }
libraries() { case $(field "$1" number_of_libraries) in '' | 0) return 1 ;; esac; }
ln "$SIDE_CAR_TEMP_DUMP" dump.rdb 2>/dev/null || cp "$SIDE_CAR_TEMP_DUMP" dump.rdb
serve_file s dump.rdb
at s info >backup
target --raw info >target
databases=$(in_use backup)
has() { [ "$(target --raw select "$1")" = OK ]; }
last=0 beyond=1
while has "$beyond"; do last=$beyond beyond=$((beyond * 2)); done
while [ $((beyond - last)) -gt 1 ]; do
  middle=$(((last + beyond) / 2))
  if has "$middle"; then last=$middle; else beyond=$middle; fi
done
for db in $databases; do
  [ "$db" -le "$last" ] || { echo "the target has no database $db: start it with more (databases in redis.conf)" >&2; exit 1; }
done
# Prints the commands that a script makes of each key of a database, a thousand at a time: names and values are bytes with a length.
walk() {
  cursor=0
  while :; do
    at "$1" -n "$2" -e --raw eval "local found = redis.call('SCAN', ARGV[1], 'COUNT', 1000) local out = {}
      for _, key in ipairs(found[2]) do $3 end
      return found[1] .. '\n' .. table.concat(out)" 0 "$cursor" >batch || return 1
    read -r cursor <batch || return 1
    tail -n +2 batch || return 1
    [ "$cursor" != 0 ] || return 0
  done
}
adding='local words, flags = "*5", "$6\r\nABSTTL\r\n"' replacing='local words, flags = "*6", "$7\r\nREPLACE\r\n$6\r\nABSTTL\r\n"'
keys='
  local value, at = redis.call("DUMP", key), redis.pcall("PEXPIRETIME", key)
  if type(at) == "table" then
    local now, left = redis.call("TIME"), redis.call("PTTL", key)
    at = left > 0 and now[1] * 1000 + math.floor(now[2] / 1000) + left or 0
  end
  at = string.format("%.0f", math.max(at, 0))
  if value then out[#out + 1] = words .. "\r\n$7\r\nRESTORE\r\n$" .. #key .. "\r\n" .. key .. "\r\n$" .. #at .. "\r\n" .. at
    .. "\r\n$" .. #value .. "\r\n" .. value .. "\r\n" .. flags end'
removals='out[#out + 1] = "*2\r\n$3\r\nDEL\r\n$" .. #key .. "\r\n" .. key .. "\r\n"'
# Sends what a function prints over one connection. The first errors say enough: then it ends.
send() {
  client=$1; shift; rm -f failed
  { "$@" || : >failed; } | { "$client" --pipe --pipe-timeout 0 2>&1 >/dev/null || : >failed; } | head -n 5 >&2
  [ ! -e failed ]
}
resp() { printf '*%d\r\n' "$#"; for word; do printf '$%d\r\n%s\r\n' "${#word}" "$word"; done; }
# Of what `FUNCTION LIST` answers, in whichever order.
digest() { LC_ALL=C sort | sha1sum | cut -c 1-40; }
digests() {
  have=$(target --raw function list withcode 2>&1 | digest) make=''
  ! libraries backup || make=$(at s --raw function list withcode | digest)
  functions_are="have=$have make=$make"
}
[ "$SIDE_CAR_MODE" != drill ] || digests
judged() { target --raw eval "$script" 0 judge "$SIDE_CAR_MODE" "$SIDE_CAR_ID" $functions_are $pairs 2>&1; }
# A transaction that leaves what there was says whether the target would take the functions.
try_functions() {
  libraries backup || libraries target || return 0
  at s --raw function dump | head -c -1 >functions
  # What has come into a server that had none stays: then these are added, and taken away again if it comes to nothing.
  if [ "$SIDE_CAR_MODE" = empty ]; then send target functions && placed=yes || exit 1; return; fi
  said=$(printf 'MULTI\nFUNCTION RESTORE %s FLUSH\nFUNCTION RESTORE %s FLUSH\nEXEC\n' \
    "$(at s --no-raw function dump)" "$(target --no-raw function dump)" | target --raw)
  case $(echo $said) in 'OK QUEUED QUEUED OK OK') ;; *) echo "the target does not take the functions: $said" >&2; exit 1 ;; esac
}
functions() {
  [ -e functions ] || return 0
  printf '*4\r\n$8\r\nFUNCTION\r\n$7\r\nRESTORE\r\n$%s\r\n' "$(($(wc -c <functions)))"
  cat functions
  case $SIDE_CAR_MODE in empty) printf '\r\n$6\r\nAPPEND\r\n' ;; *) printf '\r\n$5\r\nFLUSH\r\n' ;; esac
}
has_functions() { target --raw function dump | head -c -1 | cmp -s - functions; }
took_functions() {
  [ ! -e functions ] || has_functions || { echo 'the functions of the target are not those of the backup' >&2; exit 1; }
}
# As safe as the server keeps what it has: a crash now would bring back what was there.
persist() { case $(target --raw config get save 2>/dev/null) in save*[0-9]*) target bgsave schedule >/dev/null || : ;; esac; }
max=$(field target maxmemory) used=$(field target used_memory) policy=$(field target maxmemory_policy)
size=$(($(field backup used_memory) - $(field backup used_memory_startup)))
[ "$policy" = noeviction ] || size=$((size + size / 8))
fits() { [ "${max:-0}" = 0 ] || [ "$(($1))" -le "$max" ]; }
evicted() { target --raw info stats >stats; field stats evicted_keys; }
before=$(evicted)
none_evicted() { [ "$(evicted)" = "$before" ] || { echo "the target evicts keys ($policy): it has too little memory" >&2; exit 1; }; }
