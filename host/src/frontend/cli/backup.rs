//! `sidecar backup`: one run now.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::options::{Options, StrategyArg};
use super::print::outln;
use super::{print, progress, signals};
use crate::error::{Error, Result};
use crate::fs_atomic::AtomicFile;
use crate::service::{CompletedBackup, Job, RunRequest, Service};

/// How long notifications may keep the command from ending.
const NOTIFY_TIMEOUT: Duration = Duration::from_secs(5);

/// Arguments of `sidecar backup`.
#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    #[command(flatten)]
    of: StrategyArg,
    /// Passed to the commands as SIDE_CAR_DRIVE_FOLDER_ID
    #[arg(long, value_name = "ID")]
    drive_folder_id: Option<String>,
    /// Also write the artifact, of several strategies the set as one ZIP, to this file; "-" is stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) fn run(options: &Options, args: &BackupArgs) -> Result<ExitCode> {
    let all = Service::new(options.load()?)?;
    let service = all.strategy(args.of.strategy.as_deref())?;
    let request = RunRequest {
        strategy: args.of.strategy.clone(),
        ..RunRequest::new(args.drive_folder_id.clone())
    };
    make(options, service, request, args.output.as_deref())
}

/// One run now, whose artifact is also written to `output`.
pub(super) fn make(
    options: &Options,
    service: &Service,
    request: RunRequest,
    output: Option<&Path>,
) -> Result<ExitCode> {
    let to_stdout = output == Some(Path::new("-"));
    if to_stdout && options.json {
        return Err(Error::new(
            crate::error::Kind::BadRequest,
            "usage",
            "--output - and --json both write to stdout: use one of them",
        ));
    }
    let request = RunRequest {
        // With stores, the published file is removed after the upload.
        downloadable: output.is_some(),
        ..request
    };
    let job = Arc::new(service.job(request));
    signals::cancel_on_signal(job.cancel())?;
    let display = progress::show(options, &job);
    let done = service.backup(&job);
    drop(display);
    service.finish_notifying(NOTIFY_TIMEOUT);
    let backup = match (done, signals::exit_code()) {
        (Ok(backup), _) => backup,
        (Err(error), Some(code)) => {
            print::error(options, &error);
            return Ok(code);
        }
        (Err(error), None) => return Err(error),
    };
    if let Some(output) = output
        && !service.members().is_empty()
    {
        copy_set(service, &job, output, to_stdout)?;
        service.artifact_received(&backup.id);
    } else if let Some(output) = output {
        let artifact = &backup.artifact.path;
        let source = match service.cached_artifact(&job.run()) {
            Some(cached) => cached,
            None => File::open(artifact).map_err(|error| Error::io("open", artifact, error))?,
        };
        copy(source, output, to_stdout)?;
        service.artifact_received(&backup.id);
    }
    if options.json {
        outln!("{}", serde_json::json!(backup));
    } else if !to_stdout {
        print(&backup);
    }
    Ok(ExitCode::SUCCESS)
}

fn print(backup: &CompletedBackup) {
    for member in &backup.members {
        outln!("{}", member.member.as_deref().unwrap_or_default());
        print(member);
    }
    if !backup.members.is_empty() {
        outln!("set");
    }
    let artifact = &backup.artifact;
    if backup.stores.is_empty() {
        outln!("{}", artifact.path.display());
    }
    for store in &backup.stores {
        for key in &store.keys {
            outln!("{}  {key}", store.name);
        }
    }
    outln!(
        "  size    {} ({} bytes)",
        print::size(artifact.size),
        artifact.size
    );
    outln!("  sha256  {}", artifact.sha256);
    for omission in &artifact.omissions {
        outln!(
            "  without {}: {}",
            print::plain(&omission.what),
            print::plain(&omission.message)
        );
    }
    for warning in &backup.warnings {
        outln!("  but     {}", print::plain(&warning.message));
    }
    outln!(
        "  took    {}.{:03} s",
        backup.duration_ms / 1000,
        backup.duration_ms % 1000
    );
    if let Some(doubt) = &backup.clock_doubt {
        outln!("  clock   not trusted: {doubt}; nothing old was deleted");
    }
}

/// Copies the artifact to `output`; the file appears whole or not at all.
fn copy(mut source: File, output: &Path, to_stdout: bool) -> Result<()> {
    if to_stdout {
        let mut stdout = io::stdout().lock();
        return io::copy(&mut source, &mut stdout)
            .and_then(|_| stdout.flush())
            .map_err(|error| Error::io("write to", output, error));
    }
    let mut file = create(output)?;
    file.copy_from(&mut source)?;
    Ok(file.commit()?)
}

/// The same with a set, as one file.
fn copy_set(service: &Service, job: &Job, output: &Path, to_stdout: bool) -> Result<()> {
    if to_stdout {
        let mut stdout = io::stdout().lock();
        let failed = |error| Error::io("write to", output, error);
        service.write_set(job, &mut |bytes| stdout.write_all(bytes).map_err(failed))?;
        return stdout.flush().map_err(failed);
    }
    let mut file = create(output)?;
    service.write_set(job, &mut |bytes| Ok(file.write(bytes)?))?;
    Ok(file.commit()?)
}

fn create(output: &Path) -> Result<AtomicFile> {
    let mut name = output.as_os_str().to_owned();
    name.push(".partial");
    Ok(AtomicFile::create_as(PathBuf::from(name), output, 0o666)?)
}
