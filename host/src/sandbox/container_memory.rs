//! How much memory this container has, and what of it a module may use.

use std::fs;
use std::path::{Path, PathBuf};

/// What a module may use where there is plenty.
const PLENTY: u64 = 1 << 30;
/// What the sidecar keeps for compression, uploads and its clients.
const OWN: u64 = 128 << 20;

/// Bytes that this container may use: the lowest limit of its control groups and those around them, else
/// what the machine has.
pub fn container_memory() -> u64 {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let machine = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let limit = lowest_limit(Path::new("/sys/fs/cgroup"), &groups);
    limit.unwrap_or(u64::MAX).min(total(&machine))
}

/// Bytes that a module may use of `memory` at most: a quarter stays with the sidecar, but no less than 128 MiB
/// of a container that has twice that.
pub fn left_for_modules(memory: u64) -> u64 {
    memory - (memory / 4).max(OWN).min(memory / 2)
}

/// Bytes that a module may use unless its configuration says so.
pub(super) fn default_of_a_module() -> u64 {
    left_for_modules(container_memory()).min(PLENTY)
}

/// `groups` is `/proc/self/cgroup`: a line for each hierarchy, `4:memory:/path` or, of version 2, `0::/path`.
/// In a namespace of its own a container sees its group as the root.
fn lowest_limit(mounted: &Path, groups: &str) -> Option<u64> {
    let mut limits = Vec::new();
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
            continue;
        };
        let path = path.trim_start_matches('/');
        if controllers.is_empty() {
            for root in [mounted.to_owned(), mounted.join("unified")] {
                limits.extend(limits_up(&root, path, "memory.max"));
            }
        } else if controllers.split(',').any(|name| name == "memory") {
            let root = mounted.join("memory");
            limits.extend(limits_up(&root, path, "memory.limit_in_bytes"));
        }
    }
    limits.into_iter().min()
}

/// The limits from the group at `path` up to `root`. A group that is not seen from here has none.
fn limits_up(root: &Path, path: &str, file: &str) -> Vec<u64> {
    let mut group = PathBuf::from(root);
    let mut found = vec![group.clone()];
    for name in path.split('/').filter(|name| !name.is_empty()) {
        group.push(name);
        found.push(group.clone());
    }
    let read = |group: PathBuf| {
        fs::read_to_string(group.join(file))
            .ok()?
            .trim()
            .parse()
            .ok()
    };
    found.into_iter().filter_map(read).collect()
}

/// Of `/proc/meminfo`: "MemTotal:       24684712 kB".
fn total(meminfo: &str) -> u64 {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    number.map_or(u64::MAX, |kib| kib.saturating_mul(1024))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    /// Groups and their limits, as files.
    fn groups(limits: &[(&str, &str)]) -> tempfile::TempDir {
        let mounted = tempfile::tempdir().unwrap();
        for (path, limit) in limits {
            let path = mounted.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{limit}\n")).unwrap();
        }
        mounted
    }

    #[test]
    fn the_lowest_limit_on_the_way_up_counts_in_both_versions() {
        let nested = groups(&[
            ("memory.max", "max"),
            ("pod/memory.max", "536870912"),
            ("pod/container/memory.max", "max"),
        ]);
        let found = lowest_limit(nested.path(), "0::/pod/container\n");
        assert_eq!(found, Some(512 * MIB));

        let first = groups(&[
            ("memory/memory.limit_in_bytes", "9223372036854771712"),
            ("memory/docker/memory.limit_in_bytes", "1073741824"),
            ("memory/docker/abc/memory.limit_in_bytes", "268435456"),
        ]);
        let found = lowest_limit(
            first.path(),
            "9:cpu,cpuacct:/\n4:memory:/docker/abc\n0::/\n",
        );
        assert_eq!(found, Some(256 * MIB));
    }

    #[test]
    fn a_container_that_sees_its_group_as_the_root_finds_its_limit() {
        let own = groups(&[("memory.max", "67108864")]);
        assert_eq!(lowest_limit(own.path(), "0::/\n"), Some(64 * MIB));
        // The name of the group is the one outside of the container.
        let first = groups(&[("memory/memory.limit_in_bytes", "67108864")]);
        let found = lowest_limit(first.path(), "4:memory:/docker/abc\n");
        assert_eq!(found, Some(64 * MIB));
        assert_eq!(lowest_limit(own.path(), "nonsense\n"), None);
    }

    #[test]
    fn what_is_left_for_modules_leaves_enough_for_the_sidecar() {
        for (memory, left) in [(64, 32), (256, 128), (512, 384), (1024, 768), (4096, 3072)] {
            assert_eq!(left_for_modules(memory * MIB), left * MIB);
        }
        assert_eq!(total("MemFree: 1 kB\nMemTotal:       2048 kB\n"), 2 * MIB);
        assert!(default_of_a_module() <= left_for_modules(container_memory()));
    }
}
