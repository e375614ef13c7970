//! A PostgreSQL server of a test's own: started, stopped, killed and started again.

mod standby;

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use store::DatabaseUrl;

/// PostgreSQL does not run as root: it is then run as whoever this is.
const UNPRIVILEGED: &str = "postgres";

/// A server with its data in memory where the system has a file system for that. It listens on a socket in its folder.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    programs: PathBuf,
    user: Option<(u32, u32)>,
    settings: Vec<(String, String)>,
    /// True if dropping this handle ends and removes it.
    is_owned: bool,
}

impl Cluster {
    /// A new one with further settings. `None`, said aloud, where PostgreSQL is not installed.
    pub fn start(settings: &[(&str, &str)]) -> Option<Self> {
        let folder = place().join(format!("tagmeter-postgres-{}", super::unique()));
        let mut cluster = Self::make(folder, settings)?;
        cluster.is_owned = true;
        Some(cluster)
    }

    /// A new one that also listens on a port of 127.0.0.1 and speaks TLS there, with this certificate and its key.
    pub fn start_with_tls(certificate_pem: &str, key_pem: &str) -> Option<Self> {
        let mut cluster = Self::start(&[])?;
        cluster.stop();
        for (name, content) in [("tls.crt", certificate_pem), ("tls.key", key_pem)] {
            let path = cluster.data().join(name);
            std::fs::write(&path, content).expect("a file");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("a mode");
            if let Some((user, group)) = cluster.user {
                std::os::unix::fs::chown(&path, Some(user), Some(group)).expect("a file of its user");
            }
        }
        let free = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let port = free.local_addr().expect("its address").port().to_string();
        drop(free);
        let settings = [
            ("listen_addresses", "127.0.0.1"),
            ("port", &port),
            ("ssl", "on"),
            ("ssl_cert_file", "tls.crt"),
            ("ssl_key_file", "tls.key"),
        ];
        cluster.settings.extend(settings.map(|(name, value)| (name.to_owned(), value.to_owned())));
        cluster.start_again();
        Some(cluster)
    }

    /// Which port it listens on, and its socket is named after.
    pub fn port(&self) -> u16 {
        let port = self.settings.iter().find(|(name, _)| name == "port");
        port.map_or(5432, |(_, value)| value.parse().expect("a port"))
    }

    /// Makes the folder and starts the server; it goes on when this handle is dropped.
    pub(super) fn make(folder: PathBuf, settings: &[(&str, &str)]) -> Option<Self> {
        let cluster = Self::at(folder, settings)?;
        std::fs::create_dir_all(&cluster.folder).expect("a folder");
        if let Some((user, group)) = cluster.user {
            std::os::unix::fs::chown(&cluster.folder, Some(user), Some(group)).expect("a folder of its user");
        }
        let data = cluster.data();
        let data = data.to_str().expect("a path in UTF-8");
        let options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
        cluster.run("initdb", &[&["-D", data], options.as_slice()].concat());
        cluster.start_again();
        Some(cluster)
    }

    /// A handle to the server in a folder, which another process started.
    pub(super) fn at(folder: PathBuf, settings: &[(&str, &str)]) -> Option<Self> {
        let programs = super::programs()?;
        let settings =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Some(Self { folder, programs, user: unprivileged(), settings, is_owned: false })
    }

    /// Starts it again, as it was left: after a kill it recovers first.
    pub fn start_again(&self) {
        let folder = self.folder.display();
        let mut options = format!("-k {folder} -c listen_addresses= -c max_connections=200");
        // Shared memory in the folder too, so that a server that is killed leaves none behind.
        options.push_str(" -c dynamic_shared_memory_type=mmap");
        for (name, value) in &self.settings {
            options.push_str(&format!(" -c {name}={value}"));
        }
        let (data, log) = (self.data(), self.folder.join("log"));
        let [data, log] = [&data, &log].map(|path| path.to_str().expect("a path in UTF-8"));
        self.run("pg_ctl", &["-D", data, "-l", log, "-w", "-t", "120", "-o", &options, "start"]);
    }

    /// Stops it as `kill -9` of all its processes does: nothing is written any more.
    pub fn kill(&self) {
        let lines = std::fs::read_to_string(self.data().join("postmaster.pid")).expect("a running server");
        let pid = lines.lines().next().expect("a process id").trim().to_owned();
        // So that it makes no more children.
        self.run_as_is("kill", &["-STOP", &pid]);
        let children = Command::new("pgrep").args(["-P", &pid]).output().expect("pgrep").stdout;
        let children = String::from_utf8_lossy(&children).into_owned();
        let all: Vec<&str> = children.lines().chain([pid.as_str()]).collect();
        for process in &all {
            // A child may have ended meanwhile.
            let _ = Command::new("kill").args(["-9", process]).stderr(Stdio::null()).status();
        }
        // A new server does not start while memory of the old one is in use.
        let has_memory = |pid: &str| {
            std::fs::read_to_string(format!("/proc/{pid}/maps")).is_ok_and(|maps| !maps.is_empty())
        };
        while all.iter().any(|pid| has_memory(pid)) {
            std::thread::yield_now();
        }
        // Whoever made it may not have taken note of its end yet, and a new server would take it for running.
        let of_socket = self.folder.join(format!(".s.PGSQL.{}.lock", self.port()));
        for lock in [self.data().join("postmaster.pid"), of_socket] {
            std::fs::remove_file(lock).expect("a file that names its process");
        }
    }

