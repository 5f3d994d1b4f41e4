//! The folders that every run has.

use std::path::{Path, PathBuf};

use crate::config::Paths;

/// The directories that every run has.
#[derive(Debug, Clone)]
pub struct Directories {
    /// Commands run here; modules may write.
    pub workdir: PathBuf,
    /// Where artifacts are published: only the host writes.
    pub artifacts: PathBuf,
    /// Where `SIDE_CAR_TEMP_DUMP` lies; modules may write.
    pub temp: PathBuf,
}

impl From<&Paths> for Directories {
    fn from(paths: &Paths) -> Self {
        Self {
            workdir: paths.workdir.clone(),
            artifacts: paths.artifacts.clone(),
            temp: paths
                .temp_dump
                .parent()
                .unwrap_or(Path::new("/"))
                .to_owned(),
        }
    }
}

impl Directories {
    /// All of them.
    pub fn all(&self) -> Vec<PathBuf> {
        vec![
            self.workdir.clone(),
            self.artifacts.clone(),
            self.temp.clone(),
        ]
    }
}
