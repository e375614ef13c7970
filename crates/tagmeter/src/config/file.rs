//! Reads a settings file: a flat TOML table of known names. An unknown name is refused with its line and the name
//! that is nearest to it, because a setting that is silently ignored is worse than none.

use super::{NAMES, nearest};
use crate::exit::Failure;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// A settings file as it was read.
#[derive(Debug, Default)]
pub(super) struct SettingsFile {
    /// Where it is.
    pub(super) path: PathBuf,
    /// What it sets: the text of the value and its line, from 1.
    pub(super) values: HashMap<&'static str, (String, usize)>,
}

impl SettingsFile {
    /// Reads the file at `path`.
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path).map_err(|cause| {
            Failure::usage(format_args!("the settings file {} cannot be read: {cause}", path.display()))
                .hint("`tagmeter config > tagmeter.toml` writes one that can be edited")
        })?;
        Self::parse(path, &text)
    }

    /// Reads `text`, the content of the file at `path`.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        let refuse = |at: usize, why: String| {
            Failure::usage(format_args!("{}, line {}: {why}", path.display(), line_of(text, at)))
        };
        let table = DeTable::parse(text)
            .map_err(|error| refuse(error.span().map_or(0, |s| s.start), error.message().to_owned()))?;
        let mut values = HashMap::new();
        for (key, value) in table.get_ref() {
            let at = key.span().start;
            let Some(name) = NAMES.into_iter().find(|name| name == key.get_ref()) else {
                let refused = refuse(at, format!("there is no setting {:?}", key.get_ref()));
                return Err(refused.hint(match nearest(key.get_ref(), NAMES) {
                    Some(name) => format!("did you mean {name}?"),
                    None => format!("the settings are {}", NAMES.join(", ")),
                }));
            };
            let text_of_value = match value.get_ref() {
                DeValue::String(text) => text.to_string(),
                DeValue::Boolean(flag) => flag.to_string(),
                DeValue::Integer(number) if number.radix() == 10 => number.as_str().replace('_', ""),
                other => return Err(refuse(at, format!("{name} cannot hold a TOML {}", other.type_str()))),
            };
            values.insert(name, (text_of_value, line_of(text, at)));
        }
        Ok(Self { path: path.to_owned(), values })
    }
}

/// Line, from 1, of a place in a text.
fn line_of(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        SettingsFile::parse(Path::new("a.toml"), text).expect_err("a mistake").to_string()
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        assert_eq!(
            refused("listen = \"127.0.0.1:1\"\n\nrequest_per_minute = 5\n"),
            "error: a.toml, line 3: there is no setting \"request_per_minute\"\nhint: did you mean requests_per_minute?"
        );
        assert!(refused("zzz = 5").contains("hint: the settings are data_dir, "));
        assert_eq!(refused("\nlisten = [1]"), "error: a.toml, line 2: listen cannot hold a TOML array");
        assert!(refused("a = \n").starts_with("error: a.toml, line 1: "));
        assert!(refused("log = \"info\"\nlog = \"warn\"").contains("line 2"));
    }

    #[test]
    fn values_keep_their_lines() {
        let file = SettingsFile::parse(
            Path::new("a.toml"),
            "# a\nlegacy_errors = true\nrequests_per_minute = 6_000\n",
        )
        .expect("settings");
        assert_eq!(file.values["legacy_errors"], ("true".to_owned(), 2));
        assert_eq!(file.values["requests_per_minute"], ("6000".to_owned(), 3));
    }
}
