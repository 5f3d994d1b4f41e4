//! Finding the file, and the way from its text to a [`Config`].

use std::path::{Path, PathBuf};

use super::configuration::{self, Config};
use super::environment::{Environment, io_reason};
use super::yaml::{self, ConfigProblems, Document};

/// A configuration that works anywhere: archives what lies in a clone of the repository.
const DEMO: &str = include_str!("../../../config/demo.yaml");

/// Reads the configuration at `path`; else at `$SIDECAR_CONFIG_PATH`, `/etc/sidecar/config.yaml`,
/// `config/config.yaml`, whichever comes first.
pub fn load(path: Option<&Path>, environment: &Environment) -> Result<Config, ConfigProblems> {
    let file = locate(path, environment)?;
    let text = environment.read(&file).map_err(|error| {
        let wrong = format!("the configuration cannot be read: {}", io_reason(&error));
        ConfigProblems::with_file(
            &file,
            wrong,
            "check the path, and that the sidecar's user may read it",
        )
    })?;
    parse(&file, &text, environment)
}

/// The embedded demonstration: needs no file, no network, no database and no root.
pub fn demo(environment: &Environment) -> Result<Config, ConfigProblems> {
    parse(Path::new("config/demo.yaml"), DEMO, environment)
}

/// Checks `text`, which came from `file`.
pub fn parse(file: &Path, text: &str, environment: &Environment) -> Result<Config, ConfigProblems> {
    let (root, mut problems) = yaml::parse(text);
    let checked = match root {
        Some(mut root) if root.is_map() => {
            problems.extend(yaml::substitute(&mut root, environment));
            configuration::check(Document::new(file, &root), environment, problems)
        }
        _ if problems.is_empty() => {
            let wrong = "this is not a configuration: a map of keys is expected";
            let write = "start from config/config.example.yaml";
            return Err(ConfigProblems::with_file(file, wrong, write));
        }
        _ => Err(problems),
    };
    checked.map_err(|problems| ConfigProblems::new(file, problems))
}

/// Where the configuration is.
fn locate(path: Option<&Path>, environment: &Environment) -> Result<PathBuf, ConfigProblems> {
    const SEARCH_PATH: [&str; 2] = ["/etc/sidecar/config.yaml", "config/config.yaml"];
    let named = environment
        .get("SIDECAR_CONFIG_PATH")
        .filter(|path| !path.is_empty());
    if let Some(path) = path.or(named.map(Path::new)) {
        return Ok(path.to_owned());
    }
    let found = SEARCH_PATH
        .iter()
        .map(Path::new)
        .find(|path| environment.exists(path));
    found.map(Path::to_owned).ok_or_else(|| {
        ConfigProblems::with_file(
            Path::new(SEARCH_PATH[1]),
            format!(
                "there is no configuration: neither --config nor $SIDECAR_CONFIG_PATH is given, \
                 and neither {} nor {} exists",
                SEARCH_PATH[0], SEARCH_PATH[1]
            ),
            "copy config/config.example.yaml there, or try `--config config/demo.yaml`",
        )
    })
}
