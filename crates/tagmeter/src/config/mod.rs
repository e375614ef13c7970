//! Settings, each with its value and origin. A flag wins over the environment, the environment over the file,
//! the file over the default; the defaults are the embedded file that `tagmeter config` prints.

mod delivery;

mod downloads;

mod file;

mod upstream;

use crate::exit::Failure;
use catalog::Freshness;
use delivery::DeliverySettings;
use domain::Length;
use domain::length::LengthError;
use downloads::DownloadSettings;
use file::SettingsFile;
use server::options::{Origins, PublicUrl, PublicUrlError};
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use store::DatabaseUrl;

pub(crate) use upstream::{Access, Secret, UpstreamSettings};

/// The commented default file.
pub(crate) const DEFAULT_FILE: &str = include_str!("../tagmeter.default.toml");
/// Path of the settings file when none is named.
const USUAL_FILE: &str = "tagmeter.toml";
/// Levels of the log, the fewest lines first.
const LOG_LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
/// Description of a valid length of time.
const LENGTH_WANTED: &str = "a length of time of at most 100y, such as 30s, 15min, 1h, 7d, 6mo or 0";
/// Prefix of the environment variables; the rest is the setting's name in capitals.
const ENVIRONMENT_PREFIX: &str = "TAGMETER_";
/// Shortest and longest time between two requests of a connection, in milliseconds.
const KEEP_ALIVE_MS: std::ops::RangeInclusive<u64> = 1_000..=3_600_000;
/// Names the settings file; as a flag it is `--config`.
const CONFIG_VARIABLE: &str = "TAGMETER_CONFIG";

/// Names of the settings, as files write them.
const NAMES: &[&str] = &[
    "data_dir",
    "database_url",
    "listen",
    "public_url",
    "cors_origins",
    "keep_alive",
    "requests_per_minute",
    "legacy_errors",
    "sign_up_site",
    "worker",
    "log",
    "log_format",
    "freshness.counts",
    "freshness.posts",
    "freshness.misses",
    "freshness.search",
    "downloads.folder",
    "downloads.mib_max",
    "downloads.keep",
    "downloads.per_key",
    "downloads.at_once",
    "webhooks.allow",
    "webhooks.own",
    "smtp.host",
    "smtp.port",
    "smtp.encryption",
    "smtp.user",
    "smtp.password",
    "smtp.from",
];

/// Settings that are lists of texts.
const LISTS: [&str; 2] = ["webhooks.allow", "webhooks.own"];
/// Settings that are true or false.
const FLAGS: [&str; 2] = ["legacy_errors", "worker"];
/// Settings that are whole numbers, those of upstreams among them.
const NUMBERS: [&str; 7] = [
    "requests_per_minute",
    "daily_requests",
    "credits_per_call",
    "downloads.mib_max",
    "downloads.per_key",
    "downloads.at_once",
    "smtp.port",
];

/// Origin of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag on the command line, such as `--listen`.
    Flag(String),
    /// An environment variable.
    Environment(String),
    /// A settings file and the line in it.
    File(PathBuf, usize),
    /// The embedded default file.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::Environment(variable) => write!(f, "environment {variable}"),
            Self::File(path, line) => write!(f, "{} line {line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// Value and origin of a setting.
#[derive(Debug, Clone)]
pub(crate) struct Setting<T> {
    pub(crate) value: T,
    pub(crate) origin: Origin,
}

/// Format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// A JSON object a line.
    Json,
}

/// All settings, resolved and valid.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Data folder.
    pub(crate) data_dir: Setting<PathBuf>,
    /// PostgreSQL database that replaces the files of the data folder.
    pub(crate) database_url: Option<Setting<DatabaseUrl>>,
    /// Address `serve` listens on.
    pub(crate) listen: Setting<SocketAddr>,
    /// Prefix of links in answers.
    pub(crate) public_url: Setting<PublicUrl>,
    /// Origins whose pages may read answers.
    pub(crate) cors_origins: Setting<Origins>,
    /// Maximum time between two requests of a connection.
    pub(crate) keep_alive: Setting<Length>,
    /// Calls a key may make per minute; 0 is no limit.
    pub(crate) requests_per_minute: Setting<u32>,
    /// True if errors have the original API's form.
    pub(crate) legacy_errors: Setting<bool>,
    /// Site that `legacy_errors` sends callers without a key to.
    pub(crate) sign_up_site: Setting<String>,
    /// True if `serve` runs jobs, too.
    pub(crate) worker: Setting<bool>,
    /// Log filter, as `tracing` directives.
    pub(crate) log: Setting<String>,
    /// Format of the log.
    pub(crate) log_format: Setting<LogFormat>,
    /// Maximum age of a hashtag's totals before they are fetched from an upstream.
    pub(crate) freshness_counts: Setting<Length>,
    /// Maximum age of the list of videos under a hashtag.
    pub(crate) freshness_posts: Setting<Length>,
    /// Maximum age of the answer that a hashtag does not exist.
    pub(crate) freshness_misses: Setting<Length>,
    /// Maximum age of a search.
    pub(crate) freshness_search: Setting<Length>,
    /// Settings of large answers.
    pub(crate) downloads: DownloadSettings,
    /// Settings of messages.
    pub(crate) delivery: DeliverySettings,
    /// Upstreams, the preferred one first.
    pub(crate) upstreams: Vec<UpstreamSettings>,
    /// The file that was read, if any.
    pub(crate) file: Option<PathBuf>,
    /// Warnings of environment variables that look like settings and are none.
    pub(crate) warnings: Vec<String>,
}

