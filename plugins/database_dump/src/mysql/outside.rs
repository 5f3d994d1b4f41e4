//! What the server has beside databases and users, and no dump tool saves so that any server could take it back.

use serde::Deserialize;
use sidecar_sdk::Result;

use super::server::MysqlServer;
use super::shortened::shortened;
use crate::coverage::Gap;

/// The tables that a server makes in its own databases: MySQL, MariaDB, and what their upgrades leave.
const OF_THE_SERVER: &str = "'columns_priv', 'column_stats', 'component', 'db', 'default_roles', 'engine_cost', 'event', 'firewall_group_allowlist', \
    'firewall_groups', 'firewall_membership', 'firewall_users', 'firewall_whitelist', 'func', 'general_log', 'global_grants', 'global_priv', \
    'gtid_executed', 'gtid_slave_pos', 'help_category', 'help_keyword', 'help_relation', 'help_topic', 'host', 'index_stats', 'innodb_index_stats', \
    'innodb_table_stats', 'ndb_binlog_index', 'password_history', 'plugin', 'proc', 'procs_priv', 'proxies_priv', 'replication_asynchronous_connection_failover', \
    'replication_asynchronous_connection_failover_managed', 'replication_group_configuration_version', 'replication_group_member_actions', \
    'role_edges', 'roles_mapping', 'server_cost', 'servers', 'slave_master_info', 'slave_relay_log_info', 'slave_worker_info', 'slow_log', \
    'spider_link_failed_log', 'spider_link_mon_servers', 'spider_tables', 'spider_table_crd', 'spider_table_position_for_recovery', 'spider_table_sts', \
    'spider_xa', 'spider_xa_failed_log', 'spider_xa_member', 'sys_config', 'table_stats', 'tables_priv', 'time_zone', 'time_zone_leap_second', \
    'time_zone_name', 'time_zone_transition', 'time_zone_transition_type', 'transaction_registry', 'user', 'wsrep_allowlist', 'wsrep_cluster', \
    'wsrep_cluster_members', 'wsrep_streaming_log'";

/// As omissions, each with its reason.
pub(super) fn omissions(server: &MysqlServer) -> Result<Vec<Gap>> {
    #[derive(Deserialize)]
    struct Outside {
        functions: Option<String>,
        plugins: Option<String>,
        servers: Option<String>,
        tables: Option<String>,
        code: Option<String>,
    }
    let found: Outside = server.query_json(
        &format!(
            "SET SESSION group_concat_max_len = 1048576; SELECT JSON_OBJECT(
            'functions', (SELECT GROUP_CONCAT(CONCAT(name, ' (', dl, ')') ORDER BY 1 SEPARATOR ', ') FROM mysql.func),
            'plugins', (SELECT GROUP_CONCAT(CONCAT(name, ' (', dl, ')') ORDER BY 1 SEPARATOR ', ') FROM mysql.plugin),
            'servers', (SELECT GROUP_CONCAT(Server_name ORDER BY 1 SEPARATOR ', ') FROM mysql.servers),
            'tables', (SELECT GROUP_CONCAT(CONCAT(TABLE_SCHEMA, '.', TABLE_NAME) ORDER BY 1 SEPARATOR ', ') FROM information_schema.TABLES
                WHERE (TABLE_SCHEMA = 'mysql' OR TABLE_SCHEMA = 'sys' AND TABLE_TYPE <> 'VIEW') AND TABLE_NAME NOT IN ({OF_THE_SERVER})
                AND TABLE_NAME NOT LIKE '#%'),
            'code', (SELECT GROUP_CONCAT(CONCAT('mysql.', name) ORDER BY 1 SEPARATOR ', ') FROM (
                SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES
                WHERE ROUTINE_SCHEMA = 'mysql' AND ROUTINE_NAME NOT IN ('AddGeometryColumn', 'DropGeometryColumn')
                UNION SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = 'mysql'
                UNION SELECT TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'mysql') AS code))"
        ),
        "functions, plugins and servers",
    )?;
    let native = "it is native code: install it at the server that is restored to";
    let of_the_server = "no dump has the server's own databases: keep them in one of your own";
    let kinds = [
        ("the functions of libraries", found.functions, native),
        ("the plugins", found.plugins, native),
        (
            "the foreign servers (CREATE SERVER)",
            found.servers.filter(|_| !server.lines.saves_servers),
            "the dump tool does not save them",
        ),
        ("the tables", found.tables, of_the_server),
        ("the code", found.code, of_the_server),
    ];
    let said = kinds.into_iter().filter_map(|(what, names, why)| {
        Some(Gap::said(format!("{what} {}", shortened(&names?)), why))
    });
    Ok(said.collect())
}
