old=$SIDE_CAR_WORKDIR/sidecar_old_$SIDE_CAR_ID.rdb occupied=$(in_use target)
fits "$size" || { echo "no-memory 0 $size $max"; exit 0; }
try_functions
if [ -n "$SIDE_CAR_REPLACE" ]; then
  target --rdb "$old" >log 2>&1 || { cat log >&2; rm -f "$old"; exit 1; }
  ln "$old" old.rdb 2>/dev/null || cp "$old" old.rdb
  serve_file o old.rdb
  sync "$old" 2>/dev/null || sync
  echo "what the target has now is kept in $old" >&2
fi
said=$(judged)
[ "$said" = free ] || { [ -z "$SIDE_CAR_REPLACE" ] || rm -f "$old"; echo "$said"; exit 0; }
how=$replacing; [ "$SIDE_CAR_MODE" != empty ] || how=$adding
old() { at o "$@"; }
whole() {
  echo MULTI
  # Nothing takes a transaction back: what has come until this moment stays, and is told.
  [ "$SIDE_CAR_MODE" != empty ] || resp eval "$script" 0 record empty "$SIDE_CAR_ID"
  for db in $occupied; do printf 'SELECT %s\nFLUSHDB\n' "$db"; done
  load && { [ -n "$placed" ] || functions; } && echo EXEC
}
load() { for db in $databases; do echo "SELECT $db"; walk s "$db" "$how $keys" || return 1; done; }
names() { for db in $databases; do echo "SELECT $db"; walk s "$db" "$removals" || return 1; done; }
rest() { for db in $occupied; do echo "SELECT $db"; walk o "$db" "$removals" || return 1; done; }
# One transaction, which the server holds back until it has all of it, where it can hold it: otherwise key by key.
if [ "$(field target cluster_enabled)" != 1 ] && fits "$used + 2 * $(wc -c <dump.rdb)"; then
  send target whole || { rm -f "$old"; exit 1; }
else
  send target load && { [ -z "$SIDE_CAR_REPLACE" ] || { send old names && send target rest; }; } && { [ -n "$placed" ] || send target functions; } ||
    { echo "the target is a mixture now${SIDE_CAR_REPLACE:+; what it had is in $old}" >&2; exit 1; }
fi
if [ "$SIDE_CAR_MODE" = empty ] && [ "$(target --raw exists "$marker")" = 1 ]; then
  target del "$marker" >/dev/null
  echo 'keys have come into the target since the restore began: they stay, and the keys of the backup with other names are there too' >&2; exit 1
fi
target --raw info >target
for db in $databases; do
  counts backup "$db" >wanted; read -r stay end <wanted
  counts target "$db" >found; read -r stays ends <found
  [ "$stays" -ge "$stay" ] || { echo "database $db has $stays keys of $stay${SIDE_CAR_REPLACE:+; what there was is in $old}" >&2; exit 1; }
done
[ "$SIDE_CAR_MODE" != drill ] || target --raw eval "$script" 0 note drill "$SIDE_CAR_ID" $functions_are >/dev/null
placed=''; took_functions; none_evicted; persist
[ "$SIDE_CAR_MODE" != drill ] || { rm -f "$old"; SIDE_CAR_REPLACE=''; }
echo "in-place${SIDE_CAR_REPLACE:+ $old}"
