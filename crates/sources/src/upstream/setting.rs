//! Connector settings and their errors.

use reqwest::Url;
use reqwest::header::HeaderValue;

/// Why a connector cannot be created.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// An invalid address.
    #[error("base_url must be an address such as https://api.example.com: {0}")]
    BaseUrl(String),
    /// A key or secret that cannot be sent.
    #[error("{name} must be printable ASCII without spaces")]
    Secret {
        /// Name of the setting.
        name: &'static str,
    },
    /// An invalid field name.
    #[error("{0:?} is no name of a field: small letters, digits and underscores")]
    Field(String),
}

/// Validates a base address and removes its trailing slash.
pub(super) fn base_url(text: &str) -> Result<String, SettingError> {
    let parsed: Url = text.parse().map_err(|error| SettingError::BaseUrl(format!("{error}")))?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
        return Err(SettingError::BaseUrl("it begins with neither http:// nor https://".to_owned()));
    }
    let has_user = !parsed.username().is_empty() || parsed.password().is_some();
    if parsed.query().is_some() || parsed.fragment().is_some() || has_user {
        return Err(SettingError::BaseUrl("it holds more than a scheme, a host and a path".to_owned()));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Makes a header of a secret, marked as sensitive.
pub(super) fn secret_header(
    name: &'static str,
    prefix: &str,
    secret: &str,
) -> Result<HeaderValue, SettingError> {
    let wrong = SettingError::Secret { name };
    if !is_secret(secret) {
        return Err(wrong);
    }
    let mut header = HeaderValue::from_str(&format!("{prefix}{secret}")).map_err(|_| wrong)?;
    header.set_sensitive(true);
    Ok(header)
}

/// Returns true if a text can be a key or secret.
pub(super) fn is_secret(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_that_paths_fit_behind_are_taken() {
        assert_eq!(base_url("https://api.example.com/v1/").as_deref(), Ok("https://api.example.com/v1"));
        for text in [
            "",
            "api.example.com",
            "ftp://example.com",
            "https://",
            "https://me:x@example.com",
            "https://e.com/?a=1",
        ] {
            assert!(base_url(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let header = secret_header("api_key", "", "abc").expect("a header");
        assert!(!format!("{header:?}").contains("abc"));
        for text in ["", "a b", "a\n", "ä"] {
            assert_eq!(
                secret_header("api_key", "", text),
                Err(SettingError::Secret { name: "api_key" }),
                "{text:?}"
            );
        }
    }
}
