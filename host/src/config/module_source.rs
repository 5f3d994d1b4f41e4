//! `modules.NAME.source`: a file, or `oci://…`.

use std::fmt;
use std::path::PathBuf;

use super::oci_reference::{Reference, SCHEME};
use super::section_reader::SectionReader;

/// `modules.NAME.source`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A file.
    File(PathBuf),
    /// In a registry.
    Registry(Reference),
}

/// As in the configuration, but with a whole path.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Registry(reference) => write!(f, "{SCHEME}{reference}"),
        }
    }
}

/// A file below the configuration's own directory, or a reference.
pub(super) fn read(reader: &mut SectionReader<'_>, at: &str, source: &str) -> Origin {
    if !source.starts_with(SCHEME) {
        return Origin::File(
            reader
                .config_directory()
                .join(source)
                .components()
                .collect(),
        );
    }
    source
        .parse()
        .map(Origin::Registry)
        .unwrap_or_else(|wrong| {
            let at = format!("{at}/source");
            let write = "write for example `oci://registry.example/acme/redis_snapshot:1.2`";
            reader.problem(
                &at,
                format!("this is no module in a registry: {wrong}"),
                write,
            );
            Origin::File(PathBuf::new())
        })
}
