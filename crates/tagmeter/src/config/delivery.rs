//! The settings of messages: `[webhooks]` and `[smtp]`.

use super::{Layers, Origin, Setting, none_if_empty};
use crate::exit::Failure;
use notify::allowed::Allowed;
use notify::email::{Login, Smtp, TlsMode};
use notify::target::Policy;
use std::ffi::OsStr;
use std::fmt;
use std::net::IpAddr;

/// A password, which is never shown.
#[derive(Clone)]
struct Password(String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Settings of messages.
#[derive(Debug, Clone)]
pub(crate) struct DeliverySettings {
    /// Internal targets that are allowed, as written.
    allow: Setting<String>,
    /// Public addresses of the server, as written.
    own: Setting<String>,
    /// Host of the mail server; empty without one.
    host: Setting<String>,
    /// Its port; 0 for the usual one.
    port: Setting<u16>,
    encryption: Setting<TlsMode>,
    user: Setting<String>,
    password: Setting<Password>,
    from: Setting<String>,
    /// Policy on the targets of messages.
    pub(crate) policy: Policy,
}

impl DeliverySettings {
    pub(super) fn read(layers: &Layers) -> Result<Self, Failure> {
        let allow = layers.resolve("webhooks.allow", list)?;
        let own = layers.resolve("webhooks.own", list)?;
        let allowed = Allowed::parse(entries(&allow.value))
            .map_err(|why| Failure::usage(format_args!("{why} ({})", allow.origin)))?;
        let addresses: Result<Vec<IpAddr>, _> = entries(&own.value).map(str::parse).collect();
        let addresses = addresses.map_err(|_| {
            Failure::usage(format_args!(
                "webhooks.own is {:?} ({}), and must be addresses such as 203.0.113.7, separated by commas",
                own.value, own.origin
            ))
        })?;
        Ok(Self {
            policy: Policy::new(allowed, addresses),
            allow,
            own,
            host: layers.resolve("smtp.host", line)?,
            port: layers.resolve("smtp.port", port)?,
            encryption: layers.resolve("smtp.encryption", encryption)?,
            user: layers.resolve("smtp.user", line)?,
            password: layers.resolve("smtp.password", password)?,
            from: layers.resolve("smtp.from", line)?,
        })
    }

    /// Returns name, value and origin of each setting.
    pub(super) fn rows(&self) -> [[String; 3]; 8] {
        let row = |name: &str, value: String, origin: &Origin| [name.to_owned(), value, origin.to_string()];
        let port = if self.port.value == 0 { "usual".to_owned() } else { self.port.value.to_string() };
        let password = if self.password.value.0.is_empty() { "none" } else { "set" };
        [
            row("webhooks.allow", none_if_empty(&self.allow.value), &self.allow.origin),
            row("webhooks.own", none_if_empty(&self.own.value), &self.own.origin),
            row("smtp.host", none_if_empty(&self.host.value), &self.host.origin),
            row("smtp.port", port, &self.port.origin),
            row("smtp.encryption", self.encryption.value.to_string(), &self.encryption.origin),
            row("smtp.user", none_if_empty(&self.user.value), &self.user.origin),
            row("smtp.password", password.to_owned(), &self.password.origin),
            row("smtp.from", none_if_empty(&self.from.value), &self.from.origin),
        ]
    }

    /// Returns the mail server; `None` without one.
    pub(crate) fn smtp(&self) -> Option<Smtp> {
        let host = self.host.value.clone();
        if host.is_empty() {
            return None;
        }
        let tls = self.encryption.value;
        let login = (!self.user.value.is_empty())
            .then(|| Login { user: self.user.value.clone(), password: self.password.value.0.clone() });
        let port = if self.port.value == 0 { tls.port() } else { self.port.value };
        Some(Smtp { host, port, tls, login, from: self.from.value.clone() })
    }
}

/// Returns the entries of a list that is separated by commas.
fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

fn list(text: &OsStr) -> Result<String, String> {
    text.to_str().map(str::to_owned).ok_or_else(|| "a list, separated by commas".to_owned())
}

fn line(text: &OsStr) -> Result<String, String> {
    let plain = text.to_str().filter(|text| !text.chars().any(char::is_control));
    plain.map(|text| text.trim().to_owned()).ok_or_else(|| "a line of text".to_owned())
}

/// Takes any text: an error would show it.
fn password(text: &OsStr) -> Result<Password, String> {
    Ok(Password(text.to_string_lossy().into_owned()))
}

fn port(text: &OsStr) -> Result<u16, String> {
    let parsed = text.to_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| format!("a port from 1 to {}, or 0 for the usual one", u16::MAX))
}

fn encryption(text: &OsStr) -> Result<TlsMode, String> {
    let parsed = text.to_str().and_then(|text| text.parse().ok());
    parsed.ok_or_else(|| "tls, starttls or none".to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::{Flags, Settings};
    use super::*;

    fn with(given: &[(&'static str, &str)]) -> Result<Settings, Failure> {
        let given = given.iter().map(|(name, value)| (*name, (*value).into())).collect();
        Settings::load(Flags { config: None, given }, Vec::new())
    }

    #[test]
    fn without_a_host_there_is_no_mail() {
        assert_eq!(with(&[("smtp.from", "a@example.com")]).expect("settings").delivery.smtp(), None);
        let settings = with(&[("smtp.host", "mail.example.com"), ("smtp.from", "a@example.com")]);
        let smtp = settings.expect("settings").delivery.smtp().expect("a server");
        assert_eq!((smtp.port, smtp.tls, smtp.login), (587, TlsMode::StartTls, None));
        let settings = with(&[
            ("smtp.host", "mail.example.com"),
            ("smtp.encryption", "tls"),
            ("smtp.port", "2465"),
            ("smtp.user", "me"),
            ("smtp.password", "secret"),
        ]);
        let smtp = settings.expect("settings").delivery.smtp().expect("a server");
        let login = smtp.login.expect("a login");
        assert_eq!(
            (smtp.port, smtp.tls, login.user.as_str(), login.password.as_str()),
            (2465, TlsMode::Tls, "me", "secret")
        );
    }

    #[test]
    fn wrong_targets_and_ports_are_refused_with_what_is_right() {
        for (name, value, says) in [
            ("webhooks.allow", "10.1.2.3/16", "write 10.1.0.0/16"),
            ("webhooks.own", "example.com", "addresses such as 203.0.113.7"),
            ("smtp.port", "70000", "a port from 1 to 65535"),
            ("smtp.encryption", "ssl", "tls, starttls or none"),
        ] {
            let refused = with(&[(name, value)]).expect_err(value).to_string();
            assert!(refused.contains(says) && refused.contains(name), "{refused}");
        }
    }
}
