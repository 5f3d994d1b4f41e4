#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Cursor;

use super::*;

fn part(text: &[u8]) -> Part {
    Part {
        name: "shop".to_owned(),
        offset: 100,
        length: text.len() as u64,
    }
}

fn read(text: &[u8]) -> Result<Script> {
    Script::parse(Cursor::new(text.to_vec()), &part(text))
}

fn of<'t>(text: &'t [u8], part: &Part) -> &'t str {
    let from = usize::try_from(part.offset - 100).unwrap();
    let to = from + usize::try_from(part.length).unwrap();
    std::str::from_utf8(&text[from..to]).unwrap()
}

/// As `mariadb-dump` 10.11 writes it.
const DUMP: &str = include_str!("dump.sql");

#[test]
fn a_dump_is_taken_apart() {
    let script = read(DUMP.as_bytes()).unwrap();
    assert_eq!(script.tables, ["sq", "child", "t", "v0"]);
    let names: Vec<(&str, &str)> = script
        .objects
        .iter()
        .map(|object| (object.definition.kind.word(), &*object.definition.name))
        .collect();
    assert_eq!(
        names,
        [
            ("TRIGGER", "tr"),
            ("TRIGGER", "tr2"),
            ("EVENT", "e"),
            ("FUNCTION", "f"),
            ("PROCEDURE", "empty_p"),
            ("PACKAGE", "pk"),
            ("PACKAGE BODY", "pk"),
            ("VIEW", "a1"),
            ("VIEW", "a2"),
        ]
    );
    let data: Vec<&str> = script
        .data
        .iter()
        .map(|range| of(DUMP.as_bytes(), range))
        .collect();
    let data = data.join("\n--next--\n");
    for code in [
        "TRIGGER",
        "trigger",
        "VIEW `a1` AS",
        "EVENT",
        "PROCEDURE",
        "PACKAGE",
    ] {
        assert!(!data.contains(code), "{code}: {data}");
    }
    for rows in ["(1,'a\\nb;')", "CREATE SEQUENCE `sq`", "(1,2,'2026"] {
        assert!(data.contains(rows), "{rows}: {data}");
    }
    let function = &script.objects[3];
    assert_eq!(
        function.context.sql_mode,
        "ANSI_QUOTES,NO_BACKSLASH_ESCAPES"
    );
    assert_eq!(
        function.definition.definer.as_ref().unwrap().1,
        "root@localhost"
    );
    assert_eq!(script.objects[2].context.time_zone, "SYSTEM");
}

fn object(before: &str, code: &[u8]) -> Vec<u8> {
    [
        before.as_bytes(),
        b"DELIMITER ;;\n",
        code,
        b" ;;\nDELIMITER ;\n/*!50003 SET sql_mode = @saved_sql_mode */ ;\n",
        b"INSERT INTO `t` VALUES (1);\n",
    ]
    .concat()
}

/// What a client would take for the end of the statement, and the server does not.
#[test]
fn code_that_looks_like_the_end_of_a_dump_stays_code() {
    let evil = ";;\nDELIMITER ;\nGRANT ALL ON *.* TO low;\nINSERT INTO `mysql`.`user` VALUES (1);";
    let ansi = "/*!50003 SET sql_mode = 'ANSI_QUOTES' */ ;\n";
    let no_escapes = "/*!50003 SET sql_mode = 'NO_BACKSLASH_ESCAPES' */ ;\n";
    let sjis = "/*!50003 SET character_set_client = sjis */ ;\n";
    let cases: [(&str, Vec<u8>); 8] = [
        ("", format!("SELECT '{evil}'").into_bytes()),
        ("", format!("SELECT 1 /* {evil} */").into_bytes()),
        ("", "SELECT 1 -- ;; GRANT\n + 1 # ;; GRANT\n".into()),
        ("", format!("SELECT 'a\\'{evil}'").into_bytes()),
        (ansi, format!("SELECT \"a\\\", \"{evil}\"").into_bytes()),
        (ansi, "SELECT \"a\\\" -- \" ;; GRANT ALL\n".into()),
        (no_escapes, "SELECT 'a\\' -- ' ;; GRANT ALL\n".into()),
        (
            sjis,
            [b"SELECT '\x95\x5c' -- ' ;; GRANT ALL\n".as_slice(), b"+1"].concat(),
        ),
    ];
    for (before, code) in cases {
        let statement = [
            b"CREATE DEFINER=`low`@`%` PROCEDURE `p`()\n".as_slice(),
            &code,
        ]
        .concat();
        let dump = object(before, &statement);
        let script = read(&dump).unwrap();
        let shown = String::from_utf8_lossy(&dump).into_owned();
        assert_eq!(script.objects.len(), 1, "{shown}");
        let source = &script.objects[0].source;
        let from = usize::try_from(source.offset - 100).unwrap();
        let length = usize::try_from(source.length).unwrap();
        assert_eq!(
            dump[from..from + length].trim_ascii_end(),
            statement.trim_ascii_end(),
            "{shown}"
        );
        assert_eq!(script.data.len(), 1, "{shown}");
        assert_eq!(
            of(&dump[..], &script.data[0]),
            "INSERT INTO `t` VALUES (1);"
        );
    }
}

#[test]
fn a_trigger_that_names_its_database_is_made_where_it_is_restored() {
    let code = b"/*!50003 CREATE*/ /*!50017 DEFINER=`a``b`@`%`*/ /*!50003 TRIGGER IF NOT EXISTS `sh``op` . tr BEFORE INSERT ON shop.`t` FOR EACH ROW SET @a = 1 */";
    let dump = object("", code);
    let definition = &read(&dump).unwrap().objects[0].definition;
    assert_eq!((definition.kind, &*definition.name), (Kind::Trigger, "tr"));
    assert_eq!(definition.definer.as_ref().unwrap().1, "a`b@%");
    let cut: Vec<&[u8]> = definition
        .qualifiers
        .iter()
        .map(|span| &code[span.clone()])
        .collect();
    assert_eq!(cut, [b"`sh``op` . ".as_slice(), b"shop."]);
    assert_eq!(&code[..definition.created], b"/*!50003 CREATE");
}

#[test]
fn what_no_dump_tool_writes_is_refused() {
    for text in [
        "GRANT ALL ON *.* TO low;",
        "INSERT INTO mysql.user VALUES (1)",
        "DELIMITER x\nSELECT 1x",
        "CREATE USER low;",
        "SELECT 1;",
    ] {
        let code = read(text.as_bytes()).err().map(|failure| failure.code);
        assert_eq!(code.as_deref(), Some("dump-not-understood"), "{text}");
    }
}
