//! The settings of large answers: `[downloads]`.

use super::{Layers, Setting, folder, length, number};
use crate::exit::Failure;
use domain::{Length, Timestamp};
use server::Downloads;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes of a mebibyte.
const MIB: u64 = 1024 * 1024;

/// Settings of large answers.
#[derive(Debug, Clone)]
pub(crate) struct DownloadSettings {
    /// Folder of the files; a relative path starts at the data folder.
    folder: Setting<PathBuf>,
    /// Mebibytes of all files together.
    mib_max: Setting<u32>,
    /// Retention of a paid file.
    keep: Setting<Length>,
    /// Large answers of one key at once.
    per_key: Setting<u32>,
    /// Large answers of all keys at once.
    at_once: Setting<u32>,
}

impl DownloadSettings {
    pub(super) fn read(layers: &Layers) -> Result<Self, Failure> {
        Ok(Self {
            folder: layers.resolve("downloads.folder", folder)?,
            mib_max: layers.resolve("downloads.mib_max", positive)?,
            keep: layers.resolve("downloads.keep", length)?,
            per_key: layers.resolve("downloads.per_key", positive)?,
            at_once: layers.resolve("downloads.at_once", positive)?,
        })
    }

    /// Returns name, value and origin of each setting.
    pub(super) fn rows(&self) -> [[String; 3]; 5] {
        let row = |name: &str, value: String, origin: &super::Origin| {
            [format!("downloads.{name}"), value, origin.to_string()]
        };
        [
            row("folder", self.folder.value.display().to_string(), &self.folder.origin),
            row("mib_max", self.mib_max.value.to_string(), &self.mib_max.origin),
            row("keep", self.keep.value.to_string(), &self.keep.origin),
            row("per_key", self.per_key.value.to_string(), &self.per_key.origin),
            row("at_once", self.at_once.value.to_string(), &self.at_once.origin),
        ]
    }

    /// Returns the folder of the files, for this data folder.
    pub(crate) fn folder(&self, data_dir: &Path) -> PathBuf {
        data_dir.join(&self.folder.value)
    }

    /// Returns the options of a server with this data folder.
    pub(crate) fn options(&self, data_dir: &Path) -> Downloads {
        let count = |setting: &Setting<u32>| usize::try_from(setting.value).unwrap_or(usize::MAX);
        Downloads {
            folder: Some(self.folder(data_dir)),
            bytes_max: u64::from(self.mib_max.value) * MIB,
            retention: duration_of(self.keep.value),
            per_key: count(&self.per_key),
            at_once: count(&self.at_once),
            ..Downloads::default()
        }
    }
}

/// Converts a length of time; months and years are as long as the last ones before 1970-01-01.
fn duration_of(length: Length) -> Duration {
    let epoch = Timestamp::from_ms(0);
    Duration::from_millis(length.as_ms().unwrap_or_else(|| length.before(epoch).as_ms().unsigned_abs()))
}

fn positive(text: &OsStr) -> Result<u32, String> {
    match number(text) {
        Ok(0) | Err(_) => Err(format!("a whole number from 1 to {}", u32::MAX)),
        Ok(number) => Ok(number),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Flags, Settings};
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_server() {
        let settings = Settings::load(Flags::default(), Vec::new()).expect("the default file is valid");
        let options = settings.downloads.options(Path::new("/data"));
        let usual = Downloads::default();
        assert_eq!(options.folder.as_deref(), Some(Path::new("/data/downloads")));
        assert_eq!(
            (options.bytes_max, options.retention, options.per_key, options.at_once),
            (usual.bytes_max, usual.retention, usual.per_key, usual.at_once)
        );
    }

    #[test]
    fn none_at_once_is_refused() {
        for name in ["downloads.per_key", "downloads.at_once", "downloads.mib_max"] {
            let flags = Flags { config: None, given: vec![(name, "0".into())] };
            let refused = Settings::load(flags, Vec::new()).expect_err("a mistake").to_string();
            assert!(refused.contains("a whole number from 1 to"), "{refused}");
        }
    }
}
