//! `/`: how every member stands, the worst first, and why.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::response::Response;

use super::chart::{AddedBytes, Chart, Measure};
use super::command_line::CommandLine;
use super::failure::PageFailure;
use super::filters::{FilterLink, is_of_member};
use super::frame::{Frame, MenuEntry, html};
use super::locale::Locale;
use super::marks::{Mark, Tone};
use super::reasons::{ReasonText, reason_text};
use super::run_progress::RunProgress;
use super::states::{is_overdue, state_mark};
use super::strip::Strip;
use super::visit::PageVisit;
use crate::frontend::http::state::ApiState;
use crate::service::{BackupQuery, Jobs, MemberStatus, SidecarStatus, StrategyDays};

/// Backups whose additions the chart shows.
const CHART_RUNS: usize = 90;
/// Runs among which the backups of the chart are looked for.
const MOST_RUNS: usize = 1000;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewScreen {
    page: Frame,
    heading: String,
    members: Vec<MemberCard>,
    /// Of several strategies: the chart of each, and of the set.
    charts: Vec<FilterLink>,
    chart: Chart,
    can_drill: bool,
}

/// A member as its card shows it.
struct MemberCard {
    /// For links: none if there is one strategy alone.
    name: Option<String>,
    title: String,
    tone: Tone,
    mark: Mark,
    status: MemberStatus,
    reasons: Vec<ReasonText>,
    command: Vec<CommandLine>,
    running: Option<RunProgress>,
    drill: Option<Mark>,
    /// Where the newest good backup is: "minio, local".
    places: String,
    /// Its bytes, and what they take in the store.
    size: String,
    /// What all backups take: "local 1.2 GiB, minio 1.2 GiB"; none where that is not known.
    in_all: Option<String>,
    verified: String,
    /// That the newest good backup is to be looked at.
    warned: Option<Mark>,
    /// The last days.
    strip: Strip,
    is_set: bool,
    /// Whether nothing was backed up yet.
    is_new: bool,
}

/// Shows how everything stands.
pub(super) async fn overview(
    State(app): State<Arc<ApiState>>,
    Extension(visit): Extension<PageVisit>,
) -> Result<Response, PageFailure> {
    let wants_added = Measure::asked(&visit) == Measure::Added;
    let (status, days, mut runs, added, can_drill) = app
        .blocking(move |app| {
            let service = app.jobs.service();
            let can_drill = service.all().any(|one| one.config().drill.is_some());
            let added = added_bytes(&app.jobs, wants_added);
            (
                app.jobs.status(),
                app.jobs.days(),
                service.runs(MOST_RUNS),
                added,
                can_drill,
            )
        })
        .await?;
    let stores = app.jobs.service().all();
    let stores = stores.flat_map(|one| &one.config().stores);
    let repositories = stores.filter(|store| store.repository().is_some());
    let repositories: Vec<String> = repositories.map(|store| store.name.clone()).collect();
    runs.retain(|run| is_of_member(&visit, run));
    let SidecarStatus { set, members, .. } = status;
    let several = app.jobs.service().config().several.as_ref();
    let of_set = several.map_or(&[][..], |several| several.set.members.as_slice());
    let set = set.into_iter().map(|set| (set, Some(of_set)));
    let all = set.chain(members.into_iter().map(|member| (member, None)));
    let cards =
        all.map(|(status, of_set)| card(visit.locale, status, &days, &repositories, of_set));
    let mut cards: Vec<MemberCard> = cards.collect();
    cards.sort_by_key(|card| std::cmp::Reverse(card.status.state));
    let worst = cards.iter().map(|card| card.tone).max();
    let heading = heading(visit.locale, &cards);
    Ok(html(&OverviewScreen {
        page: Frame::new(&visit, MenuEntry::Overview, &heading).icon(worst.unwrap_or(Tone::Empty)),
        heading,
        charts: FilterLink::members(&visit, app.jobs.service()),
        chart: Chart::of(&visit, &runs, added.as_ref()),
        members: cards,
        can_drill,
    }))
}

/// What each backup added to a repository, if that is asked for; none where no store is one.
fn added_bytes(jobs: &Jobs, wanted: bool) -> Option<AddedBytes> {
    let mut stores = jobs.service().all().flat_map(|one| &one.config().stores);
    stores.find(|store| store.repository().is_some())?;
    let query = BackupQuery {
        limit: Some(CHART_RUNS),
        ..BackupQuery::default()
    };
    let page = wanted.then(|| jobs.backups(&query).ok()).flatten();
    let backups = page.into_iter().flat_map(|page| page.backups);
    let manifests = backups.map(|listed| listed.backup.manifest);
    let stored = manifests.filter(|manifest| manifest.artifact.repository.is_some());
    Some(
        stored
            .map(|manifest| (manifest.id, manifest.artifact.size))
            .collect(),
    )
}

