//! Variables that more than one step sets or reads.

/// Another server or directory to restore to. Not set without `--into`. The host lets a command that has it inherit no
/// connection of the configured server.
pub const INTO: &str = "SIDE_CAR_RESTORE_INTO";
