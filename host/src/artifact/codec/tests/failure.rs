//! What must never look like a backup does not.

use std::fs;
use std::thread;

use super::*;

#[track_caller]
fn refused(codec: Codec, packed: &[u8], why: &str) {
    assert!(
        decompress(codec, packed).is_err(),
        "{codec:?}, {why}: own decoder"
    );
    if let Some(unpacked) = stock_tool(codec, packed) {
        assert!(unpacked.is_none(), "{codec:?}, {why}: stock tool");
    }
}

#[test]
fn cut_off_by_one_byte() {
    for codec in ALL {
        for length in [0, 1, 3 << 20] {
            let packed = compress(fast(codec), &mixed(length));
            refused(codec, &packed[..packed.len() - 1], "cut off");
        }
    }
}

#[test]
fn empty_altered_or_followed_by_something() {
    for codec in ALL {
        let packed = compress(fast(codec), &mixed(1 << 20));
        let altered = |at: usize| {
            let mut packed = packed.clone();
            packed[at] ^= 0x10;
            packed
        };
        assert!(decompress(codec, b"").is_err(), "{codec:?}: empty");
        assert!(
            decompress(codec, b"not compressed at all").is_err(),
            "{codec:?}: plain"
        );
        assert!(
            decompress(codec, &altered(packed.len() / 2)).is_err(),
            "{codec:?}: altered"
        );
        assert!(
            decompress(codec, &altered(packed.len() - 3)).is_err(),
            "{codec:?}: altered end"
        );
        let followed = [&packed[..], b"what is this"].concat();
        assert!(decompress(codec, &followed).is_err(), "{codec:?}: followed");
    }
}

/// Wherever a run fails, what its sink got is visibly broken, also at the end of a block.
#[test]
fn an_unfinished_stream_has_no_clean_end() {
    for codec in ALL {
        for (length, flush) in [
            (0, false),
            (3 << 20, false),
            (3 << 20, true),
            (99_981, true),
        ] {
            let sink = Shared::default();
            let mut encoder = encoder(fast(codec), sink.clone()).unwrap();
            encoder.write_all(&mixed(length)).unwrap();
            if flush {
                encoder.flush().unwrap();
            }
            drop(encoder);
            let left = sink.bytes();
            assert!(
                decompress(codec, &left).is_err(),
                "{codec:?}: {length} bytes, flush {flush}"
            );
            if !left.is_empty() {
                refused(codec, &left, "unfinished");
            }
        }
    }
}

/// A disk that is full after some bytes.
struct FullDisk(usize);

impl Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .checked_sub(bytes.len())
            .ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn an_error_of_the_sink_reaches_the_writer() {
    let data = noise(256 << 10, 3);
    for codec in ALL.into_iter().chain([Codec::None]) {
        let mut encoder = encoder(fast(codec), FullDisk(2 << 20)).unwrap();
        let error = (0..1000)
            .find_map(|_| encoder.write_all(&data).err())
            .expect("the disk is full");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{codec:?}");
        assert!(encoder.write_all(b"more").is_err());
        assert!(encoder.finish().is_err(), "{codec:?}: a gap was closed");
    }
}

#[test]
fn an_error_at_the_very_end_reaches_the_caller() {
    for codec in ALL {
        let mut encoder = encoder(fast(codec), FullDisk(8)).unwrap();
        let written = encoder.write_all(b"short");
        assert!(written.is_err() || encoder.finish().is_err(), "{codec:?}");
    }
}

/// The libraries' own threads carry the name of the one that made them; for those of the pool see
/// its own tests.
#[test]
fn dropping_it_ends_the_threads_of_the_libraries() {
    for codec in [Codec::Xz, Codec::Zst] {
        let name = format!("drop-{}", super::super::name(codec));
        let counting = name.clone();
        let work = move || {
            let mut encoder = encoder(fast(codec), io::sink()).unwrap();
            encoder.write_all(&noise(8 << 20, 5)).unwrap();
            let during = threads(&counting);
            drop(encoder);
            (during, threads(&counting))
        };
        let (during, after) = thread::Builder::new()
            .name(name)
            .spawn(work)
            .unwrap()
            .join()
            .unwrap();
        assert!(during > 1, "{codec:?} works alone");
        assert_eq!(after, 1, "{codec:?} leaves threads behind");
    }
}

fn threads(name: &str) -> usize {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    tasks
        .filter(|task| {
            let comm = task.as_ref().unwrap().path().join("comm");
            fs::read_to_string(comm).is_ok_and(|comm| comm.trim() == name)
        })
        .count()
}

/// A few bytes whose header asks for 4 GiB of memory are refused, and nothing is allocated for them.
#[test]
fn a_stream_cannot_ask_for_gigabytes() {
    let mut xz = compress(fast(Codec::Xz), b"a few bytes");
    // Behind the 12 bytes of the stream: the header of a block, with LZMA2 and the size of its dictionary as one byte, and
    // a CRC-32 at its end.
    let end = 12 + (usize::from(xz[12]) + 1) * 4;
    let filter = 12
        + xz[12..end]
            .windows(2)
            .position(|at| at == [0x21, 1])
            .unwrap();
    xz[filter + 2] = 40;
    let mut sum = flate2::Crc::new();
    sum.update(&xz[12..end - 4]);
    xz[end - 4..end].copy_from_slice(&sum.sum().to_le_bytes());
    assert!(decompress(Codec::Xz, &xz).is_err());

    // No flags, a window of 2 GiB, a last raw block of one byte.
    let window = 21 << 3;
    let zst = [0x28, 0xb5, 0x2f, 0xfd, 0, window, 9, 0, 0, b'x'];
    assert!(decompress(Codec::Zst, &zst).is_err());
    let smaller = [0x28, 0xb5, 0x2f, 0xfd, 0, 17 << 3, 9, 0, 0, b'x'];
    assert_eq!(decompress(Codec::Zst, &smaller).unwrap(), b"x");
}
