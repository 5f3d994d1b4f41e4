//! How much memory there is to share.

use std::fs;

/// Bytes that this process may use: what its container is limited to, or what the machine has.
/// A system that says neither is taken for a small one of 1 GiB.
pub(super) fn available() -> u64 {
    let limits = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ];
    let limit = limits
        .iter()
        .find_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok());
    let total = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| total(&text));
    limit.into_iter().chain(total).min().unwrap_or(1 << 30)
}

fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim()
        .strip_suffix(" kB")?
        .parse::<u64>()
        .ok()
        .map(|kib| kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_machines_total() {
        assert_eq!(
            total("MemTotal:       24689708 kB\nMemFree:  1 kB\n"),
            Some(24_689_708 << 10)
        );
        assert_eq!(total(""), None);
    }

    #[test]
    fn there_is_some() {
        assert!(available() > 1 << 20);
    }
}
