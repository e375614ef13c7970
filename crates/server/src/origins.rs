//! Parses the setting of web origins: `https://app.example.com, http://localhost:3000`, or `*` for any.

use std::fmt;
use std::str::FromStr;

/// Origins whose pages may read answers; none unless set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origins {
    is_any: bool,
    list: Vec<String>,
}

/// Error of a text that is not a list of origins.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an origin; write scheme, host and port alone, such as https://app.example.com, separated by commas, or * for any"
)]
pub struct OriginsError(
    /// The part that is wrong.
    pub String,
);

impl Origins {
    /// Returns true if there is none.
    pub fn is_empty(&self) -> bool {
        !self.is_any && self.list.is_empty()
    }

    /// Returns true if every origin is allowed.
    pub fn is_any(&self) -> bool {
        self.is_any
    }

    /// Returns true if the list has this origin, as a browser writes it in `Origin`.
    pub fn has(&self, origin: &[u8]) -> bool {
        self.is_any || self.list.iter().any(|one| one.as_bytes() == origin)
    }
}

impl FromStr for Origins {
    type Err = OriginsError;

    fn from_str(text: &str) -> Result<Self, OriginsError> {
        let mut origins = Self::default();
        for part in text.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty()) {
            if part == "*" {
                origins.is_any = true;
            } else {
                origins.list.push(origin(part).ok_or_else(|| OriginsError(part.to_owned()))?);
            }
        }
        Ok(origins)
    }
}

impl fmt::Display for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_any { f.write_str("*") } else { f.write_str(&self.list.join(", ")) }
    }
}

/// Normalizes an origin as browsers write it: lower case, no default port, no `/`.
fn origin(text: &str) -> Option<String> {
    let uri: http::Uri = text.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let default_port = match scheme {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let is_bare = uri.path_and_query().is_none_or(|path| path.as_str() == "/") && !text.ends_with('/');
    if !is_bare || authority.as_str().contains('@') || authority.host().is_empty() {
        return None;
    }
    let host = authority.host().to_ascii_lowercase();
    Some(match authority.port_u16().filter(|port| *port != default_port) {
        Some(port) => format!("{scheme}://{host}:{port}"),
        None => format!("{scheme}://{host}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_as_browsers_write_them() {
        let origins: Origins = "https://App.example.com:443 ,http://localhost:3000".parse().expect("origins");
        assert_eq!(origins.to_string(), "https://app.example.com, http://localhost:3000");
        assert!(origins.has(b"https://app.example.com") && origins.has(b"http://localhost:3000"));
        for other in
            ["http://app.example.com", "https://app.example.com.evil.example", "http://localhost", "null", ""]
        {
            assert!(!origins.has(other.as_bytes()), "{other}");
        }
        let any: Origins = "*".parse().expect("any");
        assert!(any.has(b"null") && any.is_any() && !any.is_empty());
        assert!("".parse::<Origins>().expect("none").is_empty());
        for wrong in [
            "app.example.com",
            "ftp://a.example",
            "https://a.example/",
            "https://a.example/x",
            "https://me@a.example",
        ] {
            assert_eq!(wrong.parse::<Origins>(), Err(OriginsError(wrong.to_owned())), "{wrong}");
        }
    }
}
