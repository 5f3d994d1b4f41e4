# What depends on the version of a server and its clients: how large a dump is.
s/\b[0-9a-f]{64}\b/<sha256>/g
s/\b[0-9.]+ (bytes|[KMG]iB|B)\b/<size>/g
