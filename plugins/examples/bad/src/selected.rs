//! Which mistake this component makes.

/// The tests overwrite the name in the component's file. It is read as volatile, so that the compiler
/// cannot assume its value.
static MISTAKE: [u8; 32] = *b"mistake:none....................";

/// Whether this is the mistake to make.
pub(crate) fn is(name: &str) -> bool {
    // SAFETY: a valid, aligned address that nothing writes.
    let bytes = unsafe { std::ptr::read_volatile(&raw const MISTAKE) };
    let text = String::from_utf8_lossy(&bytes);
    text["mistake:".len()..].trim_end_matches('.') == name
}
