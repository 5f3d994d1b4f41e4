//! POSIX ACLs as text, which GNU tar and bsdtar read.

/// The version at the beginning of what Linux stores.
const VERSION: u32 = 2;

/// An entry a line, with numbers for users and groups. None for anything but an ACL.
pub(super) fn to_text(stored: &[u8]) -> Option<String> {
    let (version, entries) = stored.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*version) != VERSION || entries.len() % 8 != 0 {
        return None;
    }
    let lines: Option<Vec<String>> = entries.chunks_exact(8).map(line).collect();
    Some(lines?.join("\n"))
}

fn line(entry: &[u8]) -> Option<String> {
    let tag = u16::from_le_bytes([entry[0], entry[1]]);
    let permissions = u16::from_le_bytes([entry[2], entry[3]]);
    let id = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
    let (word, id) = match tag {
        0x01 => ("user", String::new()),
        0x02 => ("user", id.to_string()),
        0x04 => ("group", String::new()),
        0x08 => ("group", id.to_string()),
        0x10 => ("mask", String::new()),
        0x20 => ("other", String::new()),
        _ => return None,
    };
    let letter = |bit: u16, letter: char| if permissions & bit != 0 { letter } else { '-' };
    let (r, w, x) = (letter(4, 'r'), letter(2, 'w'), letter(1, 'x'));
    (permissions <= 0o7).then(|| format!("{word}:{id}:{r}{w}{x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acl_is_text_and_anything_else_is_not() {
        let entry = |tag: u16, permissions: u16, id: u32| {
            let mut bytes = tag.to_le_bytes().to_vec();
            bytes.extend(permissions.to_le_bytes());
            bytes.extend(id.to_le_bytes());
            bytes
        };
        let mut stored = VERSION.to_le_bytes().to_vec();
        stored.extend(entry(0x01, 6, u32::MAX));
        stored.extend(entry(0x02, 5, 7));
        stored.extend(entry(0x20, 0, u32::MAX));
        let text = to_text(&stored);
        assert_eq!(text.as_deref(), Some("user::rw-\nuser:7:r-x\nother::---"));
        assert_eq!(to_text(b"note"), None);
        assert_eq!(to_text(b""), None);
    }
}
