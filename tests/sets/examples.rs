//! `config/examples/nextcloud.yaml`, run whole: a server, files, and an `occ` that is called.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::harness::{Postgres, Sidecar, repository};

/// Puts Nextcloud into maintenance and out of it, as far as a backup sees.
const OCC: &str = "#!/bin/sh\n[ \"$1\" = maintenance:mode ] && echo \"$2\" >> \"$(dirname \"$0\")/maintenance\"\n";

#[test]
fn the_nextcloud_of_the_examples_comes_back() {
    let postgres = Postgres::start();
    postgres.sql("postgres", "CREATE DATABASE nextcloud");
    postgres.sql(
        "nextcloud",
        "CREATE TABLE oc_users (uid text); INSERT INTO oc_users VALUES ('alice')",
    );
    let text = fs::read_to_string(repository().join("config/examples/nextcloud.yaml")).unwrap();
    let sidecar = Sidecar::new().config_text(&text);
    let folder = sidecar.folder().to_owned();
    let nextcloud = folder.join("nextcloud");
    for (name, text) in [
        ("data/alice/files/a b.txt", "hers"),
        ("data/alice/cache/x", "no"),
        ("config/config.php", "<?php"),
    ] {
        let path = nextcloud.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let occ = nextcloud.join("occ");
    fs::write(&occ, OCC).unwrap();
    fs::set_permissions(&occ, fs::Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(folder.join("backups")).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let sidecar = sidecar
        .env("LISTEN", "127.0.0.1")
        .env("BACKUP_API_TOKEN", "a-token-of-nextcloud")
        .env("DATABASE_URL", &postgres.url("nextcloud"))
        .env("DATABASE_PASSWORD", postgres.password())
        .env("OCC", &path("nextcloud/occ"))
        .env("NEXTCLOUD_DIR", &path("nextcloud"))
        .env("STATE", &path("state"))
        .env("BACKUPS", &path("backups"));
    sidecar.check().succeeds();
    sidecar.backup().succeeds().never_says(postgres.password());
    let maintenance = fs::read_to_string(nextcloud.join("maintenance")).unwrap();
    assert_eq!(maintenance, "--on\n--off\n");

    postgres.sql("postgres", "DROP DATABASE nextcloud");
    fs::remove_dir_all(nextcloud.join("data")).unwrap();
    fs::remove_dir_all(nextcloud.join("config")).unwrap();
    sidecar
        .run(&["restore", "latest", "--set", "--replace"])
        .succeeds();
    assert_eq!(
        postgres.sql("nextcloud", "SELECT uid FROM oc_users").stdout,
        "alice\n"
    );
    assert_eq!(
        fs::read_to_string(nextcloud.join("data/alice/files/a b.txt")).unwrap(),
        "hers"
    );
    assert!(
        nextcloud.join("config/config.php").exists()
            && !nextcloud.join("data/alice/cache/x").exists()
    );
}
