//! Citus itself: a coordinator and two workers. It cannot be had as a package: where it was installed by hand, one project
//! comes back into the living cluster, distributed as it was.

use crate::engines_complete::keeping;
use crate::harness::{Postgres, Sidecar, sh, skip};

/// Two projects' worth of what Citus distributes.
const PROJECT: &str = r#"
SET citus.shard_count = 8;
CREATE SCHEMA shop;
CREATE TYPE public.state AS ENUM ('new', 'paid');
CREATE TABLE public.countries (id int PRIMARY KEY, name text);
CREATE TABLE shop.tenants (id int PRIMARY KEY, name text);
CREATE TABLE shop.orders (tenant int, id int, country int, total numeric, state state, PRIMARY KEY (tenant, id));
CREATE TABLE shop.coordinator_only (id int, text text);
CREATE TABLE shop.notes (id serial, text text);
SELECT create_reference_table('countries');
SELECT create_distributed_table('shop.tenants', 'id', colocate_with => 'none');
SELECT create_distributed_table('shop.orders', 'tenant', colocate_with => 'shop.tenants');
SELECT create_distributed_table('shop.coordinator_only', 'id', colocate_with => 'none', shard_count => 3);
ALTER TABLE shop.orders ADD FOREIGN KEY (tenant) REFERENCES shop.tenants (id);
ALTER TABLE shop.orders ADD FOREIGN KEY (country) REFERENCES countries (id);
CREATE INDEX ON shop.orders (total);
CREATE VIEW shop.totals AS SELECT tenant, sum(total) AS total FROM shop.orders GROUP BY tenant;
CREATE VIEW public.guarded WITH (security_barrier) AS SELECT * FROM shop.totals;
CREATE FUNCTION shop.add_order(the_tenant int, n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN INSERT INTO shop.orders VALUES (the_tenant, n, 1, n, 'new'); END $$;
CREATE FUNCTION public.by_position(int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$;
SELECT create_distributed_function('shop.add_order(int,int)', 'the_tenant', colocate_with => 'shop.orders',
    force_delegation => true);
SELECT create_distributed_function('public.by_position(int)', '$1', colocate_with => 'shop.orders');
INSERT INTO countries SELECT i, 'c' || i FROM generate_series(1, 10) i;
INSERT INTO shop.tenants SELECT i, 't' || i FROM generate_series(1, 1000) i;
INSERT INTO shop.orders SELECT i, 1, 1 + i % 10, i, 'paid' FROM generate_series(1, 1000) i;
INSERT INTO shop.coordinator_only SELECT i, md5(i::text) FROM generate_series(1, 1000) i;
INSERT INTO shop.notes (text) SELECT 'n' || i FROM generate_series(1, 10) i;
"#;

/// Rows, and how they and the functions are distributed.
const FACTS: &str = r#"
SET search_path = pg_catalog;
SELECT table_name::text, citus_table_type, distribution_column, shard_count,
    (SELECT min(o.table_name::text) FROM public.citus_tables o WHERE o.colocation_id = t.colocation_id)
    FROM public.citus_tables t ORDER BY 1;
SELECT objid::regprocedure::text, distribution_argument_index, force_delegation,
    colocationid IS NOT DISTINCT FROM (SELECT colocation_id FROM public.citus_tables WHERE table_name = 'shop.orders'::regclass)
    FROM pg_dist_object WHERE classid = 'pg_proc'::regclass ORDER BY 1;
SELECT count(*), sum(total), md5(string_agg(o::text, ',' ORDER BY tenant, id)) FROM (SELECT * FROM shop.orders) o;
SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM (SELECT * FROM shop.tenants) t;
SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM (SELECT * FROM shop.coordinator_only) t;
SELECT * FROM public.countries ORDER BY id; SELECT * FROM shop.notes ORDER BY id;
SELECT count(*), sum(total) FROM public.guarded;
SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1;
SELECT conrelid::regclass, conname, convalidated FROM pg_constraint WHERE contype = 'f' AND conrelid IN
    (SELECT table_name FROM public.citus_tables) ORDER BY 2;
"#;

/// What a worker knows of the project.
const ON_A_WORKER: &str = r#"
SELECT extname FROM pg_extension WHERE extname = 'citus';
SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' ORDER BY 1;
SELECT schemaname, viewname FROM pg_views WHERE schemaname IN ('shop', 'public') ORDER BY 1, 2;
SELECT count(*), sum(total) FROM shop.totals;
SELECT reloptions FROM pg_class WHERE relname = 'guarded';
"#;

struct Cluster {
    coordinator: Postgres,
    workers: Vec<Postgres>,
}

/// Whether this machine has the extension.
fn installed() -> bool {
    !glob::glob("/usr/share/postgresql/*/extension/citus.control")
        .unwrap()
        .flatten()
        .collect::<Vec<_>>()
        .is_empty()
}

/// A server with Citus, into which its neighbours come without a password.
fn node() -> Postgres {
    let node = Postgres::start_with(&["shared_preload_libraries=citus"]);
    node.sql(
        "postgres",
        "DO $$ BEGIN EXECUTE format('COPY (SELECT ''host all all 127.0.0.1/32 trust'') TO %L', current_setting('hba_file'));
         END $$; ALTER SYSTEM SET citus.node_conninfo = 'sslmode=disable'; SELECT pg_reload_conf(); \
         CREATE DATABASE app1; CREATE DATABASE app2",
    );
    node
}

fn port(postgres: &Postgres) -> String {
    postgres
        .sql("postgres", "SHOW port")
        .stdout
        .trim()
        .to_owned()
}

impl Cluster {
    fn start(workers: usize) -> Self {
        let coordinator = node();
        let workers: Vec<Postgres> = (0..workers).map(|_| node()).collect();
        for app in ["app1", "app2"] {
            for node in workers.iter().chain([&coordinator]) {
                node.sql(app, "CREATE EXTENSION citus");
            }
            let own = port(&coordinator);
            coordinator.sql(
                app,
                &format!("SELECT citus_set_coordinator_host('127.0.0.1', {own})"),
            );
            for worker in &workers {
                let port = port(worker);
                coordinator.sql(app, &format!("SELECT citus_add_node('127.0.0.1', {port})"));
            }
        }
        Self {
            coordinator,
            workers,
        }
    }

    fn facts(&self, database: &str) -> String {
        self.coordinator.sql(database, FACTS).stdout
    }

    /// On how many nodes the shards of the project lie.
    fn spread(&self) -> usize {
        let nodes = "SELECT count(DISTINCT nodeport) FROM citus_shards WHERE table_name = 'shop.orders'::regclass";
        let nodes = self.coordinator.sql("app1", nodes).stdout;
        nodes.trim().parse().unwrap()
    }

    fn on_workers(&self) -> Vec<String> {
        let of = |worker: &Postgres| worker.sql("app1", ON_A_WORKER).stdout;
        self.workers.iter().map(of).collect()
    }
}

/// A cluster with two projects, and a sidecar that has backed it up.
fn saved() -> (Cluster, Sidecar) {
    let cluster = Cluster::start(2);
    for app in ["app1", "app2"] {
        cluster.coordinator.sql(app, PROJECT);
    }
    let sidecar = keeping("postgres", &cluster.coordinator.url(""));
    sidecar.backup().succeeds();
    (cluster, sidecar)
}

fn skipped(test: &str) -> bool {
    let missing = !installed();
    if missing {
        skip(&format!("citus::{test}"), "no Citus");
    }
    missing
}

#[test]
fn one_project_comes_back_into_the_living_cluster_as_it_was_distributed() {
    if skipped("one_project_comes_back_into_the_living_cluster_as_it_was_distributed") {
        return;
    }
    let (cluster, sidecar) = saved();
    let (before, workers) = (cluster.facts("app1"), cluster.on_workers());
    cluster.coordinator.sql(
        "app1",
        "DELETE FROM shop.orders WHERE tenant % 2 = 0; DROP FUNCTION shop.add_order; DROP TABLE shop.coordinator_only; \
         CREATE TABLE public.since (x int); SELECT create_distributed_table('public.since', 'x'); \
         INSERT INTO shop.notes (text) VALUES ('since')",
    );
    cluster.coordinator.sql(
        "app2",
        "UPDATE shop.tenants SET name = 'since' WHERE id = 7",
    );
    let other = cluster.facts("app2");
    sidecar
        .run(&["restore", "latest", "--only", "app1", "--replace"])
        .succeeds();
    assert_eq!(cluster.facts("app1"), before);
    assert_eq!(cluster.facts("app2"), other);
    assert_eq!(cluster.on_workers(), workers);
    assert_eq!(cluster.spread(), 2);
    // It is in use again: a distributed function writes a row where it belongs.
    cluster.coordinator.sql(
        "app1",
        "SELECT shop.add_order(5, 77); INSERT INTO countries VALUES (11, 'new')",
    );
    // A second time, over what the first has left.
    sidecar
        .run(&["restore", "latest", "--only", "app1", "--replace"])
        .succeeds();
    assert_eq!(cluster.facts("app1"), before);
}

#[test]
fn a_restore_that_fails_leaves_all_nodes_as_they_were() {
    if skipped("a_restore_that_fails_leaves_all_nodes_as_they_were") {
        return;
    }
    let (cluster, sidecar) = saved();
    let tools = sidecar.folder().join("tools");
    std::fs::create_dir(&tools).unwrap();
    let script = "#!/bin/sh\ncase \"$*\" in *--section=post-data*) exit 1; esac\nexec /usr/bin/pg_restore \"$@\"\n";
    std::fs::write(tools.join("pg_restore"), script).unwrap();
    sh(&format!("chmod 755 '{}/pg_restore'", tools.display())).succeeds();
    cluster
        .coordinator
        .sql("app1", "DELETE FROM shop.orders WHERE tenant = 1");
    let (before, workers) = (cluster.facts("app1"), cluster.on_workers());
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").unwrap());
    sidecar
        .env("PATH", &path)
        .run(&["restore", "latest", "--only", "app1", "--replace"])
        .exits(1);
    assert_eq!(cluster.facts("app1"), before);
    assert_eq!(cluster.on_workers(), workers);
}

#[test]
fn everything_comes_back_into_another_cluster_and_into_a_server_without_workers() {
    if skipped("everything_comes_back_into_another_cluster_and_into_a_server_without_workers") {
        return;
    }
    let (cluster, sidecar) = saved();
    let facts = [cluster.facts("app1"), cluster.facts("app2")];
    let workers = cluster.on_workers();
    drop(cluster);
    let other = Cluster::start(2);
    sidecar
        .run(&["restore", "latest", "--into", &other.coordinator.url("")])
        .succeeds();
    assert_eq!([other.facts("app1"), other.facts("app2")], facts);
    assert_eq!(other.on_workers(), workers);
    assert_eq!(other.spread(), 2);
    drop(other);

    let coordinator_only = Cluster {
        coordinator: node(),
        workers: Vec::new(),
    };
    let bare = "DROP DATABASE app1; DROP DATABASE app2";
    for statement in bare.split(';') {
        coordinator_only.coordinator.sql("postgres", statement);
    }
    sidecar
        .run(&[
            "restore",
            "latest",
            "--into",
            &coordinator_only.coordinator.url(""),
        ])
        .succeeds();
    assert_eq!(
        [
            coordinator_only.facts("app1"),
            coordinator_only.facts("app2")
        ],
        facts
    );
    assert_eq!(coordinator_only.spread(), 1);
}