fn card(
    locale: Locale,
    status: MemberStatus,
    days: &[StrategyDays],
    repositories: &[String],
    of_set: Option<&[String]>,
) -> MemberCard {
    let is_set = of_set.is_some();
    let members = of_set.unwrap_or_default();
    let days = days.iter().find(|days| days.name == status.name);
    let mark = state_mark(locale, status.state, is_overdue(&status));
    let tone = mark.tone();
    let drill = status.last_drill.as_ref().map(|drill| {
        let age = locale.moment_text(drill.at);
        match &drill.error {
            None => Mark::new(
                Tone::Good,
                &locale.fill("drill-passed", &[("time", age.into())]),
            ),
            Some(_) => Mark::new(
                Tone::Bad,
                &locale.fill("drill-failed-at", &[("time", age.into())]),
            ),
        }
    });
    MemberCard {
        title: match &status.name {
            _ if is_set => {
                let members: Vec<&str> = members.iter().map(String::as_str).collect();
                locale.fill("the-set-of", &[("names", list(locale, &members).into())])
            }
            Some(name) => name.clone(),
            None => status.strategy.clone(),
        },
        name: status.name.clone(),
        command: vec![CommandLine::new("backup").strategy(status.name.as_deref())],
        mark,
        tone,
        reasons: status
            .why
            .iter()
            .map(|why| reason_text(locale, why))
            .collect(),
        running: status
            .running
            .as_ref()
            .map(|run| RunProgress::of(locale, run)),
        drill,
        verified: match is_verified(&status) {
            true => locale.text("verified-good"),
            false => locale.text("never-verified"),
        },
        places: match status.last_good.as_ref().map(|good| good.stores.as_slice()) {
            Some([]) | None => locale.text("on-this-sidecar"),
            Some(stores) => stores.join(", "),
        },
        strip: Strip::of(locale, days.map_or(&[], |days| days.days.as_slice())),
        size: size(locale, &status, repositories),
        in_all: in_all(locale, &status),
        warned: warned(locale, &status),
        is_set,
        is_new: status.last_good.is_none() && status.last_run.is_none(),
        status,
    }
}

/// "2.9 GiB, 17 MiB added"
fn size(locale: Locale, status: &MemberStatus, repositories: &[String]) -> String {
    let Some(good) = &status.last_good else {
        return String::new();
    };
    let raw = good.raw_size.unwrap_or(good.size);
    let is_added = good.stores.iter().any(|store| repositories.contains(store));
    let stored = locale.stored_size(raw, good.size, is_added);
    let all = std::iter::once(locale.size(raw)).chain(stored);
    all.collect::<Vec<_>>().join(", ")
}

fn in_all(locale: Locale, status: &MemberStatus) -> Option<String> {
    let stores = status.stores.iter();
    let known =
        stores.filter_map(|store| Some((&store.name, store.bytes.filter(|bytes| *bytes > 0)?)));
    let known = known.map(|(name, bytes)| format!("{name} {}", locale.size(bytes)));
    let known: Vec<String> = known.collect();
    let stores = || known.join(", ");
    (!known.is_empty()).then(|| locale.fill("stored-in-all", &[("stores", stores().into())]))
}

fn warned(locale: Locale, status: &MemberStatus) -> Option<Mark> {
    let count = status.last_good.as_ref()?.warnings;
    let text = || locale.fill("last-good-warned", &[("count", count.into())]);
    (count > 0).then(|| Mark::new(Tone::Late, &text()))
}

/// Whether the newest good backup was read as a whole.
fn is_verified(status: &MemberStatus) -> bool {
    let verified = status.last_verified.as_ref().map(|verified| &verified.id);
    verified.is_some() && verified == status.last_good.as_ref().map(|good| &good.id)
}

/// One sentence: who needs a look, by name, or that all is well.
fn heading(locale: Locale, cards: &[MemberCard]) -> String {
    let named = |tone: Tone| {
        let with = cards.iter().filter(move |card| card.tone == tone);
        with.map(|card| card.title.as_str()).collect::<Vec<_>>()
    };
    let sentence = |key: &str, names: &[&str]| {
        let values = [
            ("names", list(locale, names).into()),
            ("count", names.len().into()),
        ];
        locale.fill(key, &values)
    };
    let worst = [
        (Tone::Bad, "heading-failed"),
        (Tone::Late, "heading-late"),
        (Tone::Unknown, "heading-unknown"),
    ];
    let concerns: Vec<String> = worst
        .into_iter()
        .map(|(tone, key)| (named(tone), key))
        .filter(|(names, _)| !names.is_empty())
        .map(|(names, key)| sentence(key, &names))
        .collect();
    let good = named(Tone::Good);
    let mut concerns = concerns;
    let never = named(Tone::Empty);
    if !concerns.is_empty() && !never.is_empty() {
        concerns.push(sentence("heading-never-yet", &never));
    }
    let all_good = good.len() == cards.len();
    match (concerns.is_empty(), good.is_empty()) {
        (true, true) => locale.text("heading-never"),
        (true, false) if all_good => sentence("heading-fresh", &good),
        (true, false) => sentence("heading-some-fresh", &good),
        (false, true) => concerns.join("; "),
        (false, false) => format!(
            "{}; {}",
            concerns.join("; "),
            sentence("heading-fresh", &good)
        ),
    }
}

/// "a, b and c"
fn list(locale: Locale, names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => {
            let values = [("first", first.join(", ").into()), ("last", (*last).into())];
            locale.fill("list-and", &values)
        }
    }
}
