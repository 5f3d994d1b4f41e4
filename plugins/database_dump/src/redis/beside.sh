fits "$used + $size" || { echo "no-memory $used $size $max"; exit 0; }
spare=$last taken=" $databases $(in_use target) "
for db in $databases; do
  while case $taken in *" $spare "*) true ;; *) false ;; esac; do spare=$((spare - 1)); done
  [ "$spare" -ge 0 ] || { pairs=''; echo no-spare; exit 0; }
  pairs="$pairs $db:$spare" spare=$((spare - 1))
done
try_functions
printf %s "$SIDE_CAR_HOST $SIDE_CAR_PORT $SIDE_CAR_SOCKET" >at; [ -z "$pairs" ] || printf '%s\n' $pairs >databases
load() { echo "SELECT $2"; walk s "$1" "$replacing $keys"; }
for pair in $pairs; do
  db=${pair%:*} to=${pair#*:}
  reserved="it was empty and has $(target -n "$to" --raw dbsize) keys"
  case $reserved in *' 0 keys') reserved=$(target -n "$to" --raw msetnx "$marker" 'a sidecar loads a backup here' "$hint" "$SIDE_CAR_ID" 2>&1) || : ;; esac
  [ "$reserved" = 1 ] || { echo "the database $to of the target cannot be used: $reserved" >&2; exit 1; }
  send target load "$db" "$to" || exit 1
done
target --raw info >target
for pair in $pairs; do
  # The marker and the hint, which the backup may have too.
  case $(at s -n "${pair%:*}" exists "$hint") in 0) more=2 ;; *) more=1 ;; esac
  counts backup "${pair%:*}" | { read -r stay end; echo "$((stay + more)) $end"; } >wanted
  counts target "${pair#*:}" >found
  read -r stay end <wanted; read -r stays ends <found
  [ "$stay" = "$stays" ] && [ "$ends" -le "$end" ] || { echo "of database ${pair%:*}, $stays keys have arrived, and not $stay" >&2; exit 1; }
done
none_evicted
swap() { resp eval "$script" 0 swap "$SIDE_CAR_MODE" "$SIDE_CAR_ID" $functions_are $pairs; }
all() { echo MULTI; swap; functions || return 1; echo EXEC; }
said=$(judged)
[ "$said" = free ] || [ -n "$pairs" ] || { echo "$said"; exit 0; }
# Functions come in the same moment where anything may be replaced: a transaction is no condition for them.
if [ "$SIDE_CAR_MODE" = any ]; then send target all || exit 1; else send target swap || exit 1; fi
said=swapped; [ -z "$pairs" ] || said=$(target -n "$to" --raw get "$marker")
case $said in
  swapped) ;;
  taken*) echo "$said"; exit 0 ;;
  *) echo 'a loaded database was changed by another client: nothing was swapped' >&2; exit 1 ;;
esac
pairs=${pairs##* } placed=''
[ ! -e functions ] || [ "$SIDE_CAR_MODE" != drill ] || send target functions || exit 1
took_functions; persist
echo swapped
