//! Which keys hold command lines: a shell expands their variables, the sidecar does not.

/// The keys of `strategy.config` below which everything is a command line.
const COMMANDS: [&str; 5] = ["pre", "command", "commands", "post", "restore"];

/// What the text at a pointer is for.
#[derive(PartialEq)]
pub(super) enum TextPurpose {
    /// A shell will read it: the text stays as it is, and is text.
    Command,
    /// It is compared with command lines: as it is, too.
    CommandPattern,
    /// The value of an environment variable: always text.
    EnvValue,
    /// Everything else.
    Value,
}

impl TextPurpose {
    /// `keys` lead to the text: `["drill", "check", "0"]`.
    pub(super) fn of(keys: &[&str]) -> Self {
        match keys {
            ["strategy", "config", "env", _] | ["strategies", _, "config", "env", _] => {
                Self::EnvValue
            }
            ["strategy", "config", below @ ..] | ["strategies", _, "config", below @ ..]
                if below.iter().any(|key| COMMANDS.contains(key)) =>
            {
                Self::Command
            }
            ["drill", "check", ..] | ["strategies", _, "drill", "check", ..] => Self::Command,
            ["set", "quiesce", "before" | "after", ..] => Self::Command,
            ["modules", _, "allow", "commands", ..] => Self::CommandPattern,
            _ => Self::Value,
        }
    }
}
