//! What goes in comes out, of our own decoders and of the stock tools.

use super::*;

#[track_caller]
fn check(compression: Compression, data: &[u8]) {
    let codec = compression.codec;
    let packed = compress(compression, data);
    assert!(
        decompress(codec, &packed).unwrap() == data,
        "{codec:?}: {} bytes, own decoder",
        data.len()
    );
    if let Some(unpacked) = stock_tool(codec, &packed) {
        assert!(
            unpacked.as_deref() == Some(data),
            "{codec:?}: {} bytes, stock tool",
            data.len()
        );
    }
}

#[test]
fn empty_and_one_byte() {
    for codec in ALL {
        check(fast(codec), b"");
        check(fast(codec), b"x");
    }
}

#[test]
fn at_the_borders_of_blocks() {
    let borders = [
        (Codec::Gz, 512 << 10),
        (Codec::Bz2, 99_981),
        (Codec::Xz, 1 << 20),
        (Codec::Zst, 2 << 20),
    ];
    for (codec, block) in borders {
        for length in [block - 1, block, block + 1, 2 * block, 2 * block + 1] {
            check(fast(codec), &mixed(length));
        }
    }
}

#[test]
fn what_cannot_be_compressed() {
    for codec in ALL {
        let data = noise(3 << 20, 1);
        check(fast(codec), &data);
        assert!(compress(fast(codec), &data).len() < data.len() + data.len() / 100);
    }
}

/// The slow codecs get less: it is still many times what their threads hold.
#[test]
fn many_blocks() {
    let data = mixed(64 << 20);
    check(fast(Codec::Gz), &data);
    check(fast(Codec::Zst), &data);
    check(fast(Codec::Bz2), &data[..12 << 20]);
    check(fast(Codec::Xz), &data[..12 << 20]);
}

#[test]
fn every_level() {
    let data = mixed(256 << 10);
    for codec in ALL {
        for level in codec.levels().unwrap() {
            check(
                Compression {
                    codec,
                    level: Some(level),
                },
                &data,
            );
        }
        check(Compression { codec, level: None }, &data);
    }
}

#[test]
fn none_passes_through() {
    let data = mixed(1 << 20);
    let none = Compression {
        codec: Codec::None,
        level: None,
    };
    assert!(compress(none, &data) == data);
    assert!(decompress(Codec::None, &data).unwrap() == data);
}

#[test]
fn equal_input_makes_equal_output() {
    let data = mixed(5 << 20);
    for codec in ALL {
        let mut slowly = encoder(fast(codec), Vec::new()).unwrap();
        data.chunks(7777)
            .for_each(|piece| slowly.write_all(piece).unwrap());
        assert!(
            slowly.finish().unwrap() == compress(fast(codec), &data),
            "{codec:?}"
        );
    }
}

#[test]
fn a_flush_brings_out_what_came_so_far() {
    let data = mixed(3 << 20);
    for codec in ALL {
        let sink = Shared::default();
        let mut encoder = encoder(fast(codec), sink.clone()).unwrap();
        encoder.write_all(&data).unwrap();
        encoder.flush().unwrap();
        let mut unpacked = Vec::new();
        let mut decoder = decoder(codec, Box::new(io::Cursor::new(sink.bytes()))).unwrap();
        decoder.read_to_end(&mut unpacked).unwrap_err();
        assert!(
            unpacked == data,
            "{codec:?}: {} of {} bytes",
            unpacked.len(),
            data.len()
        );

        encoder.write_all(b"more").unwrap();
        encoder.finish().unwrap();
        assert!(decompress(codec, &sink.bytes()).unwrap() == [&data[..], b"more"].concat());
    }
}

#[test]
fn a_level_that_does_not_exist_is_refused() {
    for (codec, level) in [
        (Codec::Gz, 0),
        (Codec::Gz, 10),
        (Codec::Bz2, 0),
        (Codec::Xz, 10),
        (Codec::Zst, 23),
    ] {
        let Err(error) = encoder(
            Compression {
                codec,
                level: Some(level),
            },
            Vec::new(),
        ) else {
            panic!("{codec:?} took level {level}");
        };
        assert_eq!(error.code(), "compression-level");
        assert!(error.hint_text().unwrap().starts_with("use "));
    }
}
