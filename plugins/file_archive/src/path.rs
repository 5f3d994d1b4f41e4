//! Paths: absolute, named in the archive, and displayed.

/// `path` from `base`, absolute, without "." and doubled slashes.
pub(crate) fn absolute(base: &str, path: &str) -> String {
    let joined = if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{base}/{path}")
    };
    let parts: Vec<&str> = joined
        .split('/')
        .filter(|part| !matches!(*part, "" | "."))
        .collect();
    format!("/{}", parts.join("/"))
}

/// Whether a path contains `..`, whose target cannot be known without reading the disk.
pub(crate) fn has_parent(path: &str) -> bool {
    path.split('/').any(|part| part == "..")
}

/// The last component.
pub(crate) fn file_name(path: &[u8]) -> &[u8] {
    path.rsplit(|byte| *byte == b'/').next().unwrap_or_default()
}

/// `directory` and `name` joined.
pub(crate) fn join(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let directory = directory.strip_suffix(b"/").unwrap_or(directory);
    [directory, b"/", name].concat()
}

/// The name in the archive: relative to `base`; outside it the whole path without its first slash.
pub(crate) fn archive_name<'a>(base: &[u8], path: &'a [u8]) -> &'a [u8] {
    let base = base.strip_suffix(b"/").unwrap_or(base);
    let name = match path.strip_prefix(base) {
        Some(rest) if rest.is_empty() || rest[0] == b'/' => rest,
        _ => path,
    };
    match name.strip_prefix(b"/").unwrap_or(name) {
        b"" => b".",
        name => name,
    }
}

/// A path as text for messages.
pub(crate) fn display(path: &[u8]) -> String {
    path.escape_ascii().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makes_paths_absolute() {
        for (path, expected) in [
            ("x/*.txt", "/base/x/*.txt"),
            (".", "/base"),
            ("./x//y/", "/base/x/y"),
            ("/abs/./x", "/abs/x"),
        ] {
            assert_eq!(absolute("/base", path), expected);
        }
    }

    #[test]
    fn names_relative_to_the_base() {
        for (base, path, expected) in [
            ("/base", "/base/x/y", "x/y"),
            ("/base", "/base", "."),
            ("/base", "/based/x", "based/x"),
            ("/base", "/other/x", "other/x"),
            ("/", "/x", "x"),
        ] {
            assert_eq!(
                archive_name(base.as_bytes(), path.as_bytes()),
                expected.as_bytes()
            );
        }
    }

    #[test]
    fn joins_at_the_root() {
        assert_eq!(join(b"/", b"x"), b"/x");
        assert_eq!(join(b"/a", b"x"), b"/a/x");
    }
}
