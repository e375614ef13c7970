//! Public URL of the server, which a proxy may change: the prefix of every link in answers.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// `https://api.example.com` or, behind a proxy that strips a prefix, `https://api.example.com/tagmeter`; empty for links
/// that are relative to the server.
// Every request copies it; without a text that touches no counter that its cores share.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicUrl(Option<Arc<str>>);

/// Error of a text that is not a public URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an address such as https://api.example.com or https://api.example.com/tagmeter, without query")]
pub struct PublicUrlError;

impl PublicUrl {
    /// Returns the text, without a trailing `/`.
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }

    /// Returns the link to a path of the server, which begins with `/`.
    pub fn link(&self, path: &str) -> String {
        format!("{self}{path}")
    }
}

impl FromStr for PublicUrl {
    type Err = PublicUrlError;

    fn from_str(text: &str) -> Result<Self, PublicUrlError> {
        let text = text.trim().trim_end_matches('/');
        if text.is_empty() {
            return Ok(Self::default());
        }
        let uri: http::Uri = text.parse().map_err(|_| PublicUrlError)?;
        let has_host =
            uri.authority().is_some_and(|host| !host.host().is_empty() && !host.as_str().contains('@'));
        let is_plain = uri.query().is_none() && !text.contains(['#', '<', '>', '"']);
        match uri.scheme_str() {
            Some("http" | "https") if has_host && is_plain => Ok(Self(Some(text.into()))),
            _ => Err(PublicUrlError),
        }
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_retained_and_a_last_slash_is_not() {
        for (text, link) in [
            ("https://api.example.com/tagmeter/", "https://api.example.com/tagmeter/v1/me"),
            ("http://localhost:8080", "http://localhost:8080/v1/me"),
            ("", "/v1/me"),
        ] {
            assert_eq!(text.parse::<PublicUrl>().expect("a URL").link("/v1/me"), link);
        }
        for wrong in [
            "api.example.com",
            "/tagmeter",
            "ftp://a.example",
            "https://a.example/?x",
            "https://a.example/#x",
            "https:///x",
        ] {
            assert_eq!(wrong.parse::<PublicUrl>(), Err(PublicUrlError), "{wrong}");
        }
    }
}
