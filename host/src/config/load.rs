//! Finding the file, and the way from its text to a [`Config`] or a [`FleetConfig`].

use std::path::{Path, PathBuf};

use super::configuration::{self, Config};
use super::environment::{Environment, io_reason};
use super::fleet::{self, FleetConfig};
use super::yaml::{self, ConfigProblem, ConfigProblems, Document};

/// A configuration that works anywhere: archives what lies in a clone of the repository.
const DEMO: &str = include_str!("../../../config/demo.yaml");

/// Where a file is looked for that no option names, and what to begin with.
struct FileSearch {
    variable: &'static str,
    paths: [&'static str; 2],
    example: &'static str,
    /// What to do where there is none.
    missing: &'static str,
}

/// The configuration of a sidecar.
const SIDECAR: FileSearch = FileSearch {
    variable: "SIDECAR_CONFIG_PATH",
    paths: ["/etc/sidecar/config.yaml", "config/config.yaml"],
    example: "config/config.example.yaml",
    missing: "copy config/config.example.yaml there, or try `--config config/demo.yaml`",
};

/// The configuration of a fleet.
const FLEET: FileSearch = FileSearch {
    variable: "SIDECAR_FLEET_PATH",
    paths: ["/etc/sidecar/fleet.yaml", "config/fleet.yaml"],
    example: "config/fleet.example.yaml",
    missing: "copy config/fleet.example.yaml there",
};

/// Reads the configuration at `path`; else at `$SIDECAR_CONFIG_PATH`, `/etc/sidecar/config.yaml`,
/// `config/config.yaml`, whichever comes first.
pub fn load(path: Option<&Path>, environment: &Environment) -> Result<Config, ConfigProblems> {
    let (file, text) = SIDECAR.read(path, environment)?;
    parse(&file, &text, environment)
}

/// The same of a fleet: `path`, `$SIDECAR_FLEET_PATH`, `/etc/sidecar/fleet.yaml`, `config/fleet.yaml`.
pub fn load_fleet(
    path: Option<&Path>,
    environment: &Environment,
) -> Result<FleetConfig, ConfigProblems> {
    let (file, text) = FLEET.read(path, environment)?;
    parse_fleet(&file, &text, environment)
}

/// The embedded demonstration: needs no file, no network, no database and no root.
pub fn demo(environment: &Environment) -> Result<Config, ConfigProblems> {
    parse(Path::new("config/demo.yaml"), DEMO, environment)
}

/// Checks `text`, which came from `file`.
pub fn parse(file: &Path, text: &str, environment: &Environment) -> Result<Config, ConfigProblems> {
    SIDECAR.parse(file, text, environment, configuration::check)
}

/// Checks `text`, which came from `file`, as the configuration of a fleet.
pub fn parse_fleet(
    file: &Path,
    text: &str,
    environment: &Environment,
) -> Result<FleetConfig, ConfigProblems> {
    FLEET.parse(file, text, environment, fleet::check)
}

impl FileSearch {
    /// The file and its text.
    fn read(
        &self,
        path: Option<&Path>,
        environment: &Environment,
    ) -> Result<(PathBuf, String), ConfigProblems> {
        let file = self.locate(path, environment)?;
        let text = environment.read(&file).map_err(|error| {
            let wrong = format!("the configuration cannot be read: {}", io_reason(&error));
            ConfigProblems::with_file(
                &file,
                wrong,
                "check the path, and that the sidecar's user may read it",
            )
        })?;
        Ok((file, text))
    }

    fn locate(
        &self,
        path: Option<&Path>,
        environment: &Environment,
    ) -> Result<PathBuf, ConfigProblems> {
        let named = environment
            .get(self.variable)
            .filter(|path| !path.is_empty());
        if let Some(path) = path.or(named.map(Path::new)) {
            return Ok(path.to_owned());
        }
        let found = self
            .paths
            .iter()
            .map(Path::new)
            .find(|path| environment.exists(path));
        found.map(Path::to_owned).ok_or_else(|| {
            let [first, second] = self.paths;
            let wrong = format!(
                "there is no configuration: neither --config nor ${} is given, \
                 and neither {first} nor {second} exists",
                self.variable
            );
            ConfigProblems::with_file(Path::new(second), wrong, self.missing)
        })
    }

    fn parse<T>(
        &self,
        file: &Path,
        text: &str,
        environment: &Environment,
        check: impl FnOnce(Document, &Environment, Vec<ConfigProblem>) -> Result<T, Vec<ConfigProblem>>,
    ) -> Result<T, ConfigProblems> {
        let (root, mut problems) = yaml::parse(text);
        let checked = match root {
            Some(mut root) if root.is_map() => {
                problems.extend(yaml::substitute(&mut root, environment));
                check(Document::new(file, &root), environment, problems)
            }
            _ if problems.is_empty() => {
                let wrong = "this is not a configuration: a map of keys is expected";
                let write = format!("start from {}", self.example);
                return Err(ConfigProblems::with_file(file, wrong, write));
            }
            _ => Err(problems),
        };
        checked.map_err(|problems| ConfigProblems::new(file, problems))
    }
}
