# What differs from run to run: ids, times that no test sets, durations, ports.
s/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/<id>/g
s/127\.0\.0\.1:[0-9]+/127.0.0.1:<port>/g
s/20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]+\.[0-9]+Z/<time>/g
s/\b[0-9.]+ ?(ms|µs|s)\b/<duration>/g
s/([a-z_]*(_ms|duration_seconds)) =? ?[0-9.]+/\1 = <n>/
/ \| date: /d
/"message":"the time is what SIDECAR_TEST_CLOCK says/d
# From version to version: the component, the digest of a manifest that has it, where in the code a line of the log comes
# from, and how long an answer is that is compared itself.
s/(module_sha256 = |strategy\.sha256 = |module +sha256:)"?[0-9a-f]{64}"?/\1<component>/
s/(manifest_sha256 = )"[0-9a-f]{64}"/\1<sha256>/
s/,"target":"[a-z_:]+"//
/^(GET|without a token).* \| content-length: /d
# The keys of a strategy, which may be more than they were.
/ \| \.module\.config_schema\./d
# From machine to machine.
s#/(usr/)?bin/bash#<bash>#g
# Whose a store is, and what a drill calls its folder, is drawn by lot.
s/\b[0-9a-f]{32}\b/<owner>/g
s/lease-drill-[0-9a-f]{8}/lease-drill-<owner>/g
s/sidecar_drill_[0-9a-z]{10}/sidecar_drill_<id>/g
# When a client has it, which may be after it was asked; what leases and verdicts say is of processes, and read by `upgrade`.
/\.delivered_at = /d
/^[^|]*\.sidecar\/(lease|owner|verdicts)[^|]*\.json \| /d
# What is told only of a run that takes long here, and how wide a column is.
/"message":"backing up for /d
s/ +<duration> +/ <duration> /g
