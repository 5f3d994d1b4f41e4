//! Archives files as a tar or zip, and extracts them again.
//!
//! config → settings (absolute patterns) → walk (entries, in order) → tar or zip writer → artifact,
//!                                                                  → tree writer → repository.
//! artifact → tar or zip reader (members) → selection (which, under which name) → directory.

mod archive_writer;
mod config;
mod gap;
mod gaps;
mod hard_links;
mod leftover;
mod path;
mod pattern;
mod pattern_outcomes;
mod pax_attributes;
mod posix_acl;
mod resolved_entry;
mod restore;
mod settings;
mod survey;
mod tar_header;
mod tar_writer;
mod tree_check;
mod tree_writer;
mod walk;
mod zip_header;
mod zip_limits;
mod zip_writer;

use sidecar_sdk::restore::{Outcome, Plan as RestorePlan, Request, Restore};
use sidecar_sdk::{Artifact, Failure, Findings, Plan, Result, Run, Strategy, tree};

use archive_writer::ArchiveWriter;
use config::{Compression, Config, Format};
use gaps::Gaps;
use settings::Settings;
use tar_writer::TarWriter;
use tree_check::check_tree;
use tree_writer::TreeWriter;
use walk::Walk;
use zip_writer::ZipWriter;

struct FileArchive;

impl Strategy for FileArchive {
    type Config = Config;

    const NAME: &'static str = "file_archive";
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const SUMMARY: &'static str = "Archives files and directories as a tar or zip.";

    fn plan(config: Config) -> Result<Plan, Vec<Failure>> {
        Settings::new(&config).map(|settings| settings.plan(&config))
    }

    fn preflight(config: Config) -> Findings {
        match Settings::new(&config) {
            Ok(settings) => check_tree(&settings, config.format),
            Err(failures) => Findings {
                failures,
                warnings: Vec::new(),
            },
        }
    }

    fn backup(run: Run<Config>, artifact: &mut Artifact) -> Result<()> {
        let config = run.config;
        let settings = Settings::new(&config).map_err(|mut errors| errors.swap_remove(0))?;
        let deflate = !matches!(
            config.compression,
            Some(Compression::None | Compression::Store)
        );
        let writer: Box<dyn ArchiveWriter + '_> = match config.format {
            Format::Tar if settings.names_are_sorted() && tree::wanted() => {
                Box::new(TreeWriter::default())
            }
            Format::Tar => Box::new(TarWriter::new(artifact)),
            Format::Zip => Box::new(ZipWriter::new(artifact, deflate, config.level)),
        };
        Walk::new(&settings, writer, Gaps::new(&settings)).run()
    }
}

impl Restore for FileArchive {
    fn plan_restore(request: Request<Config>) -> Result<RestorePlan, Vec<Failure>> {
        restore::plan(&request)
    }

    fn restore(_: &str, request: Request<Config>) -> Result<Vec<Outcome>> {
        restore::restore(&request)
    }

    fn find_refusals(request: Request<Config>) -> Vec<Failure> {
        restore::find_refusals(&request)
    }
}

sidecar_sdk::export_restorable!(FileArchive);
