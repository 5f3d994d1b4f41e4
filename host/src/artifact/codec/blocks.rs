//! Formats in which complete streams may follow each other: blocks are compressed on all cores,
//! each into a stream of its own, and written in order.

use std::collections::VecDeque;
use std::io::{self, Write};

use super::threads::{CompressionPool, PendingResult};

/// Appends a complete stream that holds the first argument to the second.
pub(super) type Compress = Box<dyn FnMut(&[u8], &mut Vec<u8>) -> io::Result<()>>;

/// Every output begins with a byte that is the last one of the stream before it. So the sink
/// lacks one byte of the last stream until [`Blocks::finish`], and never holds a clean end by chance.
const HELD: usize = 1;

/// Writes blocks of equal size to a sink. Its threads hold two more blocks than there are cores.
pub(super) struct Blocks<W> {
    sink: W,
    size: usize,
    filling: Vec<u8>,
    /// Whether any block was ever submitted: an empty stream needs one too.
    begun: bool,
    held: Option<u8>,
    pending: VecDeque<PendingResult<io::Result<CompressedBlock>>>,
    /// Buffers that were used before: memory stays flat, and its pages stay mapped.
    spare: Vec<CompressedBlock>,
    pool: CompressionPool<Compress>,
}

#[derive(Default)]
struct CompressedBlock {
    input: Vec<u8>,
    output: Vec<u8>,
}

impl<W: Write> Blocks<W> {
    /// `compress` is called once in each thread; `size` is in bytes of input.
    pub(super) fn new(
        name: &str,
        size: usize,
        sink: W,
        compress: impl Fn() -> Compress + Send + Sync + 'static,
    ) -> io::Result<Self> {
        Ok(Self {
            sink,
            size,
            filling: Vec::with_capacity(size),
            begun: false,
            held: None,
            pending: VecDeque::new(),
            spare: Vec::new(),
            pool: CompressionPool::new(name, compress)?,
        })
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        if !self.filling.is_empty() || !self.begun {
            self.submit()?;
        }
        self.drain()?;
        self.sink.write_all(self.held.as_slice())?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn submit(&mut self) -> io::Result<()> {
        while let Some(result) = self.pending.front().and_then(PendingResult::ready) {
            self.pending.pop_front();
            self.emit(result?)?;
        }
        if self.pending.len() == self.pool.depth() {
            self.take_oldest()?;
        }
        let CompressedBlock { input, mut output } = self.spare.pop().unwrap_or_default();
        let input = std::mem::replace(&mut self.filling, input);
        self.filling.clear();
        self.begun = true;
        self.pending.push_back(self.pool.run(move |compress| {
            output.clear();
            output.resize(HELD, 0);
            compress(&input, &mut output)?;
            Ok(CompressedBlock { input, output })
        }));
        Ok(())
    }

    fn take_oldest(&mut self) -> io::Result<()> {
        match self.pending.pop_front() {
            Some(oldest) => self.emit(oldest.wait()?),
            None => Ok(()),
        }
    }

    fn drain(&mut self) -> io::Result<()> {
        while !self.pending.is_empty() {
            self.take_oldest()?;
        }
        Ok(())
    }

    fn emit(&mut self, block: io::Result<CompressedBlock>) -> io::Result<()> {
        let mut block = block?;
        let last = block.output.pop();
        let ready = match self.held {
            Some(held) => {
                block.output[0] = held;
                &block.output[..]
            }
            None => &block.output[HELD..],
        };
        self.sink.write_all(ready)?;
        self.held = last;
        self.spare.push(block);
        Ok(())
    }
}

impl<W: Write> Write for Blocks<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.size - self.filling.len());
        self.filling.extend_from_slice(&bytes[..taken]);
        if self.filling.len() == self.size {
            self.submit()?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.filling.is_empty() {
            self.submit()?;
        }
        self.drain()?;
        self.sink.flush()
    }
}
