#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Cursor;
use std::process::Command;

use flate2::read::DeflateDecoder;

use super::super::tests::{mixed, noise};
use super::*;

fn inflated(method: EntryMethod, bytes: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    match method {
        EntryMethod::Stored => data.extend(bytes),
        EntryMethod::Deflated => {
            let mut decoder = DeflateDecoder::new(bytes);
            decoder.read_to_end(&mut data).unwrap();
            assert_eq!(
                decoder.total_in(),
                bytes.len() as u64,
                "bytes after the stream's end"
            );
        }
    }
    data
}

fn prepared(deflater: &Deflater, data: &[u8], level: u32) -> DeflatedBytes {
    let file = Cursor::new(data.to_vec());
    deflater
        .prepare(file, data.len() as u64, level)
        .expect("room")
        .wait()
        .unwrap()
}

#[test]
fn small_files_come_back() {
    let deflater = Deflater::new().unwrap();
    for data in [
        vec![],
        vec![7],
        mixed(100),
        noise(5000, 1),
        mixed(WHOLE as usize),
    ] {
        for level in 0..=9 {
            let DeflatedBytes { facts, bytes, .. } = prepared(&deflater, &data, level);
            assert!(
                inflated(facts.method, &bytes) == data,
                "{} bytes at level {level}",
                data.len()
            );
            assert_eq!(facts.crc32, libdeflater::crc32(&data));
            assert_eq!(facts.length, data.len() as u64);
            assert_eq!(facts.from_file, data.len() as u64);
            assert_eq!(facts.compressed_length, bytes.len() as u64);
            assert!(bytes.len() <= data.len());
        }
    }
}

#[test]
fn what_deflate_does_not_make_smaller_is_stored() {
    let deflater = Deflater::new().unwrap();
    assert_eq!(
        prepared(&deflater, &noise(5000, 1), 6).facts.method,
        EntryMethod::Stored
    );
    assert_eq!(
        prepared(&deflater, &mixed(200_000), 6).facts.method,
        EntryMethod::Deflated
    );
    assert_eq!(
        prepared(&deflater, &mixed(200_000), 0).facts.method,
        EntryMethod::Stored
    );
}

#[test]
fn large_files_come_back_in_one_stream() {
    let deflater = Deflater::new().unwrap();
    let block = 512 << 10;
    for length in [0, 1, block - 1, block, block + 1, 5 * block, 9 << 20] {
        for (level, data) in [
            (0, mixed(length)),
            (1, noise(length, 2)),
            (1, mixed(length)),
            (6, mixed(length)),
        ] {
            let mut out = Vec::new();
            let facts = deflater
                .stream(&data[..], length as u64, level, &mut out)
                .unwrap();
            assert!(
                inflated(facts.method, &out) == data,
                "{length} bytes at level {level}"
            );
            assert_eq!(facts.crc32, libdeflater::crc32(&data));
            assert_eq!(facts.compressed_length, out.len() as u64);
            assert_eq!(
                (facts.length, facts.from_file),
                (length as u64, length as u64)
            );
        }
    }
}

#[test]
fn a_file_that_shrank_is_filled_with_zeros() {
    let deflater = Deflater::new().unwrap();
    let data = mixed(1 << 20);
    let length = data.len() as u64 + 1000;
    let mut filled = data.clone();
    filled.resize(length as usize, 0);

    let whole = deflater
        .prepare(Cursor::new(data.clone()), length, 6)
        .unwrap()
        .wait()
        .unwrap();
    assert!(inflated(whole.facts.method, &whole.bytes) == filled);
    assert_eq!(whole.facts.from_file, data.len() as u64);

    let mut out = Vec::new();
    let facts = deflater.stream(&data[..], length, 6, &mut out).unwrap();
    assert!(inflated(facts.method, &out) == filled);
    assert_eq!((facts.length, facts.from_file), (length, data.len() as u64));
    assert_eq!(facts.crc32, whole.facts.crc32);
}

