//! Packs files into a tar or zip, and unpacks them again.
//!
//! config → settings (absolute patterns) → walk (what is found, in order) → tar or zip → artifact.
//! artifact → tar or zip reader (members) → choice (which, and as what) → directory.

mod config;
mod format;
mod found;
mod header;
mod links;
mod path;
mod pattern;
mod restore;
mod settings;
mod tar_format;
mod walk;
mod zip_format;
mod zip_header;

use sidecar_sdk::restore::{self as back, Outcome, Request, Restore};
use sidecar_sdk::{Artifact, Failure, Plan, Result, Run, Strategy};

use config::{Compression, Config, Format as Kind};
use format::Format;
use settings::Settings;
use tar_format::Tar;
use walk::Walk;
use zip_format::Zip;

struct FileArchive;

impl Strategy for FileArchive {
    type Config = Config;

    const NAME: &'static str = "file_archive";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Packs files and directories into a tar or zip.";

    fn plan(config: Config) -> Result<Plan, Vec<Failure>> {
        Settings::new(&config).map(|settings| settings.plan(&config))
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        let config = run.config;
        let settings = Settings::new(&config).map_err(|mut mistakes| mistakes.swap_remove(0))?;
        let deflate = !matches!(
            config.compression,
            Some(Compression::None | Compression::Store)
        );
        let format: Box<dyn Format + '_> = match config.format {
            Kind::Tar => Box::new(Tar::new(artifact)),
            Kind::Zip => Box::new(Zip::new(artifact, deflate, config.level)),
        };
        Walk::new(&settings, format).run()
    }
}

impl Restore for FileArchive {
    fn plan_restore(request: Request<Config>) -> Result<back::Plan, Vec<Failure>> {
        restore::plan(&request)
    }

    fn restore(_: &str, request: Request<Config>) -> Result<Vec<Outcome>> {
        restore::restore(&request)
    }
}

sidecar_sdk::export_restorable!(FileArchive);
