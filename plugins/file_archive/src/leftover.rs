//! What a restore that was killed leaves beside the files that it replaces, until the next run tidies up.

/// The beginnings of their names; the rest says which restore made them.
const BEGINNINGS: [&[u8]; 2] = [b".sidecar-new-", b".sidecar-part-"];
const ID_LENGTH: usize = 10;
/// What earlier versions left: a UUID follows.
const EARLIER: &[u8] = b".sidecar-";

/// Whether it is one, by its name.
pub(crate) fn is_leftover(name: &[u8]) -> bool {
    let ids = BEGINNINGS
        .iter()
        .filter_map(|start| name.strip_prefix(*start));
    let is_id = |byte: &u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    ids.into_iter()
        .any(|id| id.len() == ID_LENGTH && id.iter().all(is_id))
        || name
            .strip_prefix(EARLIER)
            .is_some_and(|id| id.len() == 32 && id.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_with_the_id_of_a_restore() {
        assert!(is_leftover(b".sidecar-new-0123456789"));
        assert!(is_leftover(b".sidecar-part-abcdefghij"));
        assert!(is_leftover(b".sidecar-0199a1b2c3d4e5f60718293a4b5c6d7e"));
        for name in [
            &b".sidecar-new-"[..],
            b".sidecar-new-notes",
            b".sidecar-new-0123456789.txt",
            b".sidecar",
            b"sidecar-new-0123456789",
        ] {
            assert!(!is_leftover(name));
        }
    }
}
