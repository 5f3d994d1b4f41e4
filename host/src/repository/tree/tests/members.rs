use crate::repository::tree::members::Members;
use crate::repository::tree::tar_member::{MemberKind, TarMember, padded};
use rustic_core::repofile::{Metadata, Node, NodeType};

const PLAIN: TarMember<'_> = TarMember {
    name: b"a",
    kind: MemberKind::File,
    link: b"",
    size: 0,
    mode: 0o644,
    uid: 0,
    gid: 0,
    mtime: (1, 0),
    attributes: Vec::new(),
};

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_ustar_can_hold_takes_one_block() {
    let headers = PLAIN.headers();
    assert_eq!(headers.len(), 512);
    assert_eq!(&headers[257..265], b"ustar\x0000");
    let sum = headers.iter().map(|byte| u64::from(*byte)).sum::<u64>();
    let counted = headers[148..156].iter().map(|byte| u64::from(*byte));
    let sum = sum - counted.sum::<u64>() + 8 * u64::from(b' ');
    assert_eq!(&headers[148..155], format!("{sum:07o}").as_bytes());
    assert_eq!(
        (padded(0), padded(1), padded(512), padded(513)),
        (0, 512, 512, 1024)
    );
}

#[test]
fn what_ustar_cannot_hold_is_a_record() {
    for (member, record) in [
        (
            TarMember {
                mtime: (1, 250_000_000),
                ..PLAIN
            },
            "14 mtime=1.25\n",
        ),
        (
            TarMember {
                mtime: (-1, -500_000_000),
                ..PLAIN
            },
            "14 mtime=-1.5\n",
        ),
        (
            TarMember {
                size: 8 << 30,
                ..PLAIN
            },
            "19 size=8589934592\n",
        ),
        (
            TarMember {
                uid: 1 << 21,
                ..PLAIN
            },
            "15 uid=2097152\n",
        ),
    ] {
        let headers = text(&member.headers()[512..]);
        assert!(headers.starts_with(record), "{headers:?}");
    }
    let long = [b"n".repeat(150), "é".repeat(80).into_bytes()];
    let [plain, odd] = long.map(|name| {
        text(
            &TarMember {
                name: &name,
                ..PLAIN
            }
            .headers(),
        )
    });
    assert!(plain.contains("path=nnn"));
    assert!(odd.contains("././@LongLink"));
}

#[test]
fn attributes_are_records_and_acls_are_text() {
    let acl = [&[2, 0, 0, 0][..], &[1, 0, 6, 0, 255, 255, 255, 255]].concat();
    let attributes = [
        ("user.a=b%3Dc", &b""[..]),
        ("system.posix_acl_access", &acl),
        ("system.posix_acl_default", b"none"),
    ];
    let member = TarMember {
        attributes: attributes.to_vec(),
        ..PLAIN
    };
    let records = text(&member.headers());
    for record in [
        "SCHILY.xattr.user.a%3Db%253Dc=\n",
        "SCHILY.acl.access=user::rw-\n",
        "SCHILY.xattr.system.posix_acl_default=none\n",
    ] {
        assert!(records.contains(record), "{record}: {records}");
    }
}

#[test]
fn a_name_of_the_same_file_is_a_link_and_a_made_up_directory_is_nothing() {
    let node = |inode, size| {
        let meta = Metadata {
            inode,
            size,
            links: 2,
            ..Metadata::default()
        };
        Node::new_node("x".as_ref(), NodeType::File, meta)
    };
    let mut members = Members::default();
    let mut size = |name: &str, node: &Node| {
        let member = members.of(name.as_bytes(), node);
        member.map(|member| (member.content, member.headers[156]))
    };
    assert_eq!(size("a", &node(7, 700)), Some((700, b'0')));
    assert_eq!(size("b", &node(7, 700)), Some((0, b'1')));
    // The number was used again.
    assert_eq!(size("c", &node(7, 3)), Some((3, b'0')));
    let made_up = Node::new_node("d".as_ref(), NodeType::Dir, Metadata::default());
    assert_eq!(size("d", &made_up), None);
}
