//! Checks a server's settings before it is used.

use super::connection::Pool;
use crate::StoreError;
use crate::error::Doing;
use crate::row::{self, row};

/// The oldest supported version, as `server_version_num`.
const VERSION_MIN: i64 = 15_00_00;

/// Refuses a server that cannot be used, or that may lose commits. Returns warnings.
pub(super) async fn examine(pool: &Pool) -> Result<Vec<String>, StoreError> {
    const DOING: &str = "read the server's settings";
    let row = pool.query_one(DOING, concat!("SELECT ", settings_columns!()), &[]).await?;
    row::postgres::<Settings>(&row).doing(DOING)?.judge()
}

row! {
    /// Settings of a server.
    #[derive(Debug, Clone)]
    struct Settings: settings_columns {
        version_number: i64 = "current_setting('server_version_num')::bigint",
        version: String = "current_setting('server_version')",
        encoding: String = "current_setting('server_encoding')",
        is_standby: bool = "pg_is_in_recovery()",
        fsync: String = "current_setting('fsync')",
        full_page_writes: String = "current_setting('full_page_writes')",
        synchronous_commit: String = "current_setting('synchronous_commit')",
    }
}

impl Settings {
    /// Judges the settings. `synchronous_commit` is not changed: a role may have it above `on`
    /// (`remote_apply`), and a role that has it off gets a warning.
    fn judge(&self) -> Result<Vec<String>, StoreError> {
        let refuse = |text: String| Err(StoreError::Unusable(text));
        if self.version_number < VERSION_MIN {
            let version = &self.version;
            return refuse(format!("the database is PostgreSQL {version}; Tagmeter needs 15 or newer"));
        }
        if self.encoding != "UTF8" {
            let encoding = &self.encoding;
            return refuse(format!(
                "the database is encoded in {encoding}; make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
            ));
        }
        if self.is_standby {
            return refuse(
                "the database is a standby and cannot be written; give the address of the primary".to_owned(),
            );
        }
        for (name, value, risk) in [
            ("fsync", &self.fsync, "charges that were answered would be lost at a power cut"),
            (
                "full_page_writes",
                &self.full_page_writes,
                "a power cut in the middle of a page would damage it",
            ),
        ] {
            if value != "on" {
                return refuse(format!(
                    "the database has {name} = {value}, and {risk}; set {name} = on (ALTER SYSTEM SET {name} = on; \
                     SELECT pg_reload_conf())"
                ));
            }
        }
        if self.synchronous_commit == "off" {
            return Ok(vec![
                "the database has synchronous_commit = off: charges that were answered in the last moments before a \
                 crash are lost; set synchronous_commit = on"
                    .to_owned(),
            ]);
        }
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Settings {
        Settings {
            version_number: 15_00_18,
            version: "15.18".to_owned(),
            encoding: "UTF8".to_owned(),
            is_standby: false,
            fsync: "on".to_owned(),
            full_page_writes: "on".to_owned(),
            synchronous_commit: "remote_apply".to_owned(),
        }
    }

    #[test]
    fn what_would_lose_or_garble_data_is_refused_with_what_would_be_right() {
        assert_eq!(good().judge().expect("fit"), Vec::<String>::new());
        let off = || "off".to_owned();
        for (settings, part) in [
            (Settings { version_number: 14_00_12, version: "14.12".to_owned(), ..good() }, "15 or newer"),
            (Settings { encoding: "SQL_ASCII".to_owned(), ..good() }, "ENCODING 'UTF8'"),
            (Settings { is_standby: true, ..good() }, "address of the primary"),
            (Settings { fsync: off(), ..good() }, "set fsync = on"),
            (Settings { full_page_writes: off(), ..good() }, "set full_page_writes = on"),
        ] {
            let refusal = settings.judge().expect_err(part).to_string();
            assert!(refusal.contains(part), "{refusal}");
        }
        let warned = Settings { synchronous_commit: off(), ..good() }.judge().expect("fit");
        assert!(warned.len() == 1 && warned[0].contains("synchronous_commit = on"), "{warned:?}");
    }
}
