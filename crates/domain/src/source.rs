//! By which way a reading came in. Every stored number names its source.

/// The kind of capture a reading was taken from. The number is what the database holds and never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
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
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 19] = [
        Self::Synthetic,
        Self::WebItem,
        Self::Zeeschuimer,
        Self::NodeShare,
        Self::WebChallenge,
        Self::WebSearch,
        Self::Discover,
        Self::TiktokScraper,
        Self::MobileAweme,
        Self::MobileChallenge,
        Self::Series,
        Self::Contract,
        Self::Apify,
        Self::YtDlp,
        Self::CreativeCenter,
        Self::ResearchApi,
        Self::Mapped,
        Self::DisplayApi,
        Self::BrightData,
    ];

    /// What it is called in answers, summaries and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Synthetic => "synthetic",
            Self::WebItem => "web-item",
            Self::Zeeschuimer => "zeeschuimer",
            Self::NodeShare => "node-share",
            Self::WebChallenge => "web-challenge",
            Self::WebSearch => "web-search",
            Self::Discover => "discover",
            Self::TiktokScraper => "tiktok-scraper",
            Self::MobileAweme => "mobile-aweme",
            Self::MobileChallenge => "mobile-challenge",
            Self::Series => "series",
            Self::Contract => "contract",
            Self::Apify => "apify",
            Self::YtDlp => "yt-dlp",
            Self::CreativeCenter => "creative-center",
            Self::ResearchApi => "research-api",
            Self::Mapped => "mapped",
            Self::DisplayApi => "display-api",
            Self::BrightData => "bright-data",
        }
    }

    /// The number the database holds.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Back from the database.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.number() == number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_each_used_once() {
        for (at, source) in Source::ALL.into_iter().enumerate() {
            assert_eq!(usize::from(source.number()), at + 1);
            assert_eq!(Source::from_number(source.number()), Some(source));
            assert_eq!(Source::ALL.iter().filter(|s| s.name() == source.name()).count(), 1);
        }
        assert_eq!(Source::from_number(0), None);
    }
}
