//! Provenance of a contract answer's counts, for its headers: their sources, basis and time.

use domain::hashtag::{OneBasis, Total};
use domain::observation::VideoCounts;
use domain::{Basis, Hashtag, Timestamp};
use store::videos::ShownVideo;
use strum::{IntoStaticStr, VariantArray};

/// Names of a hashtag's counts in the contract.
const HASHTAG_COUNTS: [&str; 2] = ["view_count", "user_count"];
/// Names of a video's counts in the contract, in the order of [`VideoCounts::to_array`].
const VIDEO_COUNTS: [&str; VideoCounts::LEN] =
    ["play_count", "digg_count", "comment_count", "share_count", "collect_count", "download_count"];

/// Basis of a count in all rows of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum CountBasis {
    /// TikTok or an upstream reported it.
    Reported,
    /// It is a sum over the stored videos.
    Observed,
    /// It is unknown, and 0 in the answer.
    Unknown,
    /// The rows of a list differ.
    Mixed,
}

impl CountBasis {
    /// Returns the word in the header.
    pub fn name(self) -> &'static str {
        self.into()
    }

    fn letter(self) -> char {
        // Every name begins with a letter of its own.
        self.name().chars().next().unwrap_or('u')
    }

    fn of_letter(letter: char) -> Option<Self> {
        Self::VARIANTS.iter().copied().find(|basis| basis.letter() == letter)
    }

    fn of(total: Option<Total>) -> Self {
        match total.map(|total| total.basis) {
            Some(Basis::Reported) => Self::Reported,
            Some(Basis::Observed) => Self::Observed,
            None => Self::Unknown,
        }
    }

    /// Combines the bases of a list's rows.
    fn of_rows(rows: impl Iterator<Item = Self>) -> Self {
        rows.reduce(|one, other| if one == other { one } else { Self::Mixed }).unwrap_or(Self::Unknown)
    }
}

/// Provenance of an answer's counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provenance {
    names: &'static [&'static str],
    bases: [CountBasis; VideoCounts::LEN],
    /// Reading time of the answer; of a list, its oldest row. `None` if no source has a time.
    pub read_at: Option<Timestamp>,
}

impl Provenance {
    /// Returns the provenance of an answer about one hashtag.
    pub fn of_hashtag(hashtag: &Hashtag) -> Self {
        let OneBasis { views, creators, read_at } = hashtag.on_one_basis();
        let mut bases = [CountBasis::Unknown; VideoCounts::LEN];
        bases[0] = CountBasis::of(views);
        bases[1] = CountBasis::of(creators);
        Self { names: &HASHTAG_COUNTS, bases, read_at }
    }

    /// Returns the provenance of a list of hashtags.
    pub fn of_hashtags(hashtags: &[Hashtag]) -> Self {
        let rows: Vec<Self> = hashtags.iter().map(Self::of_hashtag).collect();
        Self::of_list(&HASHTAG_COUNTS, &rows)
    }

    /// Returns the provenance of a list of videos, whose counts are always reported or unknown.
    pub fn of_videos(videos: &[ShownVideo]) -> Self {
        let row = |video: &ShownVideo| {
            let basis = |n| if video.is_known(n) { CountBasis::Reported } else { CountBasis::Unknown };
            Self { names: &VIDEO_COUNTS, bases: std::array::from_fn(basis), read_at: video.read_at }
        };
        let rows: Vec<Self> = videos.iter().map(row).collect();
        Self::of_list(&VIDEO_COUNTS, &rows)
    }

    fn of_list(names: &'static [&'static str], rows: &[Self]) -> Self {
        let bases = std::array::from_fn(|n| CountBasis::of_rows(rows.iter().map(|row| row.bases[n])));
        Self { names, bases, read_at: rows.iter().filter_map(|row| row.read_at).min() }
    }

    /// Returns it with another reading time.
    #[must_use]
    pub const fn read_at(self, read_at: Option<Timestamp>) -> Self {
        Self { read_at, ..self }
    }

    /// Encodes it as a short text for [`Self::from_text`], to store with an answer.
    pub fn to_text(&self) -> String {
        let read_at = self.read_at.map_or_else(|| "-".to_owned(), |at| at.as_ms().to_string());
        let bases: String = self.bases.iter().map(|basis| basis.letter()).collect();
        format!("{}.{bases}.{read_at}", self.names.len())
    }

    /// Decodes [`Self::to_text`]; `None` for any other text.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        let names = parts.next()?.parse::<usize>().ok()?;
        let lists: [&'static [&'static str]; 2] = [&HASHTAG_COUNTS, &VIDEO_COUNTS];
        let names = lists.into_iter().find(|list| list.len() == names)?;
        let bases: Option<Vec<CountBasis>> = parts.next()?.chars().map(CountBasis::of_letter).collect();
        let read_at = match parts.next()? {
            "-" => None,
            ms => Some(Timestamp::from_ms(ms.parse().ok()?)),
        };
        Some(Self { names, bases: bases?.try_into().ok()?, read_at })
    }

    /// Returns the basis of each count by its name in the contract.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, CountBasis)> {
        self.names.iter().copied().zip(self.bases)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn video(read_at: Option<i64>, known: u8) -> ShownVideo {
        ShownVideo { packed: Vec::new(), read_at: read_at.map(Timestamp::from_ms), known }
    }

    #[test]
    fn a_list_says_the_basis_of_all_its_rows_and_the_time_of_its_oldest() {
        let page = Provenance::of_videos(&[video(Some(5), 0b11), video(None, 0b01), video(Some(3), 0b11)]);
        let words: Vec<_> = page.counts().map(|(name, basis)| (name, basis.name())).collect();
        assert_eq!(
            words[..3],
            [("play_count", "reported"), ("digg_count", "mixed"), ("comment_count", "unknown")]
        );
        assert_eq!((words.len(), page.read_at), (6, Some(Timestamp::from_ms(3))));
        for original in [page, Provenance { read_at: None, ..page }, Provenance::of_hashtags(&[])] {
            assert_eq!(Provenance::from_text(&original.to_text()), Some(original));
        }
        for other in ["", "6", "6.rrrrrr", "6.rrrrr.1", "5.rrrrrr.1", "6.rrrrrx.1", "6.rrrrrr.x"] {
            assert_eq!(Provenance::from_text(other), None, "{other}");
        }
        let empty = Provenance::of_hashtags(&[]);
        assert!(empty.read_at.is_none() && empty.counts().all(|(_, basis)| basis == CountBasis::Unknown));
    }
}
