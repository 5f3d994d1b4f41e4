# What differs from run to run: ids, times that no test sets, durations, ports.
s/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/<id>/g
s/127\.0\.0\.1:[0-9]+/127.0.0.1:<port>/g
s/20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]+\.[0-9]+Z/<time>/g
s/\b[0-9.]+ ?(ms|µs|s)\b/<duration>/g
s/([a-z_]*_ms) = [0-9]+/\1 = <n>/
