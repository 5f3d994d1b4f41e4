//! What flows in and out.

use std::io::Read;

use sha2::{Digest, Sha256};

use super::*;

/// What a command makes of so many zeros on its standard input.
fn fed(line: &str, zeros: u64) -> Result<String> {
    let (mut input, mut output) = (std::io::repeat(0).take(zeros), Capture::new(64 << 20));
    feed(
        line,
        Stdin::From(&mut input),
        Stdout::Into(&mut output),
        &Cancel::new(),
    )?;
    Ok(String::from_utf8(output.into_bytes()).unwrap())
}

#[test]
fn a_command_reads_what_it_is_fed_to_the_end() {
    assert_eq!(fed("wc -c", 10_000_000).unwrap().trim(), "10000000");
    assert_eq!(fed("cat", 0).unwrap(), "");
    // Neither end waits for the other, however much is on its way.
    assert_eq!(fed("cat", 20_000_000).unwrap().len(), 20_000_000);
}

#[test]
fn a_command_that_has_read_enough_is_not_fed_on() {
    assert_eq!(fed("head -c 3 | wc -c", u64::MAX).unwrap().trim(), "3");
    assert_eq!(fed("true", u64::MAX).unwrap(), "");
    assert_eq!(fed("exec <&-; echo closed", u64::MAX).unwrap(), "closed\n");
    assert_eq!(
        fed("exit 3", u64::MAX).unwrap_err().code(),
        "command-failed"
    );
}

#[test]
fn what_cannot_be_read_fails_the_command() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    let error = feed("cat", Stdin::From(&mut Broken), Stdout::Log, &Cancel::new()).unwrap_err();
    assert!(error.message().contains("the disk is gone"), "{error}");
}

#[test]
fn both_streams_flow_however_much_comes() {
    struct Hash(Sha256, Vec<u8>);
    impl Sink for Hash {
        fn room(&mut self) -> Result<&mut Vec<u8>> {
            if self.1.len() == self.1.capacity() {
                self.flush()?;
            }
            Ok(&mut self.1)
        }
        fn flush(&mut self) -> Result<()> {
            self.0.update(&self.1);
            self.1.clear();
            Ok(())
        }
    }
    // 64 MiB that no two blocks of are the same, with more on stderr than a pipe holds in between.
    let bytes = "openssl enc -aes-128-ctr -nosalt -K 00 -iv 00 -in /dev/zero 2>/dev/null | head -c 33554432";
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("bytes");
    std::fs::write(&file, capture_bytes(bytes)).unwrap();
    let file = file.display();
    let mut sink = Hash(Sha256::new(), Vec::with_capacity(100_000));
    let line = format!("cat {file}; head -c 1000000 /dev/zero | tr '\\0' x >&2; cat {file}");
    let finished = run(&line, Stdout::Into(&mut sink), &Cancel::new()).unwrap();
    sink.flush().unwrap();

    let whole = std::fs::read(directory.path().join("bytes")).unwrap();
    assert_eq!(
        (whole.len(), finished.stdout_bytes),
        (33_554_432, 67_108_864)
    );
    let expected = Sha256::new()
        .chain_update(&whole)
        .chain_update(&whole)
        .finalize();
    assert_eq!(sink.0.finalize(), expected);
    assert!(finished.stderr_tail.starts_with("xxx") && finished.stderr_tail.len() <= 4096);
}

#[test]
fn a_full_buffer_is_not_the_end() {
    struct FullSink(Vec<u8>, Vec<u8>);
    impl Sink for FullSink {
        fn room(&mut self) -> Result<&mut Vec<u8>> {
            Ok(&mut self.0)
        }
        fn flush(&mut self) -> Result<()> {
            self.1.append(&mut self.0);
            Ok(())
        }
    }
    let mut sink = FullSink(b"before".to_vec(), Vec::new());
    sink.0.shrink_to_fit();
    run("echo after", Stdout::Into(&mut sink), &Cancel::new()).unwrap();
    sink.flush().unwrap();
    assert_eq!(sink.1, b"beforeafter\n");
}

/// The stdout of a command that a SIGPIPE may end.
fn capture_bytes(line: &str) -> Vec<u8> {
    let mut capture = Capture::new(1 << 30);
    run(
        &format!("{line} || true"),
        Stdout::Into(&mut capture),
        &Cancel::new(),
    )
    .unwrap();
    capture.into_bytes()
}

#[test]
fn more_than_may_be_captured_is_a_failure() {
    let _exclusive = exclusive();
    let mut capture = Capture::new(1000);
    let error = run("yes", Stdout::Into(&mut capture), &Cancel::new()).unwrap_err();
    assert_eq!(error.code(), "output-too-large");
    let mut capture = Capture::new(5);
    run("printf 12345", Stdout::Into(&mut capture), &Cancel::new()).unwrap();
    assert_eq!(capture.into_bytes(), b"12345");
    let mut capture = Capture::new(4);
    run("printf 12345", Stdout::Into(&mut capture), &Cancel::new()).unwrap_err();
}

#[test]
fn an_error_of_the_sink_ends_the_command() {
    let _exclusive = exclusive();
    let mut ids = Vec::new();
    let mut sink = OnOutput(Vec::new(), |text: &str| {
        ids.push(text.trim().parse::<i32>().unwrap());
        Err(Error::run("disk-full", "no space"))
    });
    let error = run(
        "echo $$; sleep 1000",
        Stdout::Into(&mut sink),
        &Cancel::new(),
    )
    .unwrap_err();
    assert_eq!(error.code(), "disk-full");
    assert_gone(&ids);
}
