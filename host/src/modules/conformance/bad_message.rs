//! Failures whose code or message would not help an operator.

use crate::error::Error;

/// What is wrong with the code and the message of a failure.
pub(super) fn bad_message(failure: &Error) -> Option<String> {
    let code = failure.code();
    let kebab = !code.is_empty()
        && code.split('-').all(|word| {
            !word.is_empty()
                && word
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        });
    let message = failure.message();
    if !kebab {
        return Some(format!(
            "a failure has the code {code:?}, which is not in kebab-case"
        ));
    }
    if message.trim().len() < 10 {
        return Some(format!(
            "the failure {code} has the message {message:?}, which tells an operator nothing"
        ));
    }
    (message.len() > 1000).then(|| {
        format!(
            "the failure {code} has a message of {} bytes",
            message.len()
        )
    })
}
