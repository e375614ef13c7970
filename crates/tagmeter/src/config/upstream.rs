//! `[[upstream]]` of a settings file: a server from which missing or stale data is fetched. Secrets may be
//! written as `${VARIABLE}`; they are never shown.

use super::file::UpstreamTable;
use super::{Environment, Origin};
use crate::exit::Failure;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use strum::IntoStaticStr;

/// Names of an upstream's settings, as files write them.
pub(super) const NAMES: [&str; 10] = [
    "name",
    "kind",
    "base_url",
    "api_key",
    "client_key",
    "client_secret",
    "requests_per_minute",
    "daily_requests",
    "credits_per_call",
    "fields",
];
/// Default limit of a server of the contract: that of the original.
const CONTRACT_REQUESTS_PER_MINUTE: u32 = 200;
/// Address of the Research API.
const RESEARCH_BASE_URL: &str = "https://open.tiktokapis.com";
/// Requests that the Research API allows per UTC day.
const RESEARCH_DAILY_REQUESTS: u64 = 1_000;
/// Default limit for the Research API, which publishes none: far below the rate at which callers were refused.
const RESEARCH_REQUESTS_PER_MINUTE: u32 = 60;
/// Longest name, in bytes: it is a label in metrics and a key in the store.
const NAME_BYTES_MAX: usize = 40;

/// Kind of an upstream, which decides its connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum Kind {
    /// Any server of the four challenge endpoints.
    Contract,
    /// TikTok's Research API.
    TiktokResearch,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        self.into()
    }
}

/// A text that is never shown. `Err` names the environment variable that is missing.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(Result<String, String>);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_ok() { "Secret(set)" } else { "Secret(missing)" })
    }
}

impl Secret {
    /// Returns the text, or the name of the missing environment variable.
    pub(crate) fn reveal(&self) -> Result<&str, &str> {
        self.0.as_deref().map_err(String::as_str)
    }
}

/// Credentials for an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Access {
    /// `api_key`
    Key(Secret),
    /// `client_key` and `client_secret`
    Client {
        key: Secret,
        secret: Secret,
        /// Fields of a video to request; `None`: all that are recorded.
        fields: Option<Vec<String>>,
    },
}

/// An upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UpstreamSettings {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) base_url: String,
    pub(crate) access: Access,
    /// Calls per minute of this node; 0 is no limit.
    pub(crate) requests_per_minute: u32,
    /// Calls per UTC day of all nodes together; 0 is no limit.
    pub(crate) daily_requests: u64,
    /// Cost of a call at the upstream, in its credits.
    pub(crate) credits_per_call: u64,
    pub(crate) origin: Origin,
}

impl UpstreamSettings {
    /// Returns the environment variables that are named and not set.
    pub(crate) fn missing_variables(&self) -> Vec<&str> {
        let secrets = match &self.access {
            Access::Key(key) => vec![key],
            Access::Client { key, secret, .. } => vec![key, secret],
        };
        secrets.into_iter().filter_map(|secret| secret.reveal().err()).collect()
    }
}

/// Parses all upstreams; names must differ.
pub(super) fn read(
    tables: &[UpstreamTable],
    path: &Path,
    environment: &Environment,
) -> Result<Vec<UpstreamSettings>, Failure> {
    let mut names = BTreeSet::new();
    let mut upstreams = Vec::new();
    for table in tables {
        let reader = Reader { table, path, environment };
        let upstream = reader.read()?;
        if !names.insert(upstream.name.clone()) {
            return Err(
                reader.refuse(table.line, format!("there are two upstreams called {:?}", upstream.name))
            );
        }
        upstreams.push(upstream);
    }
    Ok(upstreams)
}

/// Parser of one table.
struct Reader<'r> {
    table: &'r UpstreamTable,
    path: &'r Path,
    environment: &'r Environment,
}

