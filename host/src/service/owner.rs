//! The name of a holder of store locks and replica leases.

/// Names what holds a lock to other sidecars: the machine, and an id that is used only once.
pub(super) fn owner(id: &str) -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{}/{id}", name.trim())
}
