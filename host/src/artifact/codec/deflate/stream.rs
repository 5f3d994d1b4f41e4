//! A large file in blocks: each knows the 32 KiB before it and ends at a byte's border, so that
//! all of them, one after the other, are one raw deflate stream.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use flate2::{Compress, Compression, FlushCompress, Status};
use libdeflater::Crc;

use super::super::threads::{CompressionPool, PendingResult};
use super::{EntryMethod, Facts, Failed, Workbench, fill};

/// Bytes of the file in one block.
const BLOCK: usize = 512 << 10;

/// As far as deflate can look back.
const WINDOW: usize = 32 << 10;

/// The compressor of the level that was used last.
pub(super) type StreamCompressor = Option<(u32, Compress)>;

/// One piece of work and what became of it.
#[derive(Default)]
struct DeflateBlock {
    /// The window, if there is one, then the block itself.
    input: Vec<u8>,
    /// Where the block begins in `input`.
    start: usize,
    last: bool,
    output: Vec<u8>,
}

/// What goes out of the caller's thread, in order.
struct Ordered<'a, W> {
    pool: &'a CompressionPool<Workbench>,
    sink: W,
    written: u64,
    pending: VecDeque<PendingResult<io::Result<DeflateBlock>>>,
    spare: Vec<DeflateBlock>,
}

pub(super) fn deflate(
    pool: &CompressionPool<Workbench>,
    mut file: impl Read,
    length: u64,
    level: u32,
    sink: impl Write,
) -> Result<Facts, Failed> {
    let mut ordered = Ordered {
        pool,
        sink,
        written: 0,
        pending: VecDeque::new(),
        spare: Vec::new(),
    };
    let mut crc = Crc::new();
    let (mut left, mut from_file) = (length, 0);
    let mut window = Vec::with_capacity(WINDOW);
    loop {
        let mut block = ordered.next_buffer().map_err(Failed::Write)?;
        let size = left.min(BLOCK as u64) as usize;
        block.input.clear();
        block.input.extend_from_slice(&window);
        block.start = window.len();
        block.input.resize(block.start + size, 0);
        from_file += fill(&mut file, &mut block.input[block.start..]).map_err(Failed::Read)? as u64;
        crc.update(&block.input[block.start..]);
        window.clear();
        window.extend_from_slice(&block.input[block.input.len().saturating_sub(WINDOW)..]);
        left -= size as u64;
        block.last = left == 0;
        ordered.submit(block, level);
        if left == 0 {
            break;
        }
    }
    while ordered.write_oldest().map_err(Failed::Write)? {}
    Ok(Facts {
        method: EntryMethod::Deflated,
        crc32: crc.sum(),
        length,
        compressed_length: ordered.written,
        from_file,
    })
}

pub(super) fn copy(
    mut file: impl Read,
    length: u64,
    mut sink: impl Write,
) -> Result<Facts, Failed> {
    let mut crc = Crc::new();
    let mut buffer = vec![0; BLOCK.min(usize::try_from(length).unwrap_or(BLOCK))];
    let (mut left, mut from_file) = (length, 0);
    while left > 0 {
        let piece = &mut buffer[..left.min(BLOCK as u64) as usize];
        from_file += fill(&mut file, piece).map_err(Failed::Read)? as u64;
        crc.update(piece);
        sink.write_all(piece).map_err(Failed::Write)?;
        left -= piece.len() as u64;
    }
    Ok(Facts {
        method: EntryMethod::Stored,
        crc32: crc.sum(),
        length,
        compressed_length: length,
        from_file,
    })
}

impl<W: Write> Ordered<'_, W> {
    /// A buffer to fill; writes what is due first when as many are under way as may be.
    fn next_buffer(&mut self) -> io::Result<DeflateBlock> {
        if self.pending.len() == self.pool.depth() {
            self.write_oldest()?;
        }
        Ok(self.spare.pop().unwrap_or_default())
    }

    fn submit(&mut self, mut block: DeflateBlock, level: u32) {
        self.pending.push_back(self.pool.run(move |bench| {
            compress(&mut bench.stream, &mut block, level)?;
            Ok(block)
        }));
    }

    /// Whether there was one.
    fn write_oldest(&mut self) -> io::Result<bool> {
        let Some(oldest) = self.pending.pop_front() else {
            return Ok(false);
        };
        let block = oldest.wait()??;
        self.sink.write_all(&block.output)?;
        self.written += block.output.len() as u64;
        self.spare.push(block);
        Ok(true)
    }
}

fn compress(
    last_used: &mut StreamCompressor,
    block: &mut DeflateBlock,
    level: u32,
) -> io::Result<()> {
    let compressor = match last_used {
        Some((of, compressor)) if *of == level => {
            compressor.reset();
            compressor
        }
        other => {
            &mut other
                .insert((level, Compress::new(Compression::new(level), false)))
                .1
        }
    };
    let (window, input) = block.input.split_at(block.start);
    if !window.is_empty() {
        compressor.set_dictionary(window)?;
    }
    let flush = if block.last {
        FlushCompress::Finish
    } else {
        FlushCompress::Sync
    };
    block.output.clear();
    loop {
        // Room for what cannot be compressed; with some left over, everything has come out.
        block.output.reserve(input.len() + input.len() / 8 + 64);
        let taken = compressor.total_in() as usize;
        let status = compressor.compress_vec(&input[taken..], &mut block.output, flush)?;
        if status == Status::StreamEnd
            || (!block.last && block.output.len() < block.output.capacity())
        {
            return Ok(());
        }
    }
}
