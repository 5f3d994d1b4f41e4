//! Commands: one shell line or one program each, in a process group of its own, streamed and never collected.
//!
//! Everything here waits on the calling thread, and ends when the run is cancelled. A command's
//! end, whatever it is, is the end of every process that stayed in its group; a cancelled run's
//! end is the end of every process that it started.

mod at_death;
mod capture;
mod confine;
mod connection;
mod failure;
mod group;
mod inherited;
mod input;
mod last_lines;
mod line;
mod log;
mod log_budget;
mod lookup;
mod lost;
mod mark;
mod memory;
mod processes;
mod programs;
mod run;
mod shell;
mod stdio;
mod streams;
mod unnoticed;
mod unnoticed_substitution;
pub mod watchdog;

#[cfg(test)]
mod tests;

pub use at_death::AtDeath;
pub use capture::Capture;
pub use confine::{Confinement, Rules};
pub use connection::{inherited_by, is_connection_variable};
pub use group::{end_orphans, running};
pub use inherited::keep_descriptors;
pub use line::{Command, Finished, Invocation};
pub use log_budget::LogBudget;
pub use lookup::Program;
pub use lost::LostProcesses;
pub use memory::hide_memory;
pub use programs::certain_programs;
pub use shell::Shell;
pub use stdio::{Sink, Stdin, Stdout};
pub use unnoticed::{has_pipe, unnoticed_list};
pub use unnoticed_substitution::unnoticed_substitution;
