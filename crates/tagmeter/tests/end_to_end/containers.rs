//! The Dockerfile and the compose files, compared with the binary and each other as far as that needs no
//! engine.

#[path = "containers/compose_file.rs"]
mod compose_file;

#[path = "containers/dockerfile.rs"]
mod dockerfile;

use crate::binary::Place;
use compose_file::{ComposeFile, Condition, Restart, Service, filled};
use dockerfile::Dockerfile;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// Variables of a user's `.env`.
const PASSWORD: &str = "c0ffee";
const PASSWORD_VARIABLE: &str = "POSTGRES_PASSWORD";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn given() -> BTreeMap<&'static str, &'static str> {
    [(PASSWORD_VARIABLE, PASSWORD)].into()
}

fn environment(service: &Service) -> BTreeMap<&str, String> {
    service.environment.iter().map(|(name, value)| (&name[..], filled(value, &given()))).collect()
}

fn seconds(text: &str) -> Duration {
    let number = text.strip_suffix('s').and_then(|number| number.parse().ok());
    Duration::from_secs(number.unwrap_or_else(|| panic!("{text} is no number of seconds")))
}

#[test]
fn every_service_is_one_process_of_a_fixed_version() {
    for (file, compose) in ComposeFile::all() {
        assert!(compose.name.starts_with("tagmeter"), "{file}");
        for (name, service) in &compose.services {
            let of = format!("{file}: {name}");
            match (&service.image, &service.build) {
                (Some(image), None) => {
                    let (_, tag) = image.split_once(':').unwrap_or_else(|| panic!("{of}: no tag"));
                    assert!(tag.starts_with(|c: char| c.is_ascii_digit()), "{of}: {tag}");
                }
                (None, Some(folder)) => {
                    assert!(root().join(folder).join("Dockerfile").exists(), "{of}");
                    assert_eq!(service.entrypoint, [""; 0], "{of}: it runs the binary");
                    assert_eq!(service.command.len(), 1, "{of}: one command");
                }
                both => panic!("{of}: {both:?}"),
            }
            assert!(!service.command.iter().any(|word| word.contains("&&") || word == "sh"), "{of}");
            // A service that ends by itself is not restarted; all others are.
            let ends = compose.services.values().flat_map(|other| other.depends_on.get(name));
            let ends = ends.map(|other| other.condition).collect::<Vec<_>>();
            let is_one_shot = ends.contains(&Condition::ServiceCompletedSuccessfully);
            assert_eq!(service.restart == Restart::No, is_one_shot, "{of}");
            assert!(service.deploy.replicas == 1 || service.ports.is_empty(), "{of}: one port for several");
        }
    }
}

#[test]
fn what_services_name_is_declared_and_what_is_declared_is_used() {
    for (file, compose) in ComposeFile::all() {
        let mut volumes = BTreeSet::new();
        let mut configs = BTreeSet::new();
        for (name, service) in &compose.services {
            let of = format!("{file}: {name}");
            for (other, dependency) in &service.depends_on {
                let other = compose.services.get(other).unwrap_or_else(|| panic!("{of}: no {other}"));
                let has_health = other.healthcheck.is_some() || other.build.is_some();
                assert!(dependency.condition != Condition::ServiceHealthy || has_health, "{of}");
            }
            for mounted in &service.volumes {
                let (volume, target) = mounted.split_once(':').expect("a volume and its place");
                assert!(compose.volumes.contains_key(volume), "{of}: {volume} is not declared");
                assert!(volumes.insert(volume), "{of}: {volume} has two owners");
                assert!(target.starts_with('/'), "{of}: {target}");
            }
            for mounted in &service.configs {
                assert!(mounted.target.starts_with('/'), "{of}: {}", mounted.target);
                configs.insert(&mounted.source[..]);
            }
            if let Some(check) = &service.healthcheck {
                assert_eq!(check.test[0], "CMD", "{of}");
                let times = [&check.interval, &check.timeout, &check.start_period];
                assert!(times.iter().all(|time| !seconds(time).is_zero()) && check.retries > 0, "{of}");
            }
        }
        assert_eq!(volumes, compose.volumes.keys().map(|name| &name[..]).collect(), "{file}");
        assert_eq!(configs, compose.configs.keys().map(|name| &name[..]).collect(), "{file}");
    }
}

