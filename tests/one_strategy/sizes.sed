# What depends on the version of a server and its clients: how large a dump is.
s/\b[0-9a-f]{64}\b/<sha256>/g
s/ +[0-9.]+ (KiB|B)\b/ <size>/g
s/\([0-9]+ bytes\)/(<size>)/
s/[0-9]+ bytes, /<size>, /
s/(\.(raw_)?size|\.length|\.offset|\.bytes|length:|x-size:|size_bytes) =? ?[0-9]+/\1 = <size>/
s/(\.parts\[[0-9]+\]\.version|\.tools\.[a-z_]+|\.server[a-z_]*) = .*/\1 = <version>/
