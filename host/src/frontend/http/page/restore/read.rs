//! The third step: what will happen is read, what is replaced is typed, and the run begins.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::super::backup_rows::BackupRow;
use super::super::command_line::CommandLine;
use super::super::failure::PageFailure;
use super::super::frame::{Frame, MenuEntry, html, see};
use super::super::marks::Tone;
use super::super::visit::PageVisit;
use super::choice::{Choice, Destination};
use super::target_rows::TargetRow;
use super::what::{backup, offers};
use crate::display::visible_line;
use crate::frontend::http::audit::AuditTarget;
use crate::frontend::http::fields::{FormFields, encoded};
use crate::frontend::http::restore::order_in_words;
use crate::frontend::http::start;
use crate::frontend::http::state::{ApiState, Peer};
use crate::redact::redacted;
use crate::service::{Order, Preview, RunRequest};

#[derive(Template)]
#[template(path = "restore_read.html")]
struct ReadScreen {
    page: Frame,
    row: BackupRow,
    /// One for each member of a set, else one.
    plans: Vec<Preview>,
    size: u64,
    /// What comes back, as what, and what is there already.
    targets: Vec<TargetRow>,
    /// What is restored to, with their versions.
    servers: Vec<String>,
    /// Why it is not known what is there.
    unknown: Vec<String>,
    place: String,
    replaces: bool,
    /// Whether nothing but its commands can tell what is there already.
    is_unseen: bool,
    /// What has to be typed for that.
    typed_name: String,
    /// What did not fit the last time.
    problem: Option<String>,
    plan: String,
    hidden: Vec<(String, String)>,
    back: String,
    command: Vec<CommandLine>,
}

/// What is asked, and what that would do.
struct PreparedRestore {
    row: BackupRow,
    choice: Choice,
    order: Order,
    preview: Preview,
    strategy: Option<String>,
}

impl PreparedRestore {
    /// Stands for all that the preview says: an order is for this and nothing else.
    fn plan(&self) -> String {
        self.preview.digest(&self.order)
    }
}

/// Shows what will happen.
pub(in super::super) async fn read(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
    Path(id): Path<String>,
) -> Result<Response, PageFailure> {
    let prepared = prepare(&app, &visit, &id, Choice::of(&visit.query)).await?;
    Ok(screen(&visit, prepared, None))
}

/// Begins the restore, if the preview that was read is still true and what is replaced was typed.
pub(in super::super) async fn confirm(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
    Extension(peer): Extension<Peer>,
    Path(id): Path<String>,
    body: String,
) -> Result<Response, PageFailure> {
    let fields = FormFields::parse(&body);
    let prepared = prepare(&app, &visit, &id, Choice::of(&fields)).await?;
    let is_read = fields.get("plan") == Some(prepared.plan().as_str());
    let problem = match fields.get("plan") {
        None => Some("restore-not-read"),
        Some(_) if !is_read => Some("restore-plan-changed"),
        Some(_)
            if prepared.order.replace && fields.get("typed") != Some(&typed_name(&prepared)) =>
        {
            Some("restore-not-typed")
        }
        Some(_) => None,
    };
    if let Some(problem) = problem {
        let problem = visit.locale.text(problem);
        let shown = screen(&visit, prepared, Some(problem));
        return Ok((StatusCode::CONFLICT, shown).into_response());
    }
    let target = AuditTarget(order_in_words(&prepared.order));
    let request = RunRequest {
        strategy: prepared.strategy,
        asked_by: peer.asked_by(),
        ..RunRequest::restore(prepared.order)
    };
    let run = start::start(&app, request).await?.run();
    let mut answer = see(&format!("../../runs/{}", encoded(&run.id)));
    answer.extensions_mut().insert(target);
    Ok(answer)
}

