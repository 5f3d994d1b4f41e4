//! What belongs to the server: roles, who is a member of which, their settings, tablespaces, rights on parameters. It is
//! saved as data, and replayed by the server, which quotes each name and value itself.

mod compare;
mod facts;
mod legacy;
mod read;
mod replay;
mod restore;
mod script;

pub(super) use read::read;
pub(super) use replay::VALUES;
pub(super) use restore::restore;
pub(super) use script::write;
