//! JSON pointers (RFC 6901) name values inside; operators read `stores[0].bucket`.

/// The pointer of `key` (or of an index) below `pointer`.
pub(in crate::config) fn child(pointer: &str, key: impl std::fmt::Display) -> String {
    let key = key.to_string().replace('~', "~0").replace('/', "~1");
    format!("{pointer}/{key}")
}

/// The pointer of what holds it; the root is its own parent.
pub(in crate::config) fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// The keys on the way, unescaped.
pub(in crate::config) fn keys(pointer: &str) -> impl Iterator<Item = String> {
    pointer
        .split('/')
        .skip(1)
        .map(|key| key.replace("~1", "/").replace("~0", "~"))
}

/// As the operator writes it: `strategy.artifact.compression`, `stores[0].bucket`.
pub(in crate::config) fn dotted(pointer: &str) -> String {
    let mut text = String::new();
    for key in keys(pointer) {
        if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit()) {
            text.push_str(&format!("[{key}]"));
        } else {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(&key);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_an_operator_writes_it() {
        assert_eq!(
            dotted("/strategy/artifact/level"),
            "strategy.artifact.level"
        );
        assert_eq!(dotted("/stores/0/bucket"), "stores[0].bucket");
        assert_eq!(dotted(&child("/modules", "a/b~c")), "modules.a/b~c");
        assert_eq!(dotted(""), "");
    }
}
