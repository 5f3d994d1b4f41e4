//! Every command line that a backup or a restore runs. What varies is in the environment.

/// Of the tool.
pub(super) const VERSION: &str = "sqlite3 --version";
/// Runs SQL and the tool's own commands. No file in the user's home changes what they do.
pub(super) const QUERY: &str =
    r#"printf '%s\n' "$SIDE_CAR_SQL" | sqlite3 -batch -bail -init /dev/null "$SIDE_CAR_DATABASE""#;
/// Runs SQL that reads, in the tool's safe mode if it has one: whatever the file has in its schema reaches no
/// other file and no program.
pub(super) const READ: &str = r#"safe=-safe; sqlite3 -safe :memory: 'SELECT 1' >/dev/null 2>&1 || safe=''
printf '%s\n' "$SIDE_CAR_SQL" | sqlite3 $safe -batch -bail -init /dev/null "$SIDE_CAR_DATABASE""#;

/// What is at the place of the target: a word a line.
pub(super) const PLACE: &str = r#"f=$(readlink -f -- "$SIDE_CAR_FILE") && [ -d "${f%/*}/" ] || { echo "there is no folder for $SIDE_CAR_FILE" >&2; exit 1; }
set -- $(stat -f -c '%a %S' "${f%/*}/"); echo "free $(($1 * $2))"
for log in wal journal; do [ ! -e "$f-$log" ] && [ ! -L "$f-$log" ] || echo "log -$log"; done
[ -e "$f" ] || exit 0
[ -f "$f" ] || { echo "$SIDE_CAR_FILE is no file" >&2; exit 1; }
echo "size $(stat -c %s "$f")"
[ "$(head -c 15 "$f" | tr -d '\0')" = 'SQLite format 3' ] || exit 0
set -- $(od -An -tu1 -j16 -N3 "$f"); page=$(($1 * 256 + $2))
[ "$page" != 1 ] || page=65536
echo "page $page"
[ "$3" != 2 ] || echo wal-mode"#;

/// Writes the laid-out part beside the target, compares and syncs it, and gives it its name, if nothing has taken that meanwhile.
pub(super) const LAND: &str = r#"set -e; f=$(readlink -f -- "$SIDE_CAR_FILE"); folder=${f%/*}/
own=$SIDE_CAR_WORKDIR/sidecar_sqlite_$SIDE_CAR_ID new=$folder.sidecar_new_$SIDE_CAR_ID
trap 'rm -rf "$new" "$own"' EXIT; trap 'exit 143' TERM INT
mkdir -m 700 "$own"; printf %s "$new" >"$own/beside"
cat "$SIDE_CAR_TEMP_DUMP" >"$new"; cmp "$SIDE_CAR_TEMP_DUMP" "$new"; sync "$new" 2>/dev/null || sync
for log in wal journal; do [ ! -e "$f-$log" ] || { echo "there is $f-$log now" >&2; exit 1; }; done
[ -z "$SIDE_CAR_DRILL" ] || printf 'made %s\n' "$(stat -c '%i:%.9W' -- "$new")" >"$f.sidecar_drill"
ln -T "$new" "$f" 2>/dev/null || [ -e "$f" ] || mv -nT "$new" "$f"
cmp -s "$SIDE_CAR_TEMP_DUMP" "$f" || { echo "there is another $f now" >&2; exit 1; }
rm -f "$new"; sync "$folder" 2>/dev/null || sync"#;

/// Writes the laid-out part with another page size.
pub(super) const CONVERT: &str = r#"set -e; own=$SIDE_CAR_WORKDIR/sidecar_sqlite_$SIDE_CAR_ID
mkdir -m 700 "$own"; cd "$own"; printf '%s\n' "$SIDE_CAR_SQL" | sqlite3 -batch -bail -init /dev/null "$SIDE_CAR_DATABASE""#;

/// Removes what this restore needs no more, and what others have left that were killed.
pub(super) const TIDY: &str = r#"for own in "$SIDE_CAR_WORKDIR"/sidecar_sqlite_??????????; do
  [ -d "$own" ] && [ ! -L "$own" ] || continue
  beside=$(cat "$own/beside" 2>/dev/null && echo .) || beside=.
  case $beside in */.sidecar_new_"${own##*_}".) rm -f -- "${beside%.}" ;; esac
  rm -rf "$own"
done"#;
