//! A second server that follows the first and can take its place.

use super::Cluster;

impl Cluster {
    /// Starts a standby of this server. From then on a commit is acknowledged only when it is on the
    /// standby's disk.
    pub fn standby(&self) -> Self {
        let folder = self.folder.with_file_name(format!("tagmeter-postgres-{}", crate::postgres::unique()));
        let settings: Vec<_> =
            self.settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let mut standby = Self::at(folder, &settings).expect("it is installed");
        standby.is_owned = true;
        std::fs::create_dir_all(&standby.folder).expect("a folder");
        if let Some((user, group)) = standby.user {
            std::os::unix::fs::chown(&standby.folder, Some(user), Some(group)).expect("a folder of its user");
        }
        let data = standby.data();
        let (data, host) = (data.to_str().expect("UTF-8"), self.folder.to_str().expect("UTF-8"));
        let port = self.port().to_string();
        let options = ["-U", "postgres", "-R", "-X", "stream", "-c", "fast", "--no-sync"];
        standby.run("pg_basebackup", &[&["-h", host, "-p", &port, "-D", data], options.as_slice()].concat());
        standby.start_again();
        self.sql("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
        self.sql("postgres", "SELECT pg_reload_conf()");
        let sync = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        while self.sql("postgres", sync).trim() != "1" {}
        standby
    }

    /// Makes a standby a server of its own, that takes writes.
    pub fn promote(&self) {
        let data = self.data();
        self.run("pg_ctl", &["-D", data.to_str().expect("a path in UTF-8"), "-w", "promote"]);
        // What it waited for went with the server it followed.
        self.sql("postgres", "ALTER SYSTEM RESET synchronous_standby_names");
        self.sql("postgres", "SELECT pg_reload_conf()");
    }
}
