//! How far the kernel confines commands, in a word.

use std::fmt;

use landlock::{ABI, LandlockStatus};

/// What a kernel learned to judge with which version of Landlock's interface.
const LEARNED: [(ABI, &str); 3] = [
    (ABI::V3, "truncation"),
    (ABI::V4, "ports"),
    (ABI::V6, "signals"),
];
/// What passes where a thread cannot give up rights, or set a filter.
const RIGHTS: &str = "capabilities";
const UNFILTERED: &str = "system calls";
/// What a command can do where one of them is not judged.
const MEANINGS: [(&str, &str); 5] = [
    ("truncation", "empty files that it may not write"),
    ("ports", "connect to ports that were not granted"),
    ("signals", "end other processes of its user, this one too"),
    (RIGHTS, "use every right that this process has"),
    (UNFILTERED, "open sockets of every kind"),
];

/// How far the kernel confines commands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Confinement {
    /// Files, ports, signals and system calls are judged.
    #[default]
    Full,
    /// Files are judged; these are not.
    Partial(Vec<&'static str>),
    /// Files are not judged, because of this.
    None(&'static str),
}

impl Confinement {
    /// `landlock` is none where the kernel has it and did not let it be used.
    pub(super) fn of(landlock: Option<LandlockStatus>, reduced: bool, filtered: bool) -> Self {
        let version = match landlock {
            None => {
                return Self::None("the kernel has Landlock, but a domain cannot be entered here");
            }
            Some(LandlockStatus::Available { effective_abi, .. }) => effective_abi,
            Some(LandlockStatus::NotEnabled) => {
                return Self::None(
                    "the kernel has Landlock, but it is not enabled (boot option lsm=)",
                );
            }
            Some(LandlockStatus::NotImplemented) => {
                return Self::None(
                    "the kernel has no Landlock (CONFIG_SECURITY_LANDLOCK), or the container engine's seccomp profile refuses it",
                );
            }
        };
        let unjudged = LEARNED
            .into_iter()
            .filter(|(learned, _)| version < *learned)
            .map(|(_, what)| what);
        let missing: Vec<_> = unjudged
            .chain((!reduced).then_some(RIGHTS))
            .chain((!filtered).then_some(UNFILTERED))
            .collect();
        match missing.is_empty() {
            true => Self::Full,
            false => Self::Partial(missing),
        }
    }

    /// What a command can do that it should not: "read whatever this process can".
    pub fn meaning(&self) -> String {
        match self {
            Self::Full => String::new(),
            Self::None(_) => "read whatever this process can".to_owned(),
            Self::Partial(missing) => {
                let passes = MEANINGS
                    .into_iter()
                    .filter(|(what, _)| missing.contains(what))
                    .map(|(_, passes)| passes);
                format!("one can {}", passes.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// `full`, `partial (no ports, no signals)`, `none`.
impl fmt::Display for Confinement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("full"),
            Self::Partial(missing) => write!(f, "partial (no {})", missing.join(", no ")),
            Self::None(_) => f.write_str("none"),
        }
    }
}
