//! How much memory a module may use.

use wasmtime::ResourceLimiter;

/// Refuses growth beyond a limit, and remembers that it did: a module that runs out of memory only
/// traps, and does not say why.
#[derive(Debug)]
pub(super) struct MemoryLimit {
    limit: u64,
    /// Bytes of all memories and tables: a component may have many.
    used: u64,
    /// Bytes in use, bytes wanted.
    pub(super) exceeded: Option<(u64, u64)>,
}

impl MemoryLimit {
    pub(super) fn new(limit: u64) -> Self {
        Self {
            limit,
            used: 0,
            exceeded: None,
        }
    }

    pub(super) fn limit(&self) -> u64 {
        self.limit
    }

    fn grow(&mut self, current: u64, desired: u64) -> bool {
        let wanted = self.used.saturating_add(desired.saturating_sub(current));
        let fits = wanted <= self.limit;
        if fits {
            self.used = wanted;
        } else {
            self.exceeded = Some((self.used, wanted));
        }
        fits
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(current as u64, desired as u64))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let bytes = |elements: usize| elements as u64 * ELEMENT;
        Ok(self.grow(bytes(current), bytes(desired)))
    }
}

/// Bytes of a table's element.
const ELEMENT: u64 = size_of::<usize>() as u64;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn all_memories_together_have_the_limit() {
        let mut limit = MemoryLimit::new(100);
        assert!(limit.memory_growing(0, 60, None).unwrap());
        assert!(limit.memory_growing(0, 40, None).unwrap());
        assert!(!limit.memory_growing(40, 41, None).unwrap());
        assert_eq!(limit.exceeded, Some((100, 101)));
        assert!(!limit.table_growing(0, 1, None).unwrap());
    }
}
