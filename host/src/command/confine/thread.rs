//! A thread that confines itself, starts a command, and ends.

use std::io;
use std::process::{Child, Command};
use std::sync::OnceLock;
use std::thread::{Builder, scope};

use super::capabilities;
use super::domain;
use super::rules::Rules;
use super::state::Confinement;
use super::syscalls;

/// It only makes system calls.
const STACK: usize = 256 << 10;

/// Starts `command` confined.
pub(in crate::command) fn spawn(command: &mut Command, rules: &Rules) -> io::Result<Child> {
    on_own_thread(|| {
        let confined = confine(rules);
        if confined != rules.expected {
            return Err(io::Error::other(format!(
                "the command would be confined otherwise than the run began with: {confined}, not {}",
                rules.expected
            )));
        }
        command.spawn()
    })
}

impl Confinement {
    /// Of the commands that this process starts: tried once, and the same for all of its life.
    pub fn here() -> &'static Self {
        static HERE: OnceLock<Confinement> = OnceLock::new();
        HERE.get_or_init(|| {
            on_own_thread(|| Ok(confine(&Rules::default())))
                .unwrap_or_else(|_| Self::of(None, false, false))
        })
    }
}

/// Never one of a pool: what it takes from itself does not come back.
fn on_own_thread<T: Send>(work: impl FnOnce() -> io::Result<T> + Send) -> io::Result<T> {
    scope(|scope| {
        Builder::new()
            .name("confined".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, work)?
            .join()
            .map_err(|_| io::Error::other("the thread of a command panicked"))?
    })
}

/// Confines this thread as far as the kernel can.
fn confine(rules: &Rules) -> Confinement {
    let landlock = domain::enter(rules);
    let reduced = capabilities::drop_others();
    let filtered = syscalls::apply(rules);
    let errors = [
        landlock.as_ref().err(),
        reduced.as_ref().err(),
        filtered.as_ref().err(),
    ];
    for error in errors.into_iter().flatten() {
        tracing::debug!(%error, "a command cannot be confined");
    }
    Confinement::of(landlock.ok(), reduced.is_ok(), filtered.is_ok())
}
