//! What a server has of the globals of a backup, before and after their restore.

use super::facts::{Globals, Membership, Role};

/// What the operator is told.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    /// Roles that were there and are not as in the backup.
    pub(super) unchanged: Vec<String>,
    /// Tablespaces that are not there.
    pub(super) tablespaces: Vec<String>,
    /// Anything else that the backup has and the server has not.
    pub(super) missing: Vec<String>,
    pub(super) made: usize,
}

/// `account` is the role that restores: it stays as it is.
pub(super) fn compare(
    backup: &Globals,
    before: &Globals,
    after: &Globals,
    account: &str,
    replace: bool,
) -> Comparison {
    let mut result = Comparison::default();
    let was_there = |name: &str| before.roles.iter().any(|role| role.name == name);
    let keeps = |name: &str| name == account || (was_there(name) && !replace);
    for role in &backup.roles {
        let is = after.roles.iter().find(|other| other.name == role.name);
        let Some(is) = is else {
            result.missing.push(format!("the role {}", role.name));
            continue;
        };
        if !was_there(&role.name) {
            result.made += 1;
        }
        let settings = |globals: &Globals| {
            let own = globals.settings.iter();
            let own = own.filter(|setting| setting.role.as_ref() == Some(&role.name));
            let mut own: Vec<_> = own.cloned().collect();
            own.sort_unstable();
            own
        };
        let (wanted, has) = (settings(backup), settings(after));
        if keeps(&role.name) {
            if !same_attributes(role, is) || wanted != has {
                result.unchanged.push(role.name.clone());
            }
            continue;
        }
        let differs = differing_attributes(role, is);
        if !differs.is_empty() {
            let differs = differs.join(", ");
            result.missing.push(format!("{differs} of {}", role.name));
        }
        for setting in wanted.iter().filter(|setting| !has.contains(setting)) {
            let text = format!("the setting {} of {}", setting.name, role.name);
            result.missing.push(text);
        }
    }
    for membership in &backup.memberships {
        let both_keep = keeps(&membership.role) && keeps(&membership.member);
        if both_keep {
            if !holds(membership, after) {
                let (member, role) = (&membership.member, &membership.role);
                result
                    .unchanged
                    .push(format!("{member} as no member of {role}"));
            }
            continue;
        }
        if holds(membership, after) && gains(membership, after) {
            result.missing.push(format!(
                "that {} is a member of {} without INHERIT or SET, which this server does not know",
                membership.member, membership.role
            ));
        } else if !holds(membership, after) {
            result.missing.push(format!(
                "that {} is a member of {}{}",
                membership.member,
                membership.role,
                if membership.admin { " with ADMIN" } else { "" }
            ));
        }
    }
    for setting in &backup.settings {
        let mut has = after.settings.iter();
        if setting.role.is_none() && !has.any(|own| own.role.is_none() && own.name == setting.name)
        {
            let text = format!("the setting {} of all roles", setting.name);
            result.missing.push(text);
        }
    }
    for grant in &backup.parameters {
        let keeps = grant.grantee.as_deref().is_some_and(keeps);
        if !keeps && !after.parameters.contains(grant) {
            result.missing.push(format!(
                "the right of {} to the parameter {}",
                grant.grantee.as_deref().unwrap_or("everyone"),
                grant.parameter
            ));
        }
    }
    for tablespace in &backup.tablespaces {
        let mut others = after.tablespaces.iter();
        if !others.any(|other| other.name == tablespace.name) {
            let text = format!("{} ({})", tablespace.name, tablespace.location);
            result.tablespaces.push(text);
        }
    }
    result
}

/// Whether the server has this membership, granted by any role, with all of its options that both versions know.
fn holds(wanted: &Membership, globals: &Globals) -> bool {
    let has = |is: fn(&Membership) -> bool| {
        let mut all = globals.memberships.iter();
        all.any(|other| other.role == wanted.role && other.member == wanted.member && is(other))
    };
    has(|_| true)
        && (!wanted.admin || has(|other| other.admin))
        && (wanted.inherit != Some(true) || has(|other| other.inherit != Some(false)))
        && (wanted.set != Some(true) || has(|other| other.set != Some(false)))
}

