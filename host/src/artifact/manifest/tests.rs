#![allow(clippy::unwrap_used, reason = "a test may panic")]
use super::*;

mod properties;

const PUBLISHED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../config/manifest.schema.json"
);

pub(crate) fn manifest() -> Manifest {
    let digest = |digit: &str| Sha256::parse(digit.repeat(64)).unwrap();
    Manifest {
        version: VERSION,
        id: "0199".to_owned(),
        tier: Tier::Daily,
        started_at: "2023-12-01T03:00:00Z".parse().unwrap(),
        finished_at: "2023-12-01T03:00:07Z".parse().unwrap(),
        strategy: MadeBy {
            name: "database_dump".to_owned(),
            sha256: digest("a"),
        },
        tools: BTreeMap::from([("pg_dump".to_owned(), "16.4".to_owned())]),
        sidecar: "0.1.0".to_owned(),
        lease: None,
        artifact: Contents {
            filename: "backup.dump".to_owned(),
            format: "postgres-custom".to_owned(),
            content_type: "application/octet-stream".to_owned(),
            size: 4,
            sha256: digest("b"),
            raw_size: 9,
            raw_sha256: digest("c"),
            compression: Codec::Zst,
            encryption: Some(Encrypted::Age {
                recipients: vec!["age1…".to_owned()],
            }),
            repository: None,
        },
        parts: vec![Part {
            name: "app1".to_owned(),
            offset: 0,
            length: 9,
            sha256: Some(digest("d")),
        }],
        omissions: vec![Omission::new(
            "trigger shop.tr",
            "not-allowed",
            "the account may not see it",
        )],
        seq: Some(17),
        spaced: None,
        owner: None,
        members: Vec::new(),
    }
}

#[test]
fn what_was_written_is_read_and_fits_the_schema() {
    let text = manifest().to_json();
    assert_eq!(Manifest::from_json(&text).unwrap(), manifest());
    let value: serde_json::Value = serde_json::from_slice(&text).unwrap();
    let validator = jsonschema::validator_for(&schema()).unwrap();
    validator.validate(&value).unwrap();
}

#[test]
fn a_backup_is_the_same_in_every_store_and_tier() {
    let copy = Manifest {
        tier: Tier::Monthly,
        lease: Some(3),
        seq: None,
        spaced: Some(false),
        owner: Some("0a".to_owned()),
        ..manifest()
    };
    assert_eq!(copy.identity(), manifest().identity());
    let other = Manifest {
        sidecar: "0.2.0".to_owned(),
        ..manifest()
    };
    assert_ne!(other.identity(), manifest().identity());
}

#[test]
fn fields_of_a_later_sidecar_are_ignored_and_a_later_version_is_refused() {
    let mut value = serde_json::to_value(manifest()).unwrap();
    value["colour"] = "green".into();
    assert_eq!(
        Manifest::from_json(value.to_string().as_bytes()).unwrap(),
        manifest()
    );
    value["manifest_version"] = 3.into();
    let error = Manifest::from_json(value.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.code(), "newer-manifest");
    let altered = String::from_utf8(manifest().to_json()).unwrap();
    let altered = altered.replace("backup.dump", "other.dump");
    let error = Manifest::from_json(altered.as_bytes()).unwrap_err();
    assert_eq!(error.code(), "damaged-manifest");
    let error = Manifest::from_json(b"{\"manifest_version\": 1, \"id\": 3").unwrap_err();
    assert_eq!(error.code(), "damaged-manifest");
}

#[test]
fn what_lies_in_a_repository_is_version_2_and_the_same_backup() {
    let of_one = manifest();
    let stored = InRepository {
        id: "1".repeat(64),
        snapshot: "2".repeat(64),
        tree: "3".repeat(64),
        path: "/database_dump".to_owned(),
        files: None,
    };
    let raw_size = of_one.artifact.raw_size;
    let in_repository = of_one.in_repository(stored, raw_size, 2);
    let read = Manifest::from_json(&in_repository.to_json()).unwrap();
    assert_eq!(read, in_repository);
    assert_eq!((read.version, read.artifact.size), (2, 2));
    assert_eq!(read.artifact.stored_size(), of_one.artifact.raw_size);
    let mut plain = of_one.clone();
    plain.artifact.size = plain.artifact.raw_size;
    assert_eq!(read.identity(), plain.identity());
}