/// Settings of the command line, as typed.
#[derive(Debug, Default)]
pub(crate) struct Flags {
    /// `--config`
    pub(crate) config: Option<PathBuf>,
    /// Setting name and value of each flag that was given.
    pub(crate) given: Vec<(&'static str, OsString)>,
}

/// The environment: name and value of each variable.
pub(crate) type Environment = Vec<(OsString, OsString)>;

impl Settings {
    /// Resolves every setting. An error names the setting, its origin and what would be right.
    pub(crate) fn load(flags: Flags, environment: Environment) -> Result<Self, Failure> {
        let layers = Layers::read(flags, environment)?;
        let data_dir = layers.resolve("data_dir", folder)?;
        let data_dir = match &data_dir.origin {
            Origin::File(file, _) => {
                let base = file.parent().unwrap_or(Path::new(""));
                Setting { value: base.join(&data_dir.value), ..data_dir }
            }
            _ => data_dir,
        };
        Ok(Self {
            data_dir,
            database_url: layers.database_url()?,
            listen: layers.resolve("listen", address)?,
            public_url: layers.resolve("public_url", public_url)?,
            cors_origins: layers.resolve("cors_origins", origins)?,
            keep_alive: layers.resolve("keep_alive", keep_alive)?,
            requests_per_minute: layers.resolve("requests_per_minute", number)?,
            legacy_errors: layers.resolve("legacy_errors", flag)?,
            sign_up_site: layers.resolve("sign_up_site", words)?,
            worker: layers.resolve("worker", flag)?,
            log: layers.resolve("log", log_directives)?,
            log_format: layers.resolve("log_format", log_format)?,
            freshness_counts: layers.resolve("freshness.counts", length)?,
            freshness_posts: layers.resolve("freshness.posts", length)?,
            freshness_misses: layers.resolve("freshness.misses", length)?,
            freshness_search: layers.resolve("freshness.search", length)?,
            downloads: DownloadSettings::read(&layers)?,
            delivery: DeliverySettings::read(&layers)?,
            upstreams: layers.upstreams()?,
            warnings: layers.unknown_variables(),
            file: layers.file.map(|file| file.path),
        })
    }

    /// Returns name, value and origin of each setting.
    pub(crate) fn rows(&self) -> Vec<[String; 3]> {
        fn row<T>(name: &str, setting: &Setting<T>, shown: impl fmt::Display) -> [String; 3] {
            [name.to_owned(), shown.to_string(), setting.origin.to_string()]
        }
        let mut rows = vec![
            row("data_dir", &self.data_dir, self.data_dir.value.display()),
            match &self.database_url {
                Some(setting) => row("database_url", setting, &setting.value),
                None => ["database_url", "none: SQLite in data_dir", "default"].map(str::to_owned),
            },
            row("listen", &self.listen, self.listen.value),
            row("public_url", &self.public_url, none_if_empty(&self.public_url.value)),
            row("cors_origins", &self.cors_origins, none_if_empty(&self.cors_origins.value)),
            row("keep_alive", &self.keep_alive, self.keep_alive.value),
            row("requests_per_minute", &self.requests_per_minute, self.requests_per_minute.value),
            row("legacy_errors", &self.legacy_errors, self.legacy_errors.value),
            row("sign_up_site", &self.sign_up_site, &self.sign_up_site.value),
            row("worker", &self.worker, self.worker.value),
            row("log", &self.log, &self.log.value),
            row("log_format", &self.log_format, format!("{:?}", self.log_format.value).to_lowercase()),
            row("freshness.counts", &self.freshness_counts, self.freshness_counts.value),
            row("freshness.posts", &self.freshness_posts, self.freshness_posts.value),
            row("freshness.misses", &self.freshness_misses, self.freshness_misses.value),
            row("freshness.search", &self.freshness_search, self.freshness_search.value),
        ];
        rows.extend(self.downloads.rows());
        rows.extend(self.delivery.rows());
        rows.extend(self.upstreams.iter().map(|upstream| {
            let shown = format!("{} at {}", upstream.kind.name(), upstream.base_url);
            [format!("upstream {}", upstream.name), shown, upstream.origin.to_string()]
        }));
        rows
    }

