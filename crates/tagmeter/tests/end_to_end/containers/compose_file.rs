//! The part of the compose file format that ours use. A name that is not listed here is an error, so that a
//! mistyped one is noticed without an engine.

use super::root;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// A file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ComposeFile {
    pub(crate) name: String,
    #[expect(dead_code, reason = "what services share is read where it is merged in")]
    #[serde(default, rename = "x-server")]
    shared: Option<Service>,
    pub(crate) services: BTreeMap<String, Service>,
    #[serde(default)]
    pub(crate) volumes: BTreeMap<String, Option<String>>,
    #[serde(default)]
    pub(crate) configs: BTreeMap<String, Config>,
}

/// A file inlined in the compose file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) content: String,
}

/// A service.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Service {
    pub(crate) image: Option<String>,
    pub(crate) build: Option<String>,
    pub(crate) entrypoint: Vec<String>,
    pub(crate) command: Vec<String>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) volumes: Vec<String>,
    pub(crate) configs: Vec<Mounted>,
    pub(crate) depends_on: BTreeMap<String, Dependency>,
    pub(crate) ports: Vec<String>,
    pub(crate) healthcheck: Option<HealthCheck>,
    pub(crate) deploy: Deploy,
    pub(crate) restart: Restart,
    pub(crate) shm_size: Option<String>,
    pub(crate) stop_grace_period: Option<String>,
    pub(crate) cap_drop: Vec<String>,
    pub(crate) security_opt: Vec<String>,
}

/// Path of a config in a container.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mounted {
    pub(crate) source: String,
    pub(crate) target: String,
}

/// State that another service must have before this one starts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Dependency {
    pub(crate) condition: Condition,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Condition {
    ServiceHealthy,
    ServiceCompletedSuccessfully,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HealthCheck {
    pub(crate) test: Vec<String>,
    pub(crate) interval: String,
    pub(crate) timeout: String,
    pub(crate) retries: u32,
    pub(crate) start_period: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Deploy {
    pub(crate) replicas: u32,
}

impl Default for Deploy {
    fn default() -> Self {
        Self { replicas: 1 }
    }
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Restart {
    #[default]
    No,
    UnlessStopped,
}

impl ComposeFile {
    /// Our two files, by name.
    pub(crate) fn all() -> Vec<(&'static str, Self)> {
        ["compose.yaml", "compose.citus.yaml"].map(|name| (name, Self::read(name))).into()
    }

    fn read(name: &str) -> Self {
        let text = std::fs::read_to_string(root().join(name)).expect("a file");
        serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Returns the services that run our binary.
    pub(crate) fn ours(&self) -> impl Iterator<Item = (&String, &Service)> {
        self.services.iter().filter(|(_, service)| service.build.is_some())
    }

    /// Returns all services that must run before a service starts.
    pub(crate) fn before<'a>(&'a self, service: &'a Service) -> BTreeSet<&'a String> {
        let named = service.depends_on.keys();
        named.flat_map(|name| self.before(&self.services[name]).into_iter().chain([name])).collect()
    }
}

/// Fills in the variables of a value as Compose does: `${NAME:?why}` must be given, `${NAME:-default}` may be.
pub(crate) fn filled(text: &str, given: &BTreeMap<&str, &str>) -> String {
    let Some((before, rest)) = text.split_once('$') else { return text.to_owned() };
    let (variable, after) = rest
        .strip_prefix('{')
        .and_then(|rest| rest.split_once('}'))
        .unwrap_or_else(|| panic!("a dollar sign without a variable in {text:?}"));
    let (name, otherwise) = variable.split_once(':').unwrap_or((variable, "?"));
    let value = match (given.get(name), otherwise.strip_prefix('-')) {
        (Some(value), _) => value,
        (None, Some(default)) => default,
        (None, None) => panic!("{name} is not a variable that users set"),
    };
    format!("{before}{value}{}", filled(after, given))
}
