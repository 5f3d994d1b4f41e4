//! POSIX ACLs: from the form that Linux stores to the text that tar archives hold, and back.

/// The version at the beginning of the stored form.
const VERSION: u32 = 2;
/// The id of entries for an owner, the mask and the others.
const NO_ID: u32 = u32::MAX;

const USER_OWNER: u16 = 0x01;
const USER: u16 = 0x02;
const GROUP_OWNER: u16 = 0x04;
const GROUP: u16 = 0x08;
const MASK: u16 = 0x10;
const OTHER: u16 = 0x20;

/// An entry a line, with numbers for users and groups. None for anything but an ACL.
pub(crate) fn to_text(stored: &[u8]) -> Option<String> {
    let (version, entries) = stored.split_first_chunk::<4>()?;
    if u32::from_le_bytes(*version) != VERSION || entries.len() % 8 != 0 {
        return None;
    }
    let mut lines = Vec::new();
    for entry in entries.chunks_exact(8) {
        let [tag, permissions] =
            [[entry[0], entry[1]], [entry[2], entry[3]]].map(u16::from_le_bytes);
        let id = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
        let (word, id) = match tag {
            USER_OWNER => ("user", String::new()),
            USER => ("user", id.to_string()),
            GROUP_OWNER => ("group", String::new()),
            GROUP => ("group", id.to_string()),
            MASK => ("mask", String::new()),
            OTHER => ("other", String::new()),
            _ => return None,
        };
        if permissions > 0o7 {
            return None;
        }
        let letter = |bit: u16, letter: char| if permissions & bit != 0 { letter } else { '-' };
        let (r, w, x) = (letter(4, 'r'), letter(2, 'w'), letter(1, 'x'));
        lines.push(format!("{word}:{id}:{r}{w}{x}"));
    }
    Some(lines.join("\n"))
}

/// The stored form. None if a user or a group has only a name, or if it is no ACL.
pub(crate) fn from_text(text: &str) -> Option<Vec<u8>> {
    let mut entries = Vec::new();
    for line in text.split([',', '\n']) {
        // What follows # says which permissions the mask leaves.
        let line = line.split('#').next().unwrap_or_default().trim();
        if !line.is_empty() {
            entries.push(entry(line)?);
        }
    }
    // Linux refuses an ACL in another order.
    entries.sort_unstable();
    let mut stored = VERSION.to_le_bytes().to_vec();
    for (tag, id, permissions) in &entries {
        stored.extend(tag.to_le_bytes());
        stored.extend(permissions.to_le_bytes());
        stored.extend(id.to_le_bytes());
    }
    (!entries.is_empty()).then_some(stored)
}

/// Tag, id, permissions of "user:7:r-x", or of bsdtar's "user:name:r-x:7".
fn entry(line: &str) -> Option<(u16, u32, u16)> {
    let mut fields = line.split(':').map(str::trim);
    let (word, name, letters) = (fields.next()?, fields.next()?, fields.next()?);
    let id = match (name, fields.next()) {
        ("", _) => NO_ID,
        (_, Some(number)) => number.parse().ok()?,
        (number, None) => number.parse().ok()?,
    };
    let tag = match (word, id) {
        ("user" | "u", NO_ID) => USER_OWNER,
        ("user" | "u", _) => USER,
        ("group" | "g", NO_ID) => GROUP_OWNER,
        ("group" | "g", _) => GROUP,
        ("mask" | "m", _) => MASK,
        ("other" | "o", _) => OTHER,
        _ => return None,
    };
    let mut permissions = 0;
    for letter in letters.chars() {
        permissions |= match letter {
            'r' => 4,
            'w' => 2,
            'x' => 1,
            '-' => 0,
            _ => return None,
        };
    }
    Some((tag, id, permissions))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn the_text_says_all_that_is_stored() {
        let text = "user::rwx\nuser:7:r--\nuser:65534:rw-\ngroup::r-x\ngroup:3000000000:--x\nmask::rwx\nother::---";
        let stored = from_text(text).unwrap();
        assert_eq!(stored.len(), 4 + 7 * 8);
        assert_eq!(to_text(&stored).unwrap(), text);
    }

    #[test]
    fn the_text_of_other_tars_is_read() {
        let ours = from_text("user::rw-\nuser:65534:rw-\ngroup::r--\nmask::rw-\nother::r--");
        for theirs in [
            "user::rw-,user:65534:rw-,group::r--,mask::rw-,other::r--",
            "user::rw-\ngroup::r--\nother::r--\nuser:nobody:rw-:65534\nmask::rw-\n",
            "u::rw-,g::r--,o::r--,u:65534:rw-\t#effective:r--,m::rw-",
        ] {
            assert_eq!(from_text(theirs), ours, "{theirs}");
        }
        for none in ["", "user:nobody:rw-", "user::rwz", "rubbish", "user:1"] {
            assert_eq!(from_text(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_no_acl_has_no_text() {
        for stored in [
            &b""[..],
            b"\x01\0\0\0",
            b"\x02\0\0\0\x01",
            b"\x02\0\0\0\x40\0\x07\0\0\0\0\0",
        ] {
            assert_eq!(to_text(stored), None);
        }
    }
}
