//! By which way a reading came in. Every stored number names its source.

use serde::{Deserialize, Serialize};
use strum::{FromRepr, IntoStaticStr, VariantArray};

/// The kind of capture a reading was taken from. The number is what the database holds and never changes.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    FromRepr,
    IntoStaticStr,
    VariantArray,
    Serialize,
    Deserialize,
)]
#[repr(u8)]
#[strum(serialize_all = "kebab-case")]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Made up by Tagmeter itself: the demo.
    Synthetic = 1,
    /// Web `itemStruct`, as TikTok-Api, pytok and browsers capture it.
    WebItem = 2,
    /// Zeeschuimer's envelope around web items.
    Zeeschuimer = 3,
    /// The older web `node/share` captures.
    NodeShare = 4,
    /// Web challenge detail.
    WebChallenge = 5,
    /// Web challenge search.
    WebSearch = 6,
    /// Web discover lists.
    Discover = 7,
    /// drawrowfly/tiktok-scraper.
    TiktokScraper = 8,
    /// Mobile `aweme` feeds.
    MobileAweme = 9,
    /// Mobile challenge detail (`ch_info`).
    MobileChallenge = 10,
    /// A series of view counts kept by a tracker.
    Series = 11,
    /// Answers of the four challenge endpoints, and tikwm's, saved or live.
    Contract = 12,
    /// Apify's exports.
    Apify = 13,
    /// yt-dlp's info JSON.
    YtDlp = 14,
    /// Creative Center's lists of trending hashtags.
    CreativeCenter = 15,
    /// TikTok's Research API, saved or live.
    ResearchApi = 16,
    /// A table or NDJSON whose columns its owner named.
    Mapped = 17,
    /// TikTok's Display API, saved.
    DisplayApi = 18,
    /// Bright Data's exports.
    BrightData = 19,
}

impl Source {
    /// Returns the name in answers, summaries and logs.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The number the database holds.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Back from the database.
    pub const fn from_number(number: u8) -> Option<Self> {
        Self::from_repr(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_each_used_once() {
        for (at, source) in Source::VARIANTS.iter().copied().enumerate() {
            assert_eq!(usize::from(source.number()), at + 1);
            assert_eq!(Source::from_number(source.number()), Some(source));
            assert_eq!(Source::VARIANTS.iter().filter(|s| s.name() == source.name()).count(), 1);
        }
        assert_eq!(Source::from_number(0), None);
    }
}
