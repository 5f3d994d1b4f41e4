//! `config/citus`: a swarm with a PostgreSQL server, an S3 server and the backup service.

use std::time::Duration;

use jiff::{Span, Timestamp};
use serde_json::Value;

use super::Engine;
use super::app::{App, TIME_LIMIT};
use super::engine::SERVICES;
use crate::harness::{Finished, sh, skip, within};

/// The stack's name, as the handbook has it.
const STACK: &str = "citus";

/// A swarm of this machine, left with its owner.
struct Swarm(Engine);

impl Swarm {
    /// None where this machine is in a swarm already, and where it cannot be.
    fn start(engine: Engine) -> Result<Self, String> {
        let state = engine.words(&["info", "--format", "{{.Swarm.LocalNodeState}}"]);
        if state != ["inactive"] {
            return Err(format!(
                "its place in a swarm is taken: {}",
                state.join(" ")
            ));
        }
        let started = engine.docker(&["swarm", "init", "--advertise-addr", "127.0.0.1"]);
        match started.code {
            Some(0) => Ok(Self(engine)),
            _ => Err(started.stderr.trim().to_owned()),
        }
    }
}

impl Drop for Swarm {
    fn drop(&mut self) {
        let engine = self.0;
        engine.docker(&["stack", "rm", STACK]);
        let ours = format!("label=com.docker.stack.namespace={STACK}");
        within(TIME_LIMIT, "the stack's containers are gone", || {
            let left = engine.words(&["ps", "-aq", "--filter", &ours]);
            left.is_empty().then_some(())
        });
        let volumes = engine.words(&["volume", "ls", "-q", "--filter", &ours]);
        for volume in volumes {
            engine.docker(&["volume", "rm", &volume]);
        }
        engine.docker(&["swarm", "leave", "--force"]);
        engine.docker(&["network", "rm", "docker_gwbridge"]);
    }
}

/// The stack of `config/citus`, deployed from its `.env`.
struct Stack {
    app: App,
    _swarm: Swarm,
}

impl Stack {
    /// Its hour is soon, once the image is there.
    fn deploy(engine: Engine) -> Result<Self, String> {
        let swarm = Swarm::start(engine)?;
        let app = App::new(engine);
        app.compose_in(&app.sidecar(), &["build"]).succeeds();
        let cron = soon();
        app.file(
            "sidecar/config/citus/.env",
            &format!(
                "POSTGRES_USER=postgres\nPOSTGRES_PASSWORD='tu password'\nMINIO_ROOT_USER=admin\n\
                 MINIO_ROOT_PASSWORD=tu_minio_password\nBACKUP_CRON=\"{cron}\"\n"
            ),
        );
        let deploy = format!(
            "set -a; . ./.env; set +a; CITUS_IMAGE={SERVICES} MINIO_IMAGE={SERVICES} SIDECAR_IMAGE={} \
             docker stack deploy --resolve-image never -c docker-compose.yml {STACK}",
            app.image()
        );
        let folder = app.sidecar().join("config/citus");
        sh(&format!("cd '{}' && {deploy}", folder.display())).succeeds();
        Ok(Self { app, _swarm: swarm })
    }

    /// The container of a service, once there is one.
    fn container(&self, service: &str) -> String {
        let name = format!("name={STACK}_{service}");
        within(TIME_LIMIT, service, || {
            let found = self.app.engine.words(&["ps", "-q", "-f", &name]);
            found.into_iter().next()
        })
    }

    fn exec(&self, service: &str, line: &[&str]) -> Finished {
        let container = self.container(service);
        let exec = ["exec", container.as_str()];
        self.app.engine.docker(&[&exec, line].concat())
    }

    /// `docker exec … sidecar ARGUMENTS`
    fn sidecar(&self, arguments: &[&str]) -> Finished {
        self.exec("citus-backup", &[&["sidecar"], arguments].concat())
    }

    /// What `psql` prints of one statement.
    fn sql(&self, database: &str, statement: &str) -> String {
        let psql = ["gosu", "postgres", "psql", "-XqAt", "-v", "ON_ERROR_STOP=1"];
        let local = [&psql[..], &["-d", database, "-c", statement]].concat();
        self.exec("citus-master", &local).succeeds().stdout
    }

    /// The bucket's keys, as a foreign client lists them.
    fn keys(&self) -> Vec<String> {
        let list = "import re, requests; print(*re.findall('<Key>(.*?)</Key>', \
                    requests.get('http://127.0.0.1:9000/backups?list-type=2').text))";
        let keys = self.exec("minio", &["python3", "-c", list]).succeeds();
        let backups = keys.stdout.split_whitespace().map(str::to_owned);
        // Beside them lies what replicas take turns by.
        backups.filter(|key| !key.contains("/.")).collect()
    }
}

/// The cron line of a minute that is still far enough away, and soon.
fn soon() -> String {
    let then = Timestamp::now() + Span::new().seconds(100);
    then.strftime("%M %H * * *").to_string()
}

#[test]
fn the_citus_stack_backs_up_at_its_hour_and_by_hand_and_gives_one_project_back() {
    let Some(engine) = Engine::of("citus") else {
        return;
    };
    let stack = match Stack::deploy(engine) {
        Ok(stack) => stack,
        Err(why) => return skip("container::citus", &why),
    };
    within(TIME_LIMIT, "the server answers", || {
        let ready = ["gosu", "postgres", "psql", "-c", "SELECT 1"];
        (stack.exec("citus-master", &ready).code == Some(0)).then_some(())
    });
    for project in ["app1", "app2"] {
        stack.sql("postgres", &format!("CREATE DATABASE {project}"));
        let fill = format!(
            "CREATE TABLE t AS SELECT n, '{project}' AS whose FROM generate_series(1, 5000) n"
        );
        stack.sql(project, &fill);
    }
    const SUM: &str = "SELECT md5(string_agg(t::text, ',' ORDER BY n)) FROM t";
    let before = ["app1", "app2"].map(|project| stack.sql(project, SUM));

    // At its hour: a daily and a monthly one, each with its manifest.
    let keys = within(
        Duration::from_secs(130) + TIME_LIMIT,
        "a backup by schedule",
        || {
            let keys = stack.keys();
            (keys.len() == 4).then_some(keys)
        },
    );
    for (key, tier) in keys.iter().zip(["daily", "daily", "monthly", "monthly"]) {
        assert!(
            key.starts_with(&format!("citus/{tier}/backup_20")),
            "{keys:?}"
        );
    }
    let runs = stack.sidecar(&["runs", "--json"]).succeeds().json();
    assert_eq!(runs["runs"][0]["asked_by"], "schedule", "{runs}");

    // By hand, and back again.
    let made: Value = stack.sidecar(&["backup", "--json"]).succeeds().json();
    let fetch =
        "sidecar fetch latest -o tmp/fetched >&2 && sha256sum <tmp/fetched && rm tmp/fetched";
    let fetched = stack
        .exec("citus-backup", &["bash", "-c", fetch])
        .succeeds();
    let sha256 = made["artifact"]["sha256"].as_str().unwrap();
    assert!(fetched.stdout.starts_with(sha256), "{made} {fetched:?}");

    // One project is lost, the other one goes on.
    stack.sql("app1", "DROP TABLE t");
    stack.sql("app2", "INSERT INTO t VALUES (0, 'since then')");
    let since = stack.sql("app2", SUM);
    assert_ne!(since, before[1]);
    stack
        .sidecar(&["restore", "latest", "--only", "app1", "--replace"])
        .succeeds();
    assert_eq!(stack.sql("app1", SUM), before[0]);
    assert_eq!(stack.sql("app2", SUM), since);
}
