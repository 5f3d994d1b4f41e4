for db in $(target --raw info keyspace | tr -d '\r' | sed -n 's/^db\([0-9]*\):.*/\1/p'); do
  id=$(target -n "$db" --raw get sidecar:loading 2>/dev/null)
  case $id in
    *[!a-z0-9]*) ;;
    ??????????) [ "$(target -n "$db" --raw exists "sidecar_new_$id" 2>/dev/null)" != 1 ] || echo "$db $id" ;;
  esac
done
