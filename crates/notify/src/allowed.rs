//! Internal targets that the operator allows: the setting `webhooks.allow`.

use crate::target::PORTS;
use ipnet::IpNet;
use std::net::IpAddr;
use url::Host;

/// Name of the setting.
pub const ALLOW_SETTING: &str = "webhooks.allow";

/// Targets that the operator allows though they are not public, over http as well. None by default.
///
/// ```
/// use notify::allowed::Allowed;
///
/// let allowed = Allowed::parse(["10.1.0.0/16", "chat.intern", "chat.intern:8065", "[fd00::/8]:8065"]);
/// assert!(allowed.is_ok());
/// assert_eq!(
///     Allowed::parse(["10.1.2.3/16"]).expect_err("a range begins at its first address").to_string(),
///     "webhooks.allow: 10.1.2.3/16 is not the first address of its range; write 10.1.0.0/16"
/// );
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowed {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    place: Place,
    /// `None`: the ports that are open to every target.
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Range(IpNet),
    /// A host name in lower case, as URLs have it.
    Name(String),
}

/// An entry of the setting that is neither a range, nor an address, nor a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowedError {
    /// The entry is none of them.
    #[error(
        "{ALLOW_SETTING}: {entry:?} is no range (10.1.0.0/16), address (10.1.2.3) or host name (chat.intern), each with \
         a port if it is another than 80, 443 and 8443 (chat.intern:8065)"
    )]
    Entry {
        /// The entry.
        entry: String,
    },
    /// The range begins with another address than the one written.
    #[error("{ALLOW_SETTING}: {entry} is not the first address of its range; write {range}")]
    HostBits {
        /// The entry.
        entry: String,
        /// The range that it is in.
        range: IpNet,
    },
    /// The range is the whole internet, every internal address included.
    #[error("{ALLOW_SETTING}: {entry} allows every address; name the ranges of the targets")]
    Everything {
        /// The entry.
        entry: String,
    },
}

impl Allowed {
    /// Parses the entries of the setting: `10.1.0.0/16`, `10.1.2.3`, `fd00::/8`, `chat.intern`, and any of them with a
    /// port (`chat.intern:8065`, `[fd00::/8]:8065`).
    ///
    /// # Errors
    ///
    /// The first entry that is none of these.
    pub fn parse<'e>(entries: impl IntoIterator<Item = &'e str>) -> Result<Self, AllowedError> {
        let entries = entries.into_iter().map(entry).collect::<Result<_, _>>()?;
        Ok(Self { entries })
    }

    /// Returns true if the host is allowed by its own name or, if it is an address, by that.
    pub(crate) fn has_host(&self, host: &Host, port: u16) -> bool {
        match host {
            Host::Domain(name) => {
                self.on_port(port).any(|place| matches!(place, Place::Name(allowed) if allowed == name))
            }
            Host::Ipv4(address) => self.has_address(IpAddr::V4(*address), port),
            Host::Ipv6(address) => self.has_address(IpAddr::V6(*address), port),
        }
    }

    /// Returns true if the address is in a range that is allowed.
    pub(crate) fn has_address(&self, address: IpAddr, port: u16) -> bool {
        self.on_port(port).any(|place| matches!(place, Place::Range(range) if range.contains(&address)))
    }

    fn on_port(&self, port: u16) -> impl Iterator<Item = &Place> {
        let is_open = move |entry: &&Entry| entry.port.map_or(PORTS.contains(&port), |only| only == port);
        self.entries.iter().filter(is_open).map(|entry| &entry.place)
    }
}

fn entry(entry: &str) -> Result<Entry, AllowedError> {
    let unclear = || AllowedError::Entry { entry: entry.to_owned() };
    let (place, port) = split_port(entry);
    let port = port.map(|port| port.parse().ok().filter(|port| *port > 0).ok_or_else(unclear)).transpose()?;
    if let Ok(range) = place.parse::<IpNet>().or_else(|_| place.parse::<IpAddr>().map(IpNet::from)) {
        if range.prefix_len() == 0 {
            return Err(AllowedError::Everything { entry: entry.to_owned() });
        }
        if range.trunc() != range {
            return Err(AllowedError::HostBits { entry: entry.to_owned(), range: range.trunc() });
        }
        return Ok(Entry { place: Place::Range(range), port });
    }
    match Host::parse(place) {
        Ok(Host::Domain(name)) if !name.contains('*') => Ok(Entry { place: Place::Name(name), port }),
        _ => Err(unclear()),
    }
}

/// Splits a port off. An address of IPv6 with a port is in brackets.
fn split_port(entry: &str) -> (&str, Option<&str>) {
    if let Some((place, rest)) = entry.strip_prefix('[').and_then(|rest| rest.split_once("]:")) {
        return (place, Some(rest));
    }
    match entry.rsplit_once(':') {
        Some((place, port)) if !place.contains(':') => (place, Some(port)),
        _ => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        Host::parse(text).expect("a host")
    }

    #[test]
    fn an_entry_allows_its_place_on_its_port_and_nothing_else() {
        let entries = [
            "10.1.0.0/16",
            "192.168.7.7:8065",
            "Chat.Intern",
            "ntfy.intern:2586",
            "[fd00::/8]:8065",
            "fd01::7",
        ];
        let allowed = Allowed::parse(entries).expect("entries");
        for (text, port, is_allowed) in [
            ("10.1.255.255", 443, true),
            ("10.1.0.1", 8443, true),
            ("10.1.0.1", 8065, false),
            ("10.2.0.0", 443, false),
            ("192.168.7.7", 8065, true),
            ("192.168.7.7", 443, false),
            ("chat.intern", 80, true),
            ("chat.intern", 22, false),
            ("x.chat.intern", 80, false),
            ("intern", 80, false),
            ("ntfy.intern", 2586, true),
            ("ntfy.intern", 443, false),
            ("[fd12::1]", 8065, true),
            ("[fd12::1]", 443, false),
            ("[fd01::7]", 443, true),
            ("[::ffff:10.1.0.1]", 443, false),
        ] {
            assert_eq!(allowed.has_host(&host(text), port), is_allowed, "{text}:{port}");
        }
        assert!(!Allowed::default().has_host(&host("10.1.0.1"), 443));
    }

    #[test]
    fn entries_that_allow_nothing_or_everything_are_errors() {
        for (entry, says) in [
            ("", "\"\" is no range"),
            ("*.intern", "is no range"),
            ("chat intern", "is no range"),
            ("https://chat.intern", "is no range"),
            ("chat.intern:", "is no range"),
            ("chat.intern:0", "is no range"),
            ("chat.intern:65536", "is no range"),
            ("[fd00::1]8065", "is no range"),
            ("[fd00::1]", "is no range"),
            ("10.1.0.0/33", "is no range"),
            ("10.1.2.3/16", "write 10.1.0.0/16"),
            ("fd00::1/8", "write fd00::/8"),
            ("0.0.0.0/0", "allows every address"),
            ("::/0", "allows every address"),
        ] {
            let error = Allowed::parse([entry]).err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.starts_with("webhooks.allow: ") && error.contains(says), "{entry}: {error:?}");
        }
    }
}