#[test]
fn there_is_room_for_so_much_and_again_when_it_was_taken() {
    let deflater = Deflater::new().unwrap();
    let prepare = || deflater.prepare(Cursor::new(vec![0; 1 << 20]), 1 << 20, 6);
    let held: Vec<_> = std::iter::from_fn(prepare).collect();
    assert_eq!(held.len(), 32.min(4 * (1 + threads::cores())));
    let finished: Vec<_> = held
        .into_iter()
        .map(|prepared| prepared.wait().unwrap())
        .collect();
    assert!(prepare().is_none(), "finished, but not taken away");
    drop(finished);
    assert!(prepare().is_some());
    assert!(deflater.prepare(io::empty(), WHOLE + 1, 6).is_none());
    assert!(deflater.prepare(io::empty(), WHOLE, 6).is_some());
}

#[test]
fn says_which_side_failed() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("of the file"))
        }
    }
    impl Write for Fails {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("of the sink"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let deflater = Deflater::new().unwrap();
    for level in [0, 6] {
        assert!(matches!(
            deflater.stream(Fails, 10, level, io::sink()),
            Err(Failed::Read(_))
        ));
        let zeros = io::repeat(0);
        assert!(matches!(
            deflater.stream(zeros, 50 << 20, level, Fails),
            Err(Failed::Write(_))
        ));
    }
    let error = deflater
        .prepare(Fails, 10, 6)
        .unwrap()
        .wait()
        .err()
        .unwrap();
    assert_eq!(error.to_string(), "of the file");
}

/// Just enough of the format: entries with a data descriptor when they were streamed.
fn zip(entries: &[(&str, Facts, Vec<u8>, bool)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, facts, bytes, streamed) in entries {
        let offset = out.len() as u32;
        let numbers = [
            facts.crc32,
            facts.compressed_length as u32,
            facts.length as u32,
        ];
        let numbers: Vec<u8> = numbers.into_iter().flat_map(u32::to_le_bytes).collect();
        let mut common = vec![20, 0, if *streamed { 8 } else { 0 }, 0];
        common.extend(facts.method.number().to_le_bytes());
        common.extend([0, 0, 0x21, 0]);
        let name_length = [name.len() as u8, 0, 0, 0];
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(if *streamed {
            &[0; 12][..]
        } else {
            &numbers[..]
        });
        out.extend(name_length);
        out.extend(name.as_bytes());
        out.extend(bytes);
        if *streamed {
            out.extend(b"PK\x07\x08");
            out.extend(&numbers);
        }
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend(&numbers);
        directory.extend(name_length);
        directory.extend([0; 6]);
        directory.extend([0; 4]);
        directory.extend(offset.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([entries.len() as u8, 0, entries.len() as u8, 0]);
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

#[test]
fn in_a_zip_the_stock_tools_read_it() {
    let deflater = Deflater::new().unwrap();
    let files = [
        ("empty", vec![]),
        ("noise", noise(70_000, 9)),
        ("rows", mixed(3 << 20)),
        ("large", mixed(6 << 20)),
    ];
    let mut entries = Vec::new();
    for (name, data) in &files {
        if data.len() as u64 <= WHOLE {
            let DeflatedBytes { facts, bytes, .. } = prepared(&deflater, data, 6);
            entries.push((*name, facts, bytes, false));
        } else {
            let mut bytes = Vec::new();
            let facts = deflater
                .stream(&data[..], data.len() as u64, 6, &mut bytes)
                .unwrap();
            entries.push((*name, facts, bytes, true));
        }
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("test.zip");
    std::fs::write(&path, zip(&entries)).unwrap();
    let path = path.to_str().unwrap();
    let python =
        "import sys, zipfile; sys.exit(zipfile.ZipFile(sys.argv[1]).testzip() is not None)";
    let bsdtar = "bsdtar -xOf - < \"$0\" > /dev/null";
    for line in [
        &["unzip", "-tqq", path][..],
        &["python3", "-c", python, path],
        &["sh", "-c", bsdtar, path],
    ] {
        if Command::new(line[0]).arg("--help").output().is_err() {
            eprintln!("skipped: no {}", line[0]);
            continue;
        }
        let output = Command::new(line[0]).args(&line[1..]).output().unwrap();
        assert!(output.status.success(), "{}: {output:?}", line[0]);
    }
    for (name, data) in &files {
        if let Ok(output) = Command::new("unzip").args(["-p", path, name]).output() {
            assert!(output.stdout == *data, "{name}");
        }
    }
}