/// Whether the member has more of the role than in the backup, because the server knows no such options.
fn gains(wanted: &Membership, globals: &Globals) -> bool {
    (wanted.inherit == Some(false) || wanted.set == Some(false))
        && globals.memberships.iter().any(|other| {
            other.role == wanted.role && other.member == wanted.member && other.inherit.is_none()
        })
}

fn same_attributes(wanted: &Role, is: &Role) -> bool {
    differing_attributes(wanted, is).is_empty()
}

/// Passwords are not compared: few may read them.
fn differing_attributes(wanted: &Role, is: &Role) -> Vec<&'static str> {
    let never = |role: &Role| {
        role.valid_until
            .as_deref()
            .is_none_or(|until| until == "infinity")
    };
    let attributes = [
        ("SUPERUSER", wanted.superuser != is.superuser),
        ("INHERIT", wanted.inherit != is.inherit),
        ("CREATEROLE", wanted.createrole != is.createrole),
        ("CREATEDB", wanted.createdb != is.createdb),
        ("LOGIN", wanted.login != is.login),
        ("REPLICATION", wanted.replication != is.replication),
        ("BYPASSRLS", wanted.bypassrls != is.bypassrls),
        ("CONNECTION LIMIT", wanted.limit != is.limit),
        ("VALID UNTIL", never(wanted) != never(is)),
        ("the comment", wanted.comment != is.comment),
        ("the security labels", wanted.labels != is.labels),
    ];
    let differing = attributes.into_iter().filter(|(_, differs)| *differs);
    differing.map(|(word, _)| word).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    fn globals(json: &str) -> Globals {
        serde_json::from_str(json).unwrap()
    }

    fn role(name: &str, login: bool) -> String {
        format!(
            r#"{{"name": "{name}", "superuser": false, "inherit": true, "createrole": false, "createdb": false,
                "login": {login}, "replication": false, "bypassrls": false, "limit": -1}}"#
        )
    }

    fn roles(roles: &[String], rest: &str) -> Globals {
        globals(&format!(r#"{{"roles": [{}]{rest}}}"#, roles.join(",")))
    }

    #[test]
    fn what_stays_as_it_is_and_what_is_missing_are_told_apart() {
        let backup = roles(
            &[
                role("a", true),
                role("b", true),
                role("c", true),
                role("me", true),
            ],
            r#", "memberships": [{"role": "a", "member": "b", "admin": true}, {"role": "c", "member": "a", "admin": false},
                {"role": "a", "member": "me", "admin": false}],
               "settings": [{"role": "b", "name": "work_mem", "value": "8MB"}],
               "tablespaces": [{"name": "fast", "owner": "a", "location": "/fast"}]"#,
        );
        let before = roles(&[role("a", false), role("me", false)], "");
        let after = roles(
            &[role("a", false), role("b", true), role("me", false)],
            r#", "memberships": [{"role": "a", "member": "b", "admin": false, "inherit": true}]"#,
        );
        let told = compare(&backup, &before, &after, "me", false);
        assert_eq!(told.unchanged, ["a", "me", "me as no member of a"]);
        assert_eq!(told.made, 1);
        assert_eq!(told.tablespaces, ["fast (/fast)"]);
        assert_eq!(
            told.missing,
            [
                "the setting work_mem of b",
                "the role c",
                "that b is a member of a with ADMIN",
                "that a is a member of c",
            ]
        );
        let replaced = compare(&backup, &before, &after, "me", true);
        assert_eq!(replaced.unchanged, ["me"]);
        assert!(replaced.missing.contains(&"LOGIN of a".to_owned()));
    }
}