#[test]
fn a_tree_of_files_is_known_by_its_id() {
    let stored = InRepository {
        id: "1".repeat(64),
        snapshot: "2".repeat(64),
        tree: "3".repeat(64),
        path: "/file_archive".to_owned(),
        files: Some(FilesInTree {
            entries: 3,
            count: 2,
            bytes: 700,
            unchanged: 1,
        }),
    };
    let in_repository = manifest().in_repository(stored, 4096, 20);
    let read = Manifest::from_json(&in_repository.to_json()).unwrap();
    assert_eq!(read, in_repository);
    let artifact = &read.artifact;
    assert_eq!((artifact.size, artifact.stored_size()), (20, 4096));
    assert_eq!(artifact.sha256.as_str(), "3".repeat(64));
    assert_eq!(artifact.raw_sha256, artifact.sha256);
    assert_eq!(artifact.files().unwrap().count, 2);
    assert!(artifact.is_intact(&manifest().artifact.sha256));
}

#[test]
fn what_could_not_be_read_back_is_refused() {
    let mut manifest = manifest();
    let part = |number: usize| Part {
        name: format!("{number:06}\"{}", "n".repeat(900)),
        offset: u64::MAX,
        length: u64::MAX,
        sha256: manifest.parts[0].sha256.clone(),
    };
    let parts: Vec<Part> = (0..20_000).map(part).collect();
    let reserved: usize = parts.iter().map(|part| part_size(&part.name)).sum();
    manifest.fits().unwrap();
    let without = manifest.to_json().len();
    manifest.parts = parts;
    assert!(
        reserved + without > manifest.to_json().len(),
        "no part is larger than was reserved"
    );
    assert_eq!(manifest.fits().unwrap_err().code(), "manifest-too-large");
    manifest.parts.truncate(14_000);
    // Of no bytes: they lie in the artifact.
    for part in &mut manifest.parts {
        (part.offset, part.length) = (0, 0);
    }
    manifest.fits().unwrap();
    assert_eq!(Manifest::from_json(&manifest.to_json()).unwrap(), manifest);
}

/// `UPDATE_GOLDEN=1` writes it anew.
#[test]
fn the_published_schema_is_up_to_date() {
    let current = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(PUBLISHED, &current).unwrap();
    }
    let published = std::fs::read_to_string(PUBLISHED).unwrap_or_default();
    assert_eq!(published, current, "UPDATE_GOLDEN=1 writes it anew");
}

#[test]
fn an_id_that_would_lead_elsewhere_is_none() {
    let member = |id: &str| SetMember {
        strategy: "db".to_owned(),
        id: id.to_owned(),
        manifest_sha256: Sha256::parse("a".repeat(64)).unwrap(),
    };
    let long = "a".repeat(65);
    for id in [
        "https://evil.example/",
        "javascript:x",
        "..",
        "a/b",
        "a.b",
        "",
        long.as_str(),
    ] {
        let of_member = Manifest {
            members: vec![member(id)],
            ..manifest()
        };
        let own = Manifest {
            id: id.to_owned(),
            ..manifest()
        };
        for written in [of_member, own] {
            let error = Manifest::from_json(&written.to_json()).unwrap_err();
            assert_eq!(error.code(), "damaged-manifest", "{id}");
        }
    }
    let good = Manifest {
        members: vec![member("019b0e8c-7a31-7e0f-8d5e-3f6f0e5f2a11")],
        ..manifest()
    };
    assert_eq!(Manifest::from_json(&good.to_json()).unwrap(), good);
}