impl Reader<'_> {
    fn read(&self) -> Result<UpstreamSettings, Failure> {
        let (name, name_line) = self.required("name")?;
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.bytes().all(is_plain) {
            let wanted = format!("name must be 1 to {NAME_BYTES_MAX} letters, digits, - _ or .");
            return Err(self.refuse(name_line, wanted));
        }
        let (kind, kind_line) = self.required("kind")?;
        let kind = match kind {
            "contract" => Kind::Contract,
            "tiktok-research" => Kind::TiktokResearch,
            other => {
                let wanted = format!("kind is {other:?}, and must be contract or tiktok-research");
                return Err(self.refuse(kind_line, wanted));
            }
        };
        let (access, foreign): (Access, &[&str]) = match kind {
            Kind::Contract => {
                (Access::Key(self.secret("api_key")?), &["client_key", "client_secret", "fields"])
            }
            Kind::TiktokResearch => {
                let (key, secret) = (self.secret("client_key")?, self.secret("client_secret")?);
                (Access::Client { key, secret, fields: self.list("fields") }, &["api_key"])
            }
        };
        if let Some((foreign, (_, line))) =
            foreign.iter().find_map(|name| Some((name, self.table.values.get(name)?)))
        {
            return Err(self
                .refuse(*line, format!("{foreign} is not a setting of upstreams of kind {}", kind.name())));
        }
        Ok(UpstreamSettings {
            name: name.to_owned(),
            kind,
            base_url: self.base_url(kind)?,
            access,
            requests_per_minute: self.number(
                "requests_per_minute",
                match kind {
                    Kind::Contract => CONTRACT_REQUESTS_PER_MINUTE,
                    Kind::TiktokResearch => RESEARCH_REQUESTS_PER_MINUTE,
                },
            )?,
            daily_requests: self.number(
                "daily_requests",
                match kind {
                    Kind::Contract => 0,
                    Kind::TiktokResearch => RESEARCH_DAILY_REQUESTS,
                },
            )?,
            credits_per_call: self.number("credits_per_call", 1)?,
            origin: Origin::File(self.path.to_owned(), self.table.line),
        })
    }

    fn base_url(&self, kind: Kind) -> Result<String, Failure> {
        let url = match (kind, self.table.values.get("base_url")) {
            (Kind::TiktokResearch, None) => return Ok(RESEARCH_BASE_URL.to_owned()),
            _ => self.required("base_url")?,
        };
        let is_url = url.0.strip_prefix("https://").or(url.0.strip_prefix("http://"));
        match is_url {
            Some(rest) if !rest.is_empty() && !rest.contains(['?', '#', '@', ' ']) => Ok(url.0.to_owned()),
            _ => {
                Err(self
                    .refuse(url.1, "base_url must be an address such as https://api.example.com".to_owned()))
            }
        }
    }

    fn required(&self, name: &'static str) -> Result<(&str, usize), Failure> {
        let found = self.table.values.get(name).map(|(text, line)| (text.as_str(), *line));
        found.ok_or_else(|| self.refuse(self.table.line, format!("this [[upstream]] has no {name}")))
    }

    fn number<T: std::str::FromStr>(&self, name: &'static str, default: T) -> Result<T, Failure> {
        let Some((text, line)) = self.table.values.get(name) else { return Ok(default) };
        text.parse()
            .map_err(|_| self.refuse(*line, format!("{name} is {text:?}, and must be a whole number")))
    }

    /// Returns the texts between commas.
    fn list(&self, name: &'static str) -> Option<Vec<String>> {
        let (text, _) = self.table.values.get(name)?;
        Some(text.split(',').map(|one| one.trim().to_owned()).collect())
    }

    /// Returns a secret, with `${VARIABLE}` replaced.
    fn secret(&self, name: &'static str) -> Result<Secret, Failure> {
        let (text, line) = self.required(name)?;
        let (mut revealed, mut rest) = (String::new(), text);
        while let Some((before, after)) = rest.split_once("${") {
            let (variable, after) = after
                .split_once('}')
                .ok_or_else(|| self.refuse(line, format!("{name} has a ${{ without a }}")))?;
            revealed.push_str(before);
            let set = self.environment.iter().find(|(key, value)| key == variable && !value.is_empty());
            match set.and_then(|(_, value)| value.to_str()) {
                Some(value) => revealed.push_str(value),
                None => return Ok(Secret(Err(variable.to_owned()))),
            }
            rest = after;
        }
        revealed.push_str(rest);
        Ok(Secret(Ok(revealed)))
    }

    fn refuse(&self, line: usize, why: String) -> Failure {
        Failure::usage(format_args!("{}, line {line}: {why}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::file::SettingsFile;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Vec<UpstreamSettings>, Failure> {
        let path = Path::new("a.toml");
        let file = SettingsFile::parse(path, text)?;
        let environment = environment.iter().map(|(name, value)| (name.into(), value.into())).collect();
        read(&file.upstreams, path, &environment)
    }

    fn refused(text: &str) -> String {
        load(text, &[]).expect_err("a mistake").to_string()
    }

    const ORIGINAL: &str = r#"
        [[upstream]]
        name = "original"
        kind = "contract"
        base_url = "https://api.example.com"
        api_key = "${EXAMPLE_KEY}"
        daily_requests = 10_000
    "#;

    #[test]
    fn both_kinds_are_read_with_their_secrets_from_the_environment() {
        let research = "[[upstream]]\nname=\"research\"\nkind=\"tiktok-research\"\nclient_key=\"k\"\nclient_secret=\"a${S}b\"\nfields = \"id, view_count\"";
        let both = load(&format!("{ORIGINAL}\n{research}"), &[("EXAMPLE_KEY", "key-1"), ("S", "-")])
            .expect("settings");
        let [original, research] = &both[..] else { panic!("{both:?}") };
        assert_eq!(original.access, Access::Key(Secret(Ok("key-1".to_owned()))));
        assert_eq!((original.requests_per_minute, original.daily_requests), (200, 10_000));
        assert_eq!((research.daily_requests, &*research.base_url), (1_000, "https://open.tiktokapis.com"));
        let Access::Client { secret, fields, .. } = &research.access else { panic!("{research:?}") };
        assert_eq!(secret.reveal(), Ok("a-b"));
        assert_eq!(fields.as_deref(), Some(&["id".to_owned(), "view_count".to_owned()][..]));
        assert!(!format!("{both:?}").contains("key-1"));
    }

    #[test]
    fn a_variable_that_is_not_set_is_noticed_where_it_is_needed() {
        let upstreams = load(ORIGINAL, &[]).expect("settings");
        assert_eq!(upstreams[0].missing_variables(), ["EXAMPLE_KEY"]);
    }

    #[test]
    fn mistakes_are_reported_with_their_line() {
        let head = "[[upstream]]\nname = \"a\"\nkind = \"contract\"\nbase_url = \"https://a.example\"\napi_key = \"k\"\n";
        assert!(load(head, &[]).is_ok());
        for (text, wanted) in [
            ("[[upstream]]\nkind = \"contract\"".to_owned(), "line 1: this [[upstream]] has no name"),
            (head.replace("\"a\"", "\"a b\""), "line 2: name must be"),
            (head.replace("contract", "scraper"), "line 3: kind is \"scraper\", and must be contract or"),
            (head.replace("https://", "ftp://"), "line 4: base_url must be an address"),
            (head.replace("\"k\"", "\"${K\""), "line 5: api_key has a ${ without a }"),
            (format!("{head}client_key = \"x\""), "line 6: client_key is not a setting"),
            (format!("{head}fields = \"id\""), "line 6: fields is not a setting"),
            (format!("{head}daily_requests = \"many\""), "line 6: daily_requests is \"many\""),
            (format!("{head}daily_request = 5"), "hint: did you mean daily_requests?"),
            (format!("{head}{head}"), "two upstreams called \"a\""),
            ("upstream = 5".to_owned(), "line 1: upstream is a list of tables"),
        ] {
            let message = refused(&text);
            assert!(message.contains(wanted), "{message}");
        }
    }
}
