//! Roles that the dump tool of MariaDB passes over: those that no account and no role may give on, even to their members; a role that has
//! them, and PUBLIC.

use sidecar_sdk::Result;

use super::server::MysqlServer;
use super::sql::identifier;

/// The dump tool makes a role where it names who may give it on; PUBLIC has no such member.
const PASSED_OVER: &str = "
SELECT JSON_QUOTE(User) FROM mysql.user WHERE is_role = 'Y' AND Host = '' AND User NOT IN (SELECT Role FROM mysql.roles_mapping WHERE Admin_option = 'Y')
ORDER BY User";

/// The statements that make them, as the dump tool would write them.
pub(super) fn passed_over(server: &MysqlServer) -> Result<String> {
    let mut statements = String::new();
    if !server.is_mariadb()? {
        return Ok(statements);
    }
    for role in server.query_lines::<String>(PASSED_OVER, "its roles")? {
        let name = match role.as_str() {
            "PUBLIC" => role,
            _ => {
                let name = identifier(&role);
                statements.push_str(&format!("CREATE ROLE IF NOT EXISTS {name};\n"));
                name
            }
        };
        let grants = server.query(&format!("SHOW GRANTS FOR {name}"))?;
        statements.push_str(&ended(&grants));
    }
    Ok(statements)
}

/// One statement a line, unless a name has more of them.
fn ended(grants: &str) -> String {
    let mut statements = String::new();
    for line in grants.lines() {
        statements.push_str(line);
        let is_open = statements.matches('`').count() % 2 == 1;
        statements.push_str(if is_open { "\n" } else { ";\n" });
    }
    statements
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_name_of_two_lines_is_one_name() {
        let grants = "GRANT `a\nb` TO `r`\nGRANT USAGE ON *.* TO `r`";
        let ended = "GRANT `a\nb` TO `r`;\nGRANT USAGE ON *.* TO `r`;\n";
        assert_eq!(super::ended(grants), ended);
    }
}
