//! What the host compresses and encrypts, the stock tools read; and they notice a byte that is missing.

use crate::harness::{Sidecar, Terminal, age_key, sh, through};

/// Text and noise, larger than any block of any codec.
const DUMP: &str = "seq 1 900000; head -c 4000000 /dev/urandom | tee \"$SIDE_CAR_WORKDIR/noise\"";

/// The artifact must come back as the dump through `tool`, and not at all without its last byte.
fn comes_back_through(sidecar: &Sidecar, tool: &str) {
    let artifact = sidecar.artifact().unwrap();
    let mut dump = sh("seq 1 900000").stdout.into_bytes();
    dump.extend(std::fs::read(sidecar.workdir().join("noise")).unwrap());
    let (good, bytes) = through(tool, &artifact);
    assert!(good, "{tool} refuses the artifact");
    assert!(
        bytes == dump,
        "{tool} gives {} bytes back, not the dump",
        bytes.len()
    );
    let cut = &artifact[..artifact.len() - 1];
    assert!(
        !through(tool, cut).0,
        "{tool} does not notice the missing byte"
    );

    sidecar.run(&["verify"]).succeeds();
    let published = sidecar.artifacts().join("backup.dat");
    std::fs::remove_file(&published).unwrap();
    sidecar
        .run(&["verify"])
        .exits(4)
        .stderr_contains("no longer at");
    std::fs::write(&published, cut).unwrap();
    sidecar
        .run(&["verify"])
        .exits(4)
        .stderr_contains("is not what was written");
}

fn compressed(codec: &str) -> Sidecar {
    let sidecar = Sidecar::new()
        .command(DUMP)
        .capture()
        .set("strategy.artifact.compression", codec);
    sidecar.backup().succeeds();
    sidecar
}

#[test]
fn gunzip_reads_gz() {
    comes_back_through(&compressed("gz"), "gunzip");
}

#[test]
fn bunzip2_reads_bz2() {
    comes_back_through(&compressed("bz2"), "bunzip2");
}

#[test]
fn xz_reads_xz() {
    comes_back_through(&compressed("xz"), "xz --decompress");
}

#[test]
fn zstd_reads_zst() {
    comes_back_through(&compressed("zst"), "zstd --decompress --stdout");
}

#[test]
fn a_higher_level_takes_less_room() {
    let size = |level: u32| {
        let sidecar = Sidecar::new()
            .command("seq 1 900000")
            .capture()
            .set("strategy.artifact.compression", "gz")
            .set("strategy.artifact.level", level);
        sidecar.backup().succeeds();
        sidecar.artifact().unwrap().len()
    };
    let (fast, small) = (size(1), size(9));
    assert!(
        small < fast,
        "level 9 makes {small} bytes of what level 1 makes {fast}"
    );
}

#[test]
fn age_decrypts_what_was_encrypted_to_any_of_its_keys() {
    let keys = tempfile::tempdir().unwrap();
    let key = |name: &str| age_key(&keys.path().join(name));
    let (one, two) = (key("one"), key("two"));
    let sidecar = Sidecar::new()
        .command(DUMP)
        .capture()
        .set("strategy.artifact.compression", "zst")
        .set(
            "strategy.artifact.encryption.age.recipients",
            vec![one, two],
        );
    for name in ["one", "two"] {
        sidecar.backup().succeeds();
        let file = keys.path().join(name);
        let tool = format!(
            "bash -o pipefail -c 'age --decrypt -i {} | zstd --decompress --stdout'",
            file.display()
        );
        comes_back_through(&sidecar, &tool);
    }
    // Made anew: each look above ended with a damaged file.
    sidecar.backup().succeeds();
    key("stranger");
    let tool = format!(
        "age --decrypt -i {}",
        keys.path().join("stranger").display()
    );
    assert!(
        !through(&tool, &sidecar.artifact().unwrap()).0,
        "a stranger's key decrypts"
    );
}

#[test]
fn age_decrypts_with_the_passphrase_that_it_asks_for() {
    let sidecar = Sidecar::new().command(DUMP).capture().set(
        "strategy.artifact.encryption.age.passphrase",
        "correct horse battery staple",
    );
    sidecar.backup().succeeds();
    let terminal = Terminal::in_folder(sidecar.folder());
    let wrong = terminal.answers("correct horse battery", "age --decrypt");
    assert!(!through(&wrong, &sidecar.artifact().unwrap()).0);
    let shown = terminal.shown();
    assert!(shown.contains("incorrect passphrase"), "{shown}");
    let right = terminal.answers("correct horse battery staple", "age --decrypt");
    comes_back_through(&sidecar, &right);
}

#[test]
fn a_key_that_is_none_is_refused_before_the_run() {
    Sidecar::new()
        .command("echo dump")
        .capture()
        .set(
            "strategy.artifact.encryption.age.recipients",
            vec!["age1notakey"],
        )
        .backup()
        .exits(3)
        .stderr_contains("encryption.age.recipients[0]");
}
