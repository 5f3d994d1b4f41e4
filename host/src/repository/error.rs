//! What `rustic_core` says went wrong, in our words.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rustic_core::RusticError;

use super::gate::VerdictGate;
use crate::error::{Error, Kind, Result};
use crate::store::Store;

/// The library's word for bytes that do not fit their key.
const TAMPERED: &str = "C001";

/// Works with the library on this thread, and turns what it says into an error: what failed first in the
/// store or the run is the cause. The library panics in places.
pub(super) fn guarded<T>(
    store: &Store,
    gate: &VerdictGate,
    work: impl FnOnce() -> Result<T, Box<RusticError>>,
) -> Result<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => Err(gate.cause().unwrap_or_else(|| told(store, &error))),
        Err(_panic) => Err(gate.cause().unwrap_or_else(|| panicked(store))),
    }
}

fn told(store: &Store, error: &RusticError) -> Error {
    let name = store.name();
    if error.is_incorrect_password() || error.is_code("C002") {
        let message = format!("the password does not open the repository of store `{name}`");
        return Error::new(Kind::Config, "repository-password", message).hint(
            "correct `repository.password`; `restic key list` shows which keys there are, and `repository.key.age` has the one that it was made with",
        );
    }
    if is_tampered(error) {
        let message = format!("the repository of store `{name}` has other bytes than were written");
        return Error::new(Kind::Verification, "altered", message).hint(
            "`restic check --read-data` says which; take another backup (`sidecar list`), and find out what altered it",
        );
    }
    let text = error.display_log();
    let text = text.strip_prefix("Error: ").unwrap_or(&text);
    Error::run(
        "repository-failed",
        format!("the repository of store `{name}`: {text}"),
    )
    .hint("`restic check` on it says whether it is damaged")
}

/// The library wraps what it met in what it was doing.
fn is_tampered(error: &RusticError) -> bool {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        let error_of_library = error.downcast_ref::<RusticError>().or_else(|| {
            let boxed = error.downcast_ref::<Box<RusticError>>();
            boxed.map(Box::as_ref)
        });
        if error_of_library.is_some_and(|error| error.is_code(TAMPERED)) {
            return true;
        }
        next = error.source();
    }
    false
}

fn panicked(store: &Store) -> Error {
    let message = format!(
        "internal error in the repository of store `{}`",
        store.name()
    );
    Error::run("internal", message).hint("look at the log, and report it")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::config::{Layout, Place, StoreSpec};
    use crate::store::RetryPolicy;

    #[test]
    fn a_panic_of_the_library_is_an_error_and_the_first_failure_its_cause() {
        let folder = tempfile::tempdir().unwrap();
        let spec = StoreSpec {
            name: "local".to_owned(),
            prefix: String::new(),
            root: String::new(),
            strategy: None,
            owner: None,
            place: Place::Fs {
                path: folder.path().to_owned(),
            },
            layout: Layout::Artifacts,
        };
        let store = Store::open(&spec, RetryPolicy::CHECK).unwrap();
        let gate = VerdictGate::default();
        let panics = || guarded(&store, &gate, || panic!("file path should have a parent!"));
        let error: Result<()> = panics();
        assert_eq!(error.unwrap_err().code(), "internal");
        gate.note(Error::run("store-full", "no room"));
        let error: Result<()> = panics();
        assert_eq!(error.unwrap_err().code(), "store-full");
    }
}