/// Checks that the binary reads a container's settings without a warning.
#[test]
fn the_binary_takes_the_settings_and_commands_of_its_services() {
    let dockerfile = Dockerfile::read();
    let place = Place::new();
    let read = |service: &Service| {
        let mut command = place.command(&["config"]);
        command.envs(dockerfile.environment()).envs(environment(service));
        let output = command.output().expect("the binary runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    };
    for (file, compose) in ComposeFile::all() {
        assert!(compose.ours().count() > 0, "{file}");
        for (name, service) in compose.ours() {
            let of = format!("{file}: {name}");
            assert_eq!(read(service), (Some(0), String::new()), "{of}");
            let mut words: Vec<&str> = service.command.iter().map(|word| &word[..]).collect();
            words.push("--help");
            assert!(place.ok(&words).out.contains(&format!("tagmeter {}", service.command[0])), "{of}");
            let grace = seconds(service.stop_grace_period.as_deref().expect("a grace period"));
            let drain = server::Options::default().drain_timeout;
            assert!(grace > drain && grace < drain * 2, "{of}: it needs {drain:?} to stop");
            assert_eq!(service.cap_drop, ["ALL"], "{of}");
            assert_eq!(service.security_opt, ["no-new-privileges:true"], "{of}");
            assert!(service.volumes.is_empty(), "{of}: containers of a service share what it names");
        }
    }
    // A mistyped one has a warning.
    let mistyped = [("TAGMETER_DATABASE_ULR".to_owned(), "postgres://database".to_owned())].into();
    let (_, warnings) = read(&Service { environment: mistyped, ..Service::default() });
    assert!(warnings.contains("did you mean TAGMETER_DATABASE_URL"), "{warnings}");
}

#[test]
fn database_urls_lead_to_a_database_service_with_its_user_and_password() {
    for (file, compose) in ComposeFile::all() {
        for (name, service) in compose.ours() {
            let of = format!("{file}: {name}");
            let url = environment(service).remove("TAGMETER_DATABASE_URL").expect("an address");
            let rest = url.strip_prefix("postgres://").expect("an address of PostgreSQL");
            let (account, place) = rest.split_once('@').expect("a user");
            let (host, database) = place.split_once(":5432/").expect("a port and a database");
            let (user, password) = account.split_once(':').expect("a password");
            let database_service =
                compose.services.get(host).unwrap_or_else(|| panic!("{of}: there is no {host}"));
            let set = environment(database_service);
            assert_eq!([user, password, database], known(&set), "{of}");
            assert!(compose.before(service).contains(&host.to_owned()), "{of} does not wait for {host}");
            assert!(database_service.ports.is_empty(), "{of}: the database has no published port");
        }
        for (name, server) in compose.services.iter().filter(|(_, service)| is_database(service)) {
            let health = &server.healthcheck.as_ref().expect("a health check").test;
            let set = environment(server);
            let [user, _, database] = known(&set);
            assert!(health.contains(&format!("--username={user}")), "{file}: {name}");
            assert!(health.contains(&format!("--dbname={database}")), "{file}: {name}");
            assert_eq!(server.volumes.len(), 1, "{file}: {name} loses its data");
            assert!(server.shm_size.is_some(), "{file}: {name}");
        }
        // No service starts with a default password.
        let text = std::fs::read_to_string(root().join(file)).expect("a file");
        let uses = text.matches("${POSTGRES_PASSWORD").count();
        assert_eq!(uses, text.matches("${POSTGRES_PASSWORD:?set it in .env").count(), "{file}");
    }
}

fn is_database(service: &Service) -> bool {
    service.environment.contains_key(PASSWORD_VARIABLE)
}

/// Returns user, password and database that an image of PostgreSQL creates.
fn known<'a>(set: &'a BTreeMap<&str, String>) -> [&'a str; 3] {
    ["POSTGRES_USER", PASSWORD_VARIABLE, "POSTGRES_DB"].map(|name| &set[name][..])
}

#[test]
fn every_server_of_the_cluster_is_registered_before_tables_are_created() {
    let (_, compose) = ComposeFile::all().remove(1);
    let register = &compose.services["register"];
    let set = environment(register);
    let servers = || compose.services.iter().filter(|(_, service)| is_database(service));
    let registered: BTreeSet<&str> =
        register.command.iter().map(|statement| statement.split('\'').nth(1).expect("a name")).collect();
    assert_eq!(registered, servers().map(|(name, _)| &name[..]).collect());
    assert!(register.command[0].contains(&format!("citus_set_coordinator_host('{}'", set["PGHOST"])));
    for (name, server) in servers() {
        let own = environment(server);
        assert_eq!(known(&own), ["PGUSER", "PGPASSWORD", "PGDATABASE"].map(|name| &set[name][..]), "{name}");
        assert_eq!(own["PGPASSWORD"], PASSWORD, "{name} reaches the others");
        assert_eq!(server.image, register.image, "{name}");
        assert_eq!(register.depends_on[name].condition, Condition::ServiceHealthy, "{name}");
    }
    for (name, service) in compose.ours() {
        let waits = service.depends_on["register"].condition;
        assert_eq!(waits, Condition::ServiceCompletedSuccessfully, "{name}");
    }
}

#[test]
fn ports_lead_from_the_user_to_the_server() {
    let dockerfile = Dockerfile::read();
    let port = dockerfile.port();
    assert_eq!(dockerfile.only("EXPOSE"), port);
    for (file, compose) in ComposeFile::all() {
        let public: Vec<&Service> = compose.services.values().filter(|s| !s.ports.is_empty()).collect();
        let [public] = public[..] else { panic!("{file}: one service is public") };
        let [published] = &public.ports[..] else { panic!("{file}: one port") };
        assert_eq!(filled(published, &given()), "127.0.0.1:8080:8080", "{file}: what its head says");
        assert_eq!(filled(published, &[("PUBLISH", "80")].into()), "80:8080", "{file}");
        let target = published.rsplit(':').next().expect("a port");
        match public.configs.first() {
            None => assert_eq!((target, public.build.is_some()), (port, true), "{file}"),
            Some(mounted) => {
                let balancer = &compose.configs[&mounted.source].content;
                let (name, _) = compose.ours().next().expect("a service");
                for line in [format!("bind :{target}\n"), format!(" {name}:{port} check ")] {
                    assert!(balancer.contains(&line), "{file}: {line}");
                }
                let path = dockerfile.health_url();
                let path = path.rsplit('/').next().expect("a path");
                assert!(balancer.contains(&format!("httpchk GET /{path}\n")), "{file}");
            }
        }
    }
}

#[test]
fn the_image_is_built_from_what_is_there_by_the_compiler_of_the_project() {
    let dockerfile = Dockerfile::read();
    let toolchain = std::fs::read_to_string(root().join("rust-toolchain.toml")).expect("a file");
    let toolchain: toml::Table = toolchain.parse().expect("TOML");
    let version = toolchain["toolchain"]["channel"].as_str().expect("a version");
    let [build, run] = dockerfile.all("FROM")[..] else { panic!("two stages") };
    let system = build.strip_prefix(&format!("rust:{version}-slim-")).expect("the compiler of the project");
    let system = system.strip_suffix(" AS build").expect("a stage");
    assert_eq!(run, format!("debian:{system}-slim"), "the C library it was built with");
    let copied = dockerfile.copied();
    let ignore = std::fs::read_to_string(root().join(".dockerignore")).expect("a file");
    let sent: BTreeSet<&str> = ignore.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(ignore.lines().any(|line| line == "*"), "nothing else goes to the builder");
    assert_eq!(sent, copied.iter().copied().collect());
    for path in copied {
        assert!(root().join(path).exists(), "{path}");
    }
    assert_eq!(dockerfile.arguments("ENTRYPOINT"), ["tagmeter"]);
    assert_eq!(dockerfile.arguments("CMD"), ["serve"]);
    assert_ne!(dockerfile.only("USER"), "root");
    let folder = dockerfile.only("VOLUME");
    assert!(dockerfile.environment().contains(&("TAGMETER_DATA_DIR", folder)), "data outlives a container");
}

#[test]
fn a_healthy_server_passes_the_health_check() {
    let dockerfile = Dockerfile::read();
    let url = dockerfile.health_url();
    let base = format!("http://127.0.0.1:{}", dockerfile.port());
    let path = url.strip_prefix(&base).expect("the address it listens on");
    let serving = Place::new().serve();
    assert_eq!(serving.get_text(path, "").0, 200);
}

#[test]
fn compose_itself_accepts_the_files() {
    let compose = |arguments: &[&str]| {
        let mut command = Command::new("docker");
        command.arg("compose").args(arguments).current_dir(root()).env(PASSWORD_VARIABLE, PASSWORD);
        command.output()
    };
    if !compose(&["version"]).is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: Docker Compose is not installed");
        return;
    }
    for (file, _) in ComposeFile::all() {
        let output = compose(&["--file", file, "config", "--quiet"]).expect("it runs");
        assert!(output.status.success(), "{file}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
