//! Reads a settings file: TOML of known names, with tables for parts of the program and one for each
//! upstream. An unknown name is an error with its line and the nearest name, because a setting that is silently
//! ignored is worse than none.

use super::{FLAGS, LISTS, NAMES, NUMBERS, nearest, upstream};
use crate::exit::Failure;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// Tables of settings.
const SECTIONS: [&str; 4] = ["freshness", "downloads", "webhooks", "smtp"];

/// A parsed settings file.
#[derive(Debug, Default)]
pub(super) struct SettingsFile {
    /// Its path.
    pub(super) path: PathBuf,
    /// Its settings.
    pub(super) values: Values,
    /// Each `[[upstream]]`, in order.
    pub(super) upstreams: Vec<UpstreamTable>,
}

/// The text of each value and its line, from 1.
pub(super) type Values = HashMap<&'static str, (String, usize)>;

/// A parsed `[[upstream]]`.
#[derive(Debug, Default)]
pub(super) struct UpstreamTable {
    /// Its first line, from 1.
    pub(super) line: usize,
    /// Its settings.
    pub(super) values: Values,
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

    /// Parses `text`, the content of the file at `path`.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, Failure> {
        let reader = Reader { path, text };
        let table = DeTable::parse(text).map_err(|error| {
            reader.refuse(error.span().map_or(0, |s| s.start), error.message().to_owned())
        })?;
        let mut file = Self { path: path.to_owned(), ..Self::default() };
        for (key, value) in table.get_ref() {
            match (&**key.get_ref(), value.get_ref()) {
                (section, DeValue::Table(settings)) if SECTIONS.contains(&section) => {
                    for (inner, value) in settings {
                        let name = format!("{section}.{}", inner.get_ref());
                        let known = reader.known(&name, inner.span().start, NAMES)?;
                        file.values.insert(known, reader.value(known, inner.span().start, value.get_ref())?);
                    }
                }
                ("upstream", DeValue::Array(tables)) => {
                    for table in tables {
                        file.upstreams.push(reader.upstream(table.span().start, table.get_ref())?);
                    }
                }
                (section, _) if SECTIONS.contains(&section) => {
                    let why = format!("{section} is a table: [{section}]");
                    return Err(reader.refuse(key.span().start, why));
                }
                ("upstream", _) => return Err(reader.no_upstreams(key.span().start)),
                (name, value) => {
                    let known = reader.known(name, key.span().start, NAMES)?;
                    file.values.insert(known, reader.value(known, key.span().start, value)?);
                }
            }
        }
        Ok(file)
    }
}

/// A file that is being read.
struct Reader<'r> {
    path: &'r Path,
    text: &'r str,
}

impl Reader<'_> {
    fn refuse(&self, at: usize, why: String) -> Failure {
        Failure::usage(format_args!("{}, line {}: {why}", self.path.display(), line_of(self.text, at)))
    }

    fn no_upstreams(&self, at: usize) -> Failure {
        self.refuse(at, "upstream is a list of tables, each begun by [[upstream]]".to_owned())
    }

    /// Returns the setting of this name, or an error that suggests the nearest one.
    fn known(&self, typed: &str, at: usize, names: &[&'static str]) -> Result<&'static str, Failure> {
        if let Some(name) = names.iter().find(|name| **name == typed) {
            return Ok(name);
        }
        let refused = self.refuse(at, format!("there is no setting {typed:?}"));
        Err(refused.hint(match nearest(typed, names.iter().copied()) {
            Some(name) => format!("did you mean {name}?"),
            None => format!("the settings are {}", names.join(", ")),
        }))
    }

    /// Returns the text of a value, and its line.
    fn value(&self, name: &str, at: usize, value: &DeValue<'_>) -> Result<(String, usize), Failure> {
        let wrong_kind = |shown: String, wanted: &str| {
            Err(self.refuse(at, format!("{name} is {shown}, and must be {wanted}")))
        };
        let text = match value {
            DeValue::String(text) if FLAGS.contains(&name) => {
                return wrong_kind(format!("{:?}", &**text), "true or false, without quotes");
            }
            DeValue::String(text) if NUMBERS.contains(&name) => {
                return wrong_kind(format!("{:?}", &**text), "a whole number, without quotes");
            }
            DeValue::Boolean(flag) if !FLAGS.contains(&name) => {
                let wanted = if NUMBERS.contains(&name) { "a whole number" } else { "a text in quotes" };
                return wrong_kind(flag.to_string(), wanted);
            }
            DeValue::Array(entries) if LISTS.contains(&name) => {
                let texts = entries.iter().map(|entry| match entry.get_ref() {
                    DeValue::String(text) => Some(text.as_ref()),
                    _ => None,
                });
                let Some(texts) = texts.collect::<Option<Vec<&str>>>() else {
                    return wrong_kind("a list of other things".to_owned(), "a list of texts in quotes");
                };
                texts.join(", ")
            }
            DeValue::String(text) => text.to_string(),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().replace('_', ""),
            other => return Err(self.refuse(at, format!("{name} cannot hold a TOML {}", other.type_str()))),
        };
        Ok((text, line_of(self.text, at)))
    }

    fn upstream(&self, at: usize, table: &DeValue<'_>) -> Result<UpstreamTable, Failure> {
        let DeValue::Table(table) = table else { return Err(self.no_upstreams(at)) };
        let mut upstream = UpstreamTable { line: line_of(self.text, at), values: Values::new() };
        for (key, value) in table {
            let name = self.known(key.get_ref(), key.span().start, &upstream::NAMES)?;
            upstream.values.insert(name, self.value(name, key.span().start, value.get_ref())?);
        }
        Ok(upstream)
    }
}

/// Returns the line, from 1, of a byte position in a text.
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
    fn mistakes_are_reported_with_their_line() {
        assert_eq!(
            refused("listen = \"127.0.0.1:1\"\n\nrequest_per_minute = 5\n"),
            "error: a.toml, line 3: there is no setting \"request_per_minute\"\nhint: did you mean requests_per_minute?"
        );
        assert!(refused("zzz = 5").contains("hint: the settings are data_dir, "));
        assert_eq!(refused("\nlisten = [1]"), "error: a.toml, line 2: listen cannot hold a TOML array");
        assert_eq!(
            refused("worker = \"yes\""),
            "error: a.toml, line 1: worker is \"yes\", and must be true or false, without quotes"
        );
        assert!(refused("legacy_errors = \"TRUE\"").contains("true or false, without quotes"));
        assert!(refused("requests_per_minute = \"5\"").contains("a whole number, without quotes"));
        assert!(refused("requests_per_minute = true").contains("a whole number"));
        assert!(refused("data_dir = true").contains("data_dir is true, and must be a text in quotes"));
        assert!(refused("[freshness]\nposts = false").contains("line 2: freshness.posts is false"));
        let upstream = "[[upstream]]\nname = \"a\"\ndaily_requests = \"5\"";
        assert!(
            refused(upstream)
                .contains("line 3: daily_requests is \"5\", and must be a whole number, without quotes")
        );
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
