//! Names of campaigns, which command lines and paths take in place of the id.

use crate::CampaignId;
use std::fmt;
use std::str::FromStr;

/// Longest name of a campaign, in characters.
pub const NAME_LENGTH_MAX: usize = 60;
/// Beginning of ids, which no name has.
const ID_PREFIX: &str = "cmp_";

/// A campaign's name: lower-case letters a to z, digits, `-`, `_` and `.`, beginning with a letter or digit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CampaignName(String);

/// A text that is no name of a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "give 1 to {NAME_LENGTH_MAX} letters a to z, digits, -, _ or ., beginning with a letter or digit and not with cmp_, \
     such as summer-2026"
)]
pub struct CampaignNameError;

impl CampaignName {
    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CampaignName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for CampaignName {
    type Err = CampaignNameError;

    /// Parses a name; capital letters become small.
    fn from_str(text: &str) -> Result<Self, CampaignNameError> {
        let name = text.trim().to_ascii_lowercase();
        let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let fits = (1..=NAME_LENGTH_MAX).contains(&name.len())
            && name.bytes().all(|byte| is_plain(byte) || b"-_.".contains(&byte))
            && name.bytes().next().is_some_and(is_plain)
            && !name.starts_with(ID_PREFIX);
        if fits { Ok(Self(name)) } else { Err(CampaignNameError) }
    }
}

/// A campaign as named by its owner: by id or by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CampaignRef {
    /// By id.
    Id(CampaignId),
    /// By name.
    Name(CampaignName),
}

impl FromStr for CampaignRef {
    type Err = CampaignNameError;

    fn from_str(text: &str) -> Result<Self, CampaignNameError> {
        match text.trim().parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => text.parse().map(Self::Name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;
    use proptest::prelude::*;

    #[test]
    fn a_name_is_a_slug_and_never_an_id() {
        let name = |text: &str| text.parse::<CampaignName>().map(|name| name.to_string());
        assert_eq!(name(" Summer-2026 "), Ok("summer-2026".to_owned()));
        let long = "a".repeat(NAME_LENGTH_MAX + 1);
        for wrong in ["", "-a", "a b", "été", "a/b", "cmp_x", long.as_str()] {
            assert_eq!(name(wrong), Err(CampaignNameError), "{wrong}");
        }
        let id = CampaignId::new(Timestamp::from_ms(1_800_000_000_000), 7);
        assert_eq!(id.to_string().parse(), Ok(CampaignRef::Id(id)));
        assert_eq!(id.to_string().to_uppercase().parse::<CampaignRef>(), Err(CampaignNameError));
    }

    proptest! {
        #[test]
        fn what_was_parsed_is_parsed_again(text in "[A-Za-z0-9._ -]{0,64}") {
            if let Ok(name) = text.parse::<CampaignName>() {
                prop_assert_eq!(name.as_str().parse::<CampaignName>(), Ok(name));
            }
        }
    }
}
