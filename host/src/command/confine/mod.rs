//! What the kernel keeps a command from, when a module from elsewhere has it run.
//!
//! A granted command is a deputy: it follows a link, reads a configuration, runs what an interpreter is given,
//! with all the rights of the sidecar. So one short-lived thread for each command takes from itself what the
//! command shall not have, and starts it: Landlock's domain, the capabilities and the filter of system calls
//! are a thread's, and what it starts inherits them. No code runs between fork and exec, and the sidecar's other
//! threads stay as they are.

mod capabilities;
mod conditions;
mod domain;
mod namespaces;
mod rules;
mod sockets;
mod state;
mod syscalls;
mod system;
mod thread;
mod unread;

#[cfg(test)]
mod tests;

pub use rules::Rules;
pub use state::Confinement;

pub(super) use thread::spawn;
