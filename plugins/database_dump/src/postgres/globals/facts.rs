//! What belongs to a server and to no database, as data.

use serde::{Deserialize, Serialize};

/// The globals of a server. What an older server does not know is absent.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(in crate::postgres) struct Globals {
    /// The role that `initdb` made: grants by a superuser are recorded as its own.
    #[serde(default)]
    pub(super) bootstrap: Option<String>,
    #[serde(default)]
    pub(super) roles: Vec<Role>,
    #[serde(default)]
    pub(super) memberships: Vec<Membership>,
    #[serde(default)]
    pub(super) settings: Vec<Setting>,
    #[serde(default)]
    pub(super) tablespaces: Vec<Tablespace>,
    /// Rights on configuration parameters, since 15.
    #[serde(default)]
    pub(super) parameters: Vec<ParameterGrant>,
}

/// A role. The attributes that the server does not let everyone read are absent where it did not.
#[derive(Debug, Default, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) superuser: bool,
    pub(super) inherit: bool,
    pub(super) createrole: bool,
    pub(super) createdb: bool,
    pub(super) login: bool,
    pub(super) replication: bool,
    pub(super) bypassrls: bool,
    pub(super) limit: i64,
    /// As it is stored: a verifier, not the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) valid_until: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) labels: Vec<Label>,
}

/// A security label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Label {
    pub(super) provider: String,
    pub(super) label: String,
}

/// That a role has another's rights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Membership {
    pub(super) role: String,
    pub(super) member: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) grantor: Option<String>,
    pub(super) admin: bool,
    /// Since 16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) inherit: Option<bool>,
    /// Since 16.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) set: Option<bool>,
}

/// A parameter that a role's sessions begin with, in every database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Setting {
    /// Absent for all roles.
    pub(super) role: Option<String>,
    pub(super) name: String,
    pub(super) value: String,
}

/// A folder of the server in which databases and tables may lie.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Tablespace {
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) location: String,
    /// "name=value"
    #[serde(default)]
    pub(super) options: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<String>,
    #[serde(default)]
    pub(super) grants: Vec<TablespaceGrant>,
}

/// Who may create something in a tablespace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TablespaceGrant {
    /// Absent for everyone.
    pub(super) grantee: Option<String>,
    pub(super) grantable: bool,
}

/// The right to set a parameter, or to change it for the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ParameterGrant {
    pub(super) parameter: String,
    /// "SET" or "ALTER SYSTEM".
    pub(super) privilege: String,
    /// Absent for everyone.
    pub(super) grantee: Option<String>,
    pub(super) grantable: bool,
}

impl Globals {
    /// The roles that may do more than the server's rules let others do.
    pub(super) fn powerful(&self) -> Vec<String> {
        let words = |role: &Role| {
            let words = [
                (role.superuser, "SUPERUSER"),
                (role.replication, "REPLICATION"),
                (role.bypassrls, "BYPASSRLS"),
            ];
            let words: Vec<&str> = words
                .iter()
                .filter(|(has, _)| *has)
                .map(|(_, word)| *word)
                .collect();
            (!words.is_empty()).then(|| format!("{} {}", role.name, words.join(" ")))
        };
        self.roles.iter().filter_map(words).collect()
    }
}