    /// Stops it: callers are cut off, and what was committed is written.
    pub fn stop(&self) {
        let data = self.data();
        self.run("pg_ctl", &["-D", data.to_str().expect("a path in UTF-8"), "-m", "fast", "-w", "stop"]);
    }

    /// Freezes it (or lets it go on): connections stay and nothing answers.
    pub fn freeze(&self, is_frozen: bool) {
        let lines = std::fs::read_to_string(self.data().join("postmaster.pid")).expect("a running server");
        let pid = lines.lines().next().expect("a process id").trim().to_owned();
        let signal = if is_frozen { "-STOP" } else { "-CONT" };
        // The postmaster leads its own group of processes, save those that made groups of their own: ask for children.
        let children = Command::new("pgrep").args(["-P", &pid]).output().expect("pgrep").stdout;
        for child in String::from_utf8_lossy(&children).lines().chain([pid.as_str()]) {
            // A child may have ended meanwhile.
            let _ = Command::new("kill").args([signal, child]).stderr(Stdio::null()).status();
        }
    }

    /// The address of a database in it.
    pub fn url_text(&self, database: &str) -> String {
        let host = self.folder.to_str().expect("a path in UTF-8").replace('/', "%2F");
        format!("postgres://postgres@{host}:{}/{database}", self.port())
    }

    /// The same, read.
    pub fn url(&self, database: &str) -> DatabaseUrl {
        self.url_text(database).parse().expect("an address")
    }

    /// Runs one command of SQL in a database and gives what it prints, one row a line.
    pub fn sql(&self, database: &str, sql: &str) -> String {
        let host = self.folder.to_str().expect("a path in UTF-8");
        let port = self.port().to_string();
        self.run(
            "psql",
            &[
                "-h",
                host,
                "-p",
                &port,
                "-U",
                "postgres",
                "-d",
                database,
                "-XAtq",
                "-v",
                "ON_ERROR_STOP=1",
                "-c",
                sql,
            ],
        )
    }

    /// User and group it runs as, if that is not who runs the tests.
    pub fn user(&self) -> Option<(u32, u32)> {
        self.user
    }

    /// Returns its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(self.programs.join(program));
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        // A server that inherited the test's output would keep it open. What `pg_ctl` starts inherits ours.
        let stderr_file = tempfile::tempfile().expect("a file");
        command
            .args(arguments)
            .current_dir("/")
            .stdin(Stdio::null())
            .stderr(stderr_file.try_clone().expect("a file"));
        let is_starting = program == "pg_ctl";
        let output = if is_starting {
            let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect(program);
            assert!(status.success(), "{program} {arguments:?}: {status}\n{}", self.log());
            return String::new();
        } else {
            command.output().expect(program)
        };
        assert!(output.status.success(), "{program} {arguments:?}: {}\n{}", output.status, read(stderr_file));
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    fn run_as_is(&self, program: &str, arguments: &[&str]) {
        let status = Command::new(program).args(arguments).status().expect(program);
        assert!(status.success(), "{program} {arguments:?}: {status}");
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if !self.is_owned {
            return;
        }
        let data = self.data();
        let mut stop = Command::new(self.programs.join("pg_ctl"));
        if let Some((user, group)) = self.user {
            stop.uid(user).gid(group);
        }
        stop.args(["-m", "immediate", "-w", "stop", "-D"]).arg(&data).current_dir("/");
        // It may have been stopped or killed by the test.
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn read(mut file: std::fs::File) -> String {
    use std::io::{Read, Seek};
    let mut text = String::new();
    let _ = file.rewind();
    let _ = file.read_to_string(&mut text);
    text
}

/// A folder for data that is soon gone.
pub(super) fn place() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let is_usable = tempfile::tempfile_in(memory).is_ok();
    if is_usable { memory.to_owned() } else { std::env::temp_dir() }
}

/// User and group to run the server as, when this is root.
fn unprivileged() -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt;
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
    if !is_root {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("the list of users");
    let numbers = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    numbers(UNPRIVILEGED).or_else(|| numbers("nobody"))
}
