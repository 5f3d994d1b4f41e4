//! The web page: screens that the server renders, and forms that work without a script.
//!
//! ```text
//! routes ──► visit (session, language) ──► one file for each screen ──► templates/NAME.html
//!              └── sign_in, oidc, session, origin      └── frame, text, marks, chart
//! ```
//!
//! Every link is relative, so that a proxy may serve the page below any prefix. A token is never in the
//! browser: it buys a session, whose cookie the API does not take. What the page needs is in the binary.

mod amounts;
mod assets;
mod backup;
mod backup_rows;
mod backups;
mod beats;
mod chart;
mod check;
mod command_line;
mod drills;
mod events;
mod failure;
mod filters;
mod fleet;
mod frame;
mod inside;
mod locale;
mod marks;
mod oidc;
mod origin;
mod overview;
mod pages;
mod reasons;
mod restore;
mod routes;
mod run;
mod run_progress;
mod run_rows;
mod runs;
mod scope;
mod session;
mod settings;
mod sign_in;
mod states;
mod strip;
mod verdicts;
mod visit;

pub(super) use fleet::routes as fleet_routes;
pub(super) use frame::see;
pub(super) use routes::{routes, screen_above};
pub(super) use session::Sessions;