    /// Returns the maximum ages of stored data before an upstream is called.
    pub(crate) fn freshness(&self) -> Freshness {
        Freshness {
            counts: self.freshness_counts.value,
            posts: self.freshness_posts.value,
            misses: self.freshness_misses.value,
            search: self.freshness_search.value,
        }
    }
}

/// Sources of settings, strongest first.
struct Layers {
    flags: Vec<(&'static str, OsString)>,
    environment: Environment,
    file: Option<SettingsFile>,
    defaults: SettingsFile,
}

impl Layers {
    fn read(flags: Flags, environment: Environment) -> Result<Self, Failure> {
        let named = flags.config.or_else(|| {
            let variable =
                environment.iter().find(|(name, value)| name == CONFIG_VARIABLE && !value.is_empty());
            variable.map(|(_, path)| PathBuf::from(path))
        });
        let usual = || Some(PathBuf::from(USUAL_FILE)).filter(|path| path.exists());
        Ok(Self {
            flags: flags.given,
            environment,
            file: named.or_else(usual).map(|path| SettingsFile::read(&path)).transpose()?,
            defaults: SettingsFile::parse(Path::new("tagmeter.default.toml"), DEFAULT_FILE)?,
        })
    }

    /// Returns the text of a setting and its origin. An empty environment variable counts as none.
    fn find(&self, name: &'static str) -> Option<(OsString, Origin)> {
        let from_file = |file: &SettingsFile| file.values.get(name).cloned();
        if let Some((_, text)) = self.flags.iter().find(|(flag, _)| *flag == name) {
            return Some((text.clone(), Origin::Flag(flag_of(name))));
        }
        let variable = variable_of(name);
        let set = self.environment.iter().find(|(key, value)| *key == *variable && !value.is_empty());
        if let Some((_, text)) = set {
            return Some((text.clone(), Origin::Environment(variable)));
        }
        if let Some(((text, line), file)) = self.file.as_ref().and_then(|file| Some((from_file(file)?, file)))
        {
            return Some((text.into(), Origin::File(file.path.clone(), line)));
        }
        from_file(&self.defaults).map(|(text, _)| (text.into(), Origin::Default))
    }

    fn resolve<T>(
        &self,
        name: &'static str,
        read: impl Fn(&OsStr) -> Result<T, String>,
    ) -> Result<Setting<T>, Failure> {
        let (text, origin) =
            self.find(name).ok_or_else(|| Failure::usage(format_args!("{name} has no default")))?;
        match read(&text) {
            Ok(value) => Ok(Setting { value, origin }),
            Err(wanted) => Err(Failure::usage(format_args!(
                "{name} is {:?} ({origin}), and must be {wanted}",
                text.to_string_lossy()
            ))),
        }
    }

    /// Resolves the only setting without a default. Errors never quote it: it may contain a password.
    fn database_url(&self) -> Result<Option<Setting<DatabaseUrl>>, Failure> {
        let Some((text, origin)) = self.find("database_url") else { return Ok(None) };
        let parsed = text.to_str().unwrap_or_default().parse();
        let value =
            parsed.map_err(|error| Failure::usage(format_args!("database_url ({origin}): {error}")))?;
        Ok(Some(Setting { value, origin }))
    }

    fn upstreams(&self) -> Result<Vec<UpstreamSettings>, Failure> {
        let Some(file) = &self.file else { return Ok(Vec::new()) };
        upstream::read(&file.upstreams, &file.path, &self.environment)
    }

