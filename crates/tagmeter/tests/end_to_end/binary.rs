//! Runs the real binary in a folder of its own, and serves with it on a real socket.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};

/// A folder to run in; removed at the end.
pub(crate) struct Place(tempfile::TempDir);

/// Output and exit code of a run.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) code: Option<i32>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// Returns the binary, run from this folder, without the settings of the user's environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_tagmeter"));
        command.args(arguments);
        command
    }

    /// Returns another program, such as a shell that runs the binary.
    pub(crate) fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        for (name, _) in
            std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TAGMETER_"))
        {
            command.env_remove(name);
        }
        command.current_dir(self.path()).stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        ended(self.command(arguments).output().expect("the binary runs"))
    }

    /// Runs and expects success.
    pub(crate) fn ok(&self, arguments: &[&str]) -> Ended {
        let ended = self.run(arguments);
        assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
        ended
    }

    /// Runs with `--json` and expects success.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let ended = self.ok(&[arguments, &["--json"]].concat());
        assert_eq!(ended.out.lines().count(), 1, "one line of JSON: {}", ended.out);
        serde_json::from_str(&ended.out).expect("JSON")
    }

    /// Creates an account and returns its key.
    pub(crate) fn key(&self) -> String {
        let account = self.json(&["account", "create", "me@example.com", "--credits", "1000"]);
        account["api_key"].as_str().expect("a key").to_owned()
    }

    pub(crate) fn serve(&self) -> Serving {
        Serving::start(self.command(&["serve", "--listen", "127.0.0.1:0", "--requests-per-minute", "0"]))
    }
}

fn ended(output: Output) -> Ended {
    Ended {
        out: String::from_utf8(output.stdout).expect("UTF-8"),
        err: String::from_utf8(output.stderr).expect("UTF-8"),
        code: output.status.code(),
    }
}

/// Feeds standard input and waits for the end.
pub(crate) fn feed(mut command: Command, input: &[u8]) -> Ended {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    let mut stdin: ChildStdin = child.stdin.take().expect("piped");
    stdin.write_all(input).expect("it reads");
    drop(stdin);
    ended(child.wait_with_output().expect("it ends"))
}

/// A server in a process of its own; killed when dropped.
pub(crate) struct Serving {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    /// Output up to and including the line with its address.
    pub(crate) greeting: String,
    pub(crate) base: String,
}

impl Serving {
    /// Starts a server and waits until it prints its address.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let mut out = BufReader::new(child.stdout.take().expect("piped"));
        let mut greeting = String::new();
        let base = loop {
            let mut line = String::new();
            if out.read_line(&mut line).expect("text") == 0 {
                let output = child.wait_with_output().expect("it ended");
                panic!("it ended before it listened: {}", String::from_utf8_lossy(&output.stderr));
            }
            greeting.push_str(&line);
            if let Some(base) = line.strip_prefix("Listening on ") {
                break base.trim().to_owned();
            }
        };
        Self { child, out, greeting, base }
    }

    /// Returns the key in the demo's greeting.
    pub(crate) fn key(&self) -> String {
        let line = self.greeting.lines().map(str::trim).find(|line| line.starts_with("tm_live_"));
        line.expect("a key").to_owned()
    }

    /// Reads lines until one begins so.
    pub(crate) fn read_until(&mut self, start: &str) -> String {
        let mut read = String::new();
        while !read.lines().any(|line| line.starts_with(start)) {
            let mut line = String::new();
            assert_ne!(self.out.read_line(&mut line).expect("text"), 0, "it ended");
            read.push_str(&line);
        }
        read
    }

    /// Returns status and body of a GET with a key.
    pub(crate) fn get_bytes(&self, path: &str, key: &str) -> (u16, Vec<u8>) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut response =
            agent.get(format!("{}{path}", self.base)).header("X-Api-Key", key).call().expect("an answer");
        let status = response.status().as_u16();
        (status, response.body_mut().read_to_vec().expect("a body"))
    }

    /// Returns status and body, as text, of a GET with a key.
    pub(crate) fn get_text(&self, path: &str, key: &str) -> (u16, String) {
        let (status, body) = self.get_bytes(path, key);
        (status, String::from_utf8(body).expect("text"))
    }

    /// Returns status and body, as JSON, of a GET with a key.
    pub(crate) fn get(&self, path: &str, key: &str) -> (u16, Value) {
        let (status, body) = self.get_text(path, key);
        (status, serde_json::from_str(&body).expect("JSON"))
    }

    /// Returns status and body of a POST of JSON with a key.
    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> (u16, Value) {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = agent.post(format!("{}{path}", self.base)).header("X-Api-Key", key);
        let request = request.header("Content-Type", "application/json");
        let mut response = request.send(body.to_string()).expect("an answer");
        let status = response.status().as_u16();
        let body = response.body_mut().read_to_vec().expect("a body");
        (status, serde_json::from_slice(&body).expect("JSON"))
    }

    /// Sends a signal, by name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("kill runs").success());
    }

    /// Stops it and waits; returns the exit code and the log.
    pub(crate) fn stop(mut self) -> (Option<i32>, String) {
        self.signal("TERM");
        let status = self.child.wait().expect("it ends");
        let mut log = String::new();
        let mut stderr = self.child.stderr.take().expect("piped");
        std::io::Read::read_to_string(&mut stderr, &mut log).expect("text");
        (status.code(), log)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
