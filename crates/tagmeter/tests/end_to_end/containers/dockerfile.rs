//! The Dockerfile as far as tests need it: its instructions, in order.

use super::root;

/// An instruction: its name and its arguments, on one line.
pub(crate) struct Dockerfile(Vec<(String, String)>);

impl Dockerfile {
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(root().join("Dockerfile")).expect("a file");
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
        let instructions = joined.lines().filter_map(|line| line.split_once(' '));
        Self(instructions.map(|(name, rest)| (name.to_owned(), rest.trim().to_owned())).collect())
    }

    /// Returns the arguments of each instruction of this name.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(own, _)| own == name).map(|(_, rest)| &rest[..]).collect()
    }

    /// Returns the arguments of the only instruction of this name.
    pub(crate) fn only(&self, name: &str) -> &str {
        let [rest] = self.all(name)[..] else { panic!("one {name}") };
        rest
    }

    /// Returns the arguments of the only instruction of this name, as a list.
    pub(crate) fn arguments(&self, name: &str) -> Vec<String> {
        let rest = self.only(name);
        serde_json::from_str(rest).unwrap_or_else(|error| panic!("{name} {rest}: {error}"))
    }

    /// Returns the variables that `ENV` sets.
    pub(crate) fn environment(&self) -> Vec<(&str, &str)> {
        self.only("ENV").split_whitespace().map(|pair| pair.split_once('=').expect("a value")).collect()
    }

    /// Returns the port in the address that it sets.
    pub(crate) fn port(&self) -> &str {
        let listen = self.environment().into_iter().find(|(name, _)| *name == "TAGMETER_LISTEN");
        let (_, address) = listen.expect("an address");
        address.strip_prefix("0.0.0.0:").expect("an address that other containers reach")
    }

    /// Returns the files and folders that are copied from the repository.
    pub(crate) fn copied(&self) -> Vec<&str> {
        let copies = self.all("COPY").into_iter().filter(|copy| !copy.starts_with("--from="));
        copies
            .flat_map(|copy| {
                let mut paths: Vec<&str> = copy.split_whitespace().collect();
                paths.pop().expect("a target");
                paths
            })
            .collect()
    }

    /// Returns the address that the health check requests.
    pub(crate) fn health_url(&self) -> String {
        let (_, command) = self.only("HEALTHCHECK").split_once("CMD ").expect("a command");
        let arguments: Vec<String> = serde_json::from_str(command).expect("a list");
        arguments.last().expect("an address").clone()
    }
}