    fn unknown_variables(&self) -> Vec<String> {
        let known: Vec<String> =
            NAMES.iter().copied().map(variable_of).chain([CONFIG_VARIABLE.to_owned()]).collect();
        let ours = self.environment.iter().filter_map(|(name, _)| name.to_str());
        let unknown =
            ours.filter(|name| name.starts_with(ENVIRONMENT_PREFIX) && !known.iter().any(|k| k == name));
        unknown
            .map(|name| match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => {
                    format!("the environment variable {name} is not a setting; did you mean {near}?")
                }
                None => format!("the environment variable {name} is not a setting"),
            })
            .collect()
    }
}

fn flag_of(name: &str) -> String {
    // The one flag that turns something off.
    let name = if name == "worker" { "no-worker" } else { name };
    format!("--{}", name.replace(['_', '.'], "-"))
}

fn variable_of(name: &str) -> String {
    format!("{ENVIRONMENT_PREFIX}{}", name.to_uppercase().replace('.', "_"))
}

/// Returns the name that was probably meant, if one is near enough.
fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const NEAR_ENOUGH: f64 = 0.8;
    let nearness = |name: &&str| strsim::jaro_winkler(&typed.to_lowercase(), &name.to_lowercase());
    let best = names.into_iter().max_by(|a, b| nearness(a).total_cmp(&nearness(b)))?;
    (nearness(&best) >= NEAR_ENOUGH).then_some(best)
}

fn folder(text: &OsStr) -> Result<PathBuf, String> {
    if text.is_empty() { Err("a folder".to_owned()) } else { Ok(PathBuf::from(text)) }
}

fn address(text: &OsStr) -> Result<SocketAddr, String> {
    let parsed = text.to_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| "an address and a port, such as 127.0.0.1:8080".to_owned())
}

fn public_url(text: &OsStr) -> Result<PublicUrl, String> {
    text.to_str().ok_or(PublicUrlError).and_then(str::parse).map_err(|wanted| wanted.to_string())
}

fn origins(text: &OsStr) -> Result<Origins, String> {
    let parsed = text.to_str().map(str::parse::<Origins>);
    let wanted = "origins such as https://app.example.com, separated by commas, or *";
    match parsed {
        Some(Ok(origins)) => Ok(origins),
        Some(Err(why)) => Err(format!("{wanted}: {why}")),
        None => Err(wanted.to_owned()),
    }
}

/// Parses the keep-alive time. A connection that closes right after each answer is of no use to a proxy.
fn keep_alive(text: &OsStr) -> Result<Length, String> {
    let is_within = |length: &Length| length.as_ms().is_some_and(|ms| KEEP_ALIVE_MS.contains(&ms));
    let wanted = || "a length of time from 1s to 1h, such as 75s".to_owned();
    let read = length(text).map_err(|why| if why == LENGTH_WANTED { wanted() } else { why })?;
    Some(read).filter(is_within).ok_or_else(wanted)
}

fn none_if_empty(setting: &impl fmt::Display) -> String {
    let text = setting.to_string();
    if text.is_empty() { "none".to_owned() } else { text }
}

fn number(text: &OsStr) -> Result<u32, String> {
    let parsed = text.to_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| format!("a whole number from 0 to {}", u32::MAX))
}

fn length(text: &OsStr) -> Result<Length, String> {
    let text = text.to_str().unwrap_or_default();
    text.parse().map_err(|why| match why {
        LengthError::Ambiguous(number) => {
            format!("a length of time: {number}min for minutes or {number}mo for months")
        }
        LengthError::TooLong | LengthError::Other => LENGTH_WANTED.to_owned(),
    })
}

fn flag(text: &OsStr) -> Result<bool, String> {
    match text.to_str() {
        Some("true" | "1") => Ok(true),
        Some("false" | "0") => Ok(false),
        _ => Err("true or false".to_owned()),
    }
}

fn words(text: &OsStr) -> Result<String, String> {
    let plain = text.to_str().filter(|text| !text.trim().is_empty() && !text.chars().any(char::is_control));
    plain.map(str::to_owned).ok_or_else(|| "a line of text".to_owned())
}

fn log_directives(text: &OsStr) -> Result<String, String> {
    // A single word must be a level: the filter would read any other as the name of a part and enable it.
    let is_level = |word: &str| LOG_LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word.trim()));
    let is_known = |part: &str| is_level(part) || part.contains('=');
    let valid = text.to_str().filter(|text| text.split(',').all(is_known));
    let valid = valid.filter(|text| tracing_subscriber::EnvFilter::try_new(text).is_ok());
    valid.map(str::to_owned).ok_or_else(|| {
        format!("a level ({}), or levels by part, such as info,server=debug", LOG_LEVELS.join(", "))
    })
}

fn log_format(text: &OsStr) -> Result<LogFormat, String> {
    match text.to_str() {
        Some("auto") => Ok(LogFormat::Auto),
        Some("text") => Ok(LogFormat::Text),
        Some("json") => Ok(LogFormat::Json),
        _ => Err("auto, text or json".to_owned()),
    }
}

#[cfg(test)]
mod tests;
