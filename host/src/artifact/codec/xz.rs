//! xz, by liblzma's own threads.

use std::io::{self, Write};

use liblzma::stream::{Action, Check, MtStreamBuilder, Status, Stream};

use super::{memory, threads};

const OUTPUT: usize = 256 << 10;

/// The dictionary of each preset, in MiB (that of 0 is 256 KiB). A block is as long as that and not
/// three times as long, as the stock tool makes it: a quarter less memory for 0.3 % more bytes.
const BLOCK_MIB: [u64; 10] = [1, 1, 2, 4, 4, 8, 8, 16, 32, 64];

/// An encoder that writes nothing when it is dropped, unlike the crate's own.
pub(super) struct Xz<W> {
    sink: W,
    stream: Stream,
    output: Vec<u8>,
}

impl<W: Write> Xz<W> {
    /// Level 6 takes about 110 MiB a thread, level 9 about 800: as many threads as there are cores,
    /// but no more than fit in a quarter of the memory that the container may use.
    pub(super) fn new(level: u32, sink: W) -> io::Result<Self> {
        let block = BLOCK_MIB.get(level as usize).copied().unwrap_or(8) << 20;
        let mut builder = MtStreamBuilder::new();
        builder.preset(level).check(Check::Crc64).block_size(block);
        let mut threads = u32::try_from(threads::cores()).unwrap_or(1);
        let most = memory::available() / 4;
        while threads > 1 && builder.threads(threads).memusage() > most {
            threads -= 1;
        }
        let stream = builder.threads(threads).encoder()?;
        Ok(Self {
            sink,
            stream,
            output: Vec::with_capacity(OUTPUT),
        })
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.run_to_end(Action::Finish)?;
        self.sink.flush()?;
        Ok(self.sink)
    }

    fn run_to_end(&mut self, action: Action) -> io::Result<()> {
        while self.step(&[], action)? != Status::StreamEnd {}
        Ok(())
    }

    fn step(&mut self, input: &[u8], action: Action) -> io::Result<Status> {
        self.output.clear();
        let status = self.stream.process_vec(input, &mut self.output, action)?;
        self.sink.write_all(&self.output)?;
        Ok(status)
    }
}

impl<W: Write> Write for Xz<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        while taken < bytes.len() {
            let before = self.stream.total_in();
            self.step(&bytes[taken..], Action::Run)?;
            taken += (self.stream.total_in() - before) as usize;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.run_to_end(Action::FullFlush)?;
        self.sink.flush()
    }
}
