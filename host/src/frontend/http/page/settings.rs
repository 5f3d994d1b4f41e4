//! `ui/sidecar`: schedules, stores, modules and what they may touch, and who asked for what.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::failure::PageFailure;
use super::frame::{Frame, MenuEntry, html};
use super::locale::Locale;
use super::marks::{Mark, Tone};
use super::visit::PageVisit;
use crate::config::{Config, Place};
use crate::frontend::http::state::ApiState;
use crate::service::{AuditEntry, MemberStatus, ModuleAccess, RunFailure, Service, ShownConfig};

/// Entries of the audit log that are shown.
const AUDITED: usize = 50;

#[derive(Template)]
#[template(path = "settings.html")]
struct SettingsScreen {
    page: Frame,
    members: Vec<ConfiguredMember>,
    modules: ModuleAccess,
    targets: Vec<String>,
    /// Who asked for what, newest first.
    audit: Vec<AuditEntry>,
    /// As JSON, which is YAML too.
    configuration: String,
    version: &'static str,
}

/// A strategy as it is configured.
struct ConfiguredMember {
    title: String,
    strategy: String,
    schedules: Vec<String>,
    /// In place of schedules of its own.
    unscheduled: String,
    stores: Vec<StoreRow>,
    /// "daily: 30 days"
    retention: Vec<String>,
    status: Option<MemberStatus>,
}

/// A store, and whether it answers.
struct StoreRow {
    name: String,
    place: String,
    mark: Mark,
    backups: usize,
    /// What they take; none where they share their bytes.
    size: Option<String>,
    error: Option<RunFailure>,
}

/// Shows the configuration that is in force, without secrets.
pub(super) async fn settings(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
) -> Result<Response, PageFailure> {
    let locale = visit.locale;
    let (members, modules, targets, audit, configuration) = app
        .blocking(move |app| {
            let service = app.jobs.service();
            let status = app.jobs.status();
            let of = |one: &Service| {
                let name = &one.config().member;
                let mut all = status.members.iter();
                let status = match one.members().is_empty() {
                    true => all.find(|member| member.name == *name),
                    false => status.set.as_ref(),
                };
                member(locale, one.config(), status.cloned())
            };
            let members: Vec<_> = service.all().map(of).collect();
            let targets = service.config().restore_targets.iter();
            let targets: Vec<_> = targets.map(|target| target.name.clone()).collect();
            (
                members,
                service.module_access(),
                targets,
                service.audited(AUDITED),
                shown(&service.shown_config()),
            )
        })
        .await?;
    let title = locale.text("nav-sidecar");
    Ok(html(&SettingsScreen {
        page: Frame::new(&visit, MenuEntry::Settings, &title).icon(Tone::Empty),
        members,
        modules,
        targets,
        audit,
        configuration,
        version: env!("CARGO_PKG_VERSION"),
    }))
}

fn shown(config: &ShownConfig) -> String {
    format!("# {}\n{:#}", config.file, config.configuration)
}

fn member(locale: Locale, config: &Config, status: Option<MemberStatus>) -> ConfiguredMember {
    let schedules = config.schedule.iter();
    let schedules = schedules.map(|spec| format!("{} ({})", spec.cron, spec.timezone));
    let stores = config.stores.iter().map(|spec| {
        let stores = status.iter().flat_map(|status| &status.stores);
        let store = stores.into_iter().find(|store| store.name == spec.name);
        let error = store.and_then(|store| store.error.clone());
        let mark = match (store, &error) {
            (None, _) => Mark::new(Tone::Empty, &locale.text("store-not-asked")),
            (Some(_), None) => Mark::new(Tone::Good, &locale.text("store-answers")),
            (Some(_), Some(_)) => Mark::new(Tone::Unknown, &locale.text("status-unknown")),
        };
        StoreRow {
            name: spec.name.clone(),
            place: match &spec.place {
                Place::S3(bucket) => format!("s3://{}/{}", bucket.name, spec.prefix),
                Place::Fs { path } => format!("{}/{}", path.display(), spec.prefix),
            },
            mark,
            backups: store.map_or(0, |store| store.backups),
            size: store
                .and_then(|store| store.bytes)
                .map(|bytes| locale.size(bytes)),
            error,
        }
    });
    let retention = config.retention.iter().map(|(tier, rule)| {
        let tier = super::backup_rows::tier_text(locale, &tier);
        match (rule.days, rule.last) {
            (Some(days), _) => format!(
                "{tier}: {}",
                locale.fill("for-days", &[("days", days.into())])
            ),
            (_, Some(last)) => format!(
                "{tier}: {}",
                locale.fill("the-last", &[("count", last.into())])
            ),
            (None, None) => format!("{tier}: {}", locale.text("for-ever")),
        }
    });
    ConfiguredMember {
        title: match (&config.member, &config.several) {
            (Some(name), _) => name.clone(),
            (None, Some(_)) => locale.text("the-set"),
            (None, None) => config.strategy.name.clone(),
        },
        strategy: match &config.several {
            Some(several) => several.set.members.join(", "),
            None => config.strategy.name.clone(),
        },
        schedules: schedules.collect(),
        unscheduled: locale.text(match status.as_ref().and_then(|status| status.next) {
            Some(_) => "with-the-set",
            None => "no-schedule",
        }),
        stores: stores.collect(),
        retention: retention.collect(),
        status,
    }
}