async fn prepare(
    app: &Arc<ApiState>,
    visit: &PageVisit,
    id: &str,
    choice: Choice,
) -> Result<PreparedRestore, PageFailure> {
    let row = backup(app, visit, id).await?;
    let offers = offers(app, &row).await?;
    let manifest = row.manifest.clone();
    let (choice, order, preview, strategy) = app
        .blocking(move |app| {
            let service = app.jobs.service().holding(&manifest.id)?;
            let order = choice.order(service.config(), &manifest, &offers)?;
            let preview = service.preview_restore(&order)?;
            let strategy = service.config().member.clone();
            Ok::<_, PageFailure>((choice, order, preview, strategy))
        })
        .await??;
    Ok(PreparedRestore {
        row,
        choice,
        order,
        preview,
        strategy,
    })
}

fn screen(visit: &PageVisit, prepared: PreparedRestore, problem: Option<String>) -> Response {
    let typed_name = typed_name(&prepared);
    let plan = prepared.plan();
    let PreparedRestore {
        row,
        choice,
        order,
        preview,
        ..
    } = prepared;
    let locale = visit.locale;
    let previews = previews(&preview);
    let is_unseen = !order.replace && previews.iter().any(|one| is_unseen(one));
    let place = match &choice.destination {
        Some(Destination::Target(name)) => locale.fill("into-target", &[("name", name.into())]),
        Some(Destination::Replace) => locale.text("into-original-replacing"),
        Some(Destination::NewNames) => locale.text("into-new-names"),
        Some(Destination::Original) | None if is_unseen => locale.text("into-original-unseen"),
        Some(Destination::Original) | None => locale.text("into-original"),
    };
    let server = |one: &&Preview| one.server.clone();
    let unknown = |one: &&Preview| Some(one.unknown.as_ref()?.message.clone());
    let title = locale.text("restore-read-title");
    html(&ReadScreen {
        page: Frame::new(visit, MenuEntry::Backups, &title).icon(Tone::Empty),
        size: preview.size,
        targets: TargetRow::all(locale, &order, &previews),
        servers: previews.iter().filter_map(server).collect(),
        unknown: previews.iter().filter_map(unknown).collect(),
        place,
        replaces: order.replace,
        is_unseen,
        typed_name,
        problem,
        plan,
        hidden: choice.all_fields().pairs().to_vec(),
        back: format!("where{}", choice.all_fields().query()),
        command: vec![command(&row.manifest.id, &choice, &order)],
        plans: previews.into_iter().cloned().collect(),
        row,
    })
}

/// Whether only the commands of a restore can tell what is there already.
fn is_unseen(preview: &Preview) -> bool {
    !preview.commands.is_empty() && preview.targets.is_empty()
}

/// Of a set those of its members, else the one.
fn previews(preview: &Preview) -> Vec<&Preview> {
    match preview.members.as_slice() {
        [] => vec![preview],
        members => members.iter().collect(),
    }
}

/// What has to be typed, as the page shows it: a keyboard has no key for the rest.
fn typed_name(prepared: &PreparedRestore) -> String {
    visible_line(&redacted(&replaced(prepared)))
}

/// The one part that is replaced, or the members of a set, or what the backup is of.
fn replaced(prepared: &PreparedRestore) -> String {
    let members = prepared.preview.members.iter();
    let members: Vec<&str> = members.filter_map(|one| one.strategy.as_deref()).collect();
    match (prepared.order.only.as_slice(), members.as_slice()) {
        ([only], _) => only.name.clone(),
        (_, []) => match &prepared.row.of {
            Some(of) => of.clone(),
            None => prepared.row.manifest.strategy.name.clone(),
        },
        (_, members) => members.join(", "),
    }
}

/// The same on the command line.
fn command(id: &str, choice: &Choice, order: &Order) -> CommandLine {
    let mut line = CommandLine::new("restore").word(id);
    for selection in &order.only {
        line = line.only(&selection.name, selection.new_name.as_deref());
    }
    if let Some(Destination::Target(name)) = &choice.destination {
        line = line.option("--into", name);
    }
    match order.replace {
        true => line.word("--replace"),
        false => line,
    }
}
