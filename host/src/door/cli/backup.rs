//! `sidecar backup`: one run now.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::{Options, print, progress, signals};
use crate::error::{Error, Result};
use crate::service::{Backup, Request, Service};

/// How long those who are to be notified may keep the command from ending.
const NOTIFYING: Duration = Duration::from_secs(5);

/// What a run can be told.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Given to the commands as SIDE_CAR_DRIVE_FOLDER_ID
    #[arg(long, value_name = "ID")]
    drive_folder_id: Option<String>,
    /// Also write the artifact here; "-" is stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(options: &Options, arguments: &Arguments) -> Result<ExitCode> {
    let to_stdout = arguments.output.as_deref() == Some(Path::new("-"));
    if to_stdout && options.json {
        return Err(Error::new(
            crate::error::Kind::BadRequest,
            "usage",
            "--output - and --json both want stdout: use one of them",
        ));
    }
    let service = Service::new(options.load()?)?;
    let request = Request {
        // With stores, the published file goes away.
        keep: arguments.output.is_some(),
        ..Request::new(arguments.drive_folder_id.clone())
    };
    let job = Arc::new(service.job(request));
    signals::cancel_on_signal(job.cancel())?;
    let shown = progress::show(options, &job);
    let done = service.backup(&job);
    drop(shown);
    service.finish_notifying(NOTIFYING);
    let backup = match (done, signals::exit_code()) {
        (Ok(backup), _) => backup,
        (Err(error), Some(code)) => {
            print::error(options, &error);
            return Ok(code);
        }
        (Err(error), None) => return Err(error),
    };
    if let Some(output) = &arguments.output {
        let artifact = &backup.artifact.path;
        let source = match service.kept_artifact(&job.run()) {
            Some(kept) => kept,
            None => File::open(artifact).map_err(|error| Error::io("open", artifact, error))?,
        };
        copy(source, output, to_stdout)?;
        service.delivered(&backup.id);
    }
    if options.json {
        println!("{}", serde_json::json!(backup));
    } else if !to_stdout {
        print(&backup);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(backup: &Backup) {
    let artifact = &backup.artifact;
    if backup.stores.is_empty() {
        println!("{}", artifact.path.display());
    }
    for store in &backup.stores {
        for key in &store.keys {
            println!("{}  {key}", store.name);
        }
    }
    println!(
        "  size    {} ({} bytes)",
        print::size(artifact.size),
        artifact.size
    );
    println!("  sha256  {}", artifact.sha256);
    println!(
        "  took    {}.{:03} s",
        backup.duration_ms / 1000,
        backup.duration_ms % 1000
    );
}

/// A copy for the caller: a file appears whole or not at all.
fn copy(mut source: File, output: &Path, to_stdout: bool) -> Result<()> {
    if to_stdout {
        let mut stdout = io::stdout().lock();
        return io::copy(&mut source, &mut stdout)
            .and_then(|_| stdout.flush())
            .map_err(|error| Error::io("write to", output, error));
    }
    let mut name = output.as_os_str().to_owned();
    name.push(".partial");
    let partial = PathBuf::from(name);
    File::create(&partial)
        .and_then(|mut file| io::copy(&mut source, &mut file).and_then(|_| file.sync_all()))
        .and_then(|()| std::fs::rename(&partial, output))
        .map_err(|error| {
            // What could not be written is no backup; that it is left would be the worse error.
            let _ = std::fs::remove_file(&partial);
            Error::io("write", output, error)
        })
}
