//! What programs do with the words that a line gives them, as far as their names tell.

use crate::shell::expansions;
use crate::variables::INTO;

/// Commands that do nothing with what they are given, unless another one reads what they print.
pub(crate) const IDLE: [&str; 10] = [
    ":", "true", "false", "test", "[", "[[", "echo", "printf", "logger", "unset",
];
/// What these assign, the commands after them use.
pub(crate) const ASSIGNING: [&str; 5] = ["export", "readonly", "local", "declare", "typeset"];
/// Words before a command.
pub(crate) const LEADING: [&str; 13] = [
    "if", "then", "else", "elif", "while", "until", "do", "!", "{", "time", "exec", "command",
    "builtin",
];
/// They read a program, or a command line, in quotes.
pub(crate) const INTERPRETERS: [&str; 20] = [
    "sh", "bash", "dash", "ash", "ksh", "mksh", "zsh", "busybox", "eval", "ssh", "su", "runuser",
    "env", "xargs", "awk", "perl", "ruby", "node", "php", "trap",
];

/// Whether a word becomes the target, or leads to what lies in it.
pub(crate) fn is_of_target(word: &str) -> bool {
    expands(word, INTO, true)
}

/// Whether a word becomes the whole value. A part of it (`${X##*/}`), its length or that it is set names no target.
pub(crate) fn expands(word: &str, name: &str, quoted: bool) -> bool {
    let whole = |operator: &str| {
        let operator = operator.strip_prefix(':').unwrap_or(operator);
        operator.is_empty() || operator.starts_with(['-', '=', '?'])
    };
    let mut found = expansions(word, name, quoted).into_iter();
    found.any(|expansion| whole(expansion.operator))
}

pub(crate) fn is_interpreter(word: &str) -> bool {
    let word = word.trim_matches(['"', '\'']);
    let name = word.rsplit('/').next().unwrap_or(word);
    INTERPRETERS.contains(&name) || name.starts_with("python")
}
