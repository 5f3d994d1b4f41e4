//! Nothing was decided.

pub(crate) fn id() -> String {
    "0123456789".to_owned()
}

pub(crate) fn purpose() -> String {
    "restore".to_owned()
}

pub(crate) fn accepted(_: &str) -> bool {
    false
}

pub(crate) fn wait() -> u32 {
    10
}
