for own in "$SIDE_CAR_WORKDIR"/sidecar_redis_??????????; do
  [ -d "$own" ] && [ ! -L "$own" ] || continue
  marker=sidecar_new_${own##*_}
  if [ -e "$own/databases" ]; then
    # Another server's are left to a restore of that one.
    [ "$(cat "$own/at")" = "$SIDE_CAR_HOST $SIDE_CAR_PORT $SIDE_CAR_SOCKET" ] || { rm -f "$own/dump.rdb" "$own/batch"; continue; }
    while IFS=: read -r db spare; do
      case $(target -n "$spare" --raw exists "$marker" </dev/null) in
        0) ;;
        1) echo "removing from database $spare what an earlier restore has left" >&2; target -n "$spare" flushdb async >/dev/null </dev/null ;;
        *) exit 1 ;;
      esac
    done <"$own/databases"
  fi
  rm -rf "$own"
done
