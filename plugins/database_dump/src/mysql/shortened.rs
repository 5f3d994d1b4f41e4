//! Lists in messages.

/// As much of a list as a message can hold.
pub(super) fn shortened(list: &str) -> String {
    const SHOWN: usize = 300;
    match list.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &list[..end]),
        None => list.to_owned(),
    }
}
