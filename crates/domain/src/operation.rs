//! The operations that cost credits, with the names the API shows and the numbers the ledger stores.

use std::fmt;

/// An operation that costs credits. Its name, in snake case, is its `operation_id` in the API description where it is an
/// operation of the API.
///
/// Entries of the ledger store the number for ever: never change one or use it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, strum::IntoStaticStr, strum::VariantArray)]
#[strum(serialize_all = "snake_case")]
#[repr(u16)]
pub enum Operation {
    /// `GET /challenge-info-id/`
    ChallengeInfoId = 1,
    /// `GET /challenge-info-name/`
    ChallengeInfoName = 2,
    /// `GET /challenge-posts/`
    ChallengePosts = 3,
    /// `GET /search-challenge/`
    SearchChallenge = 4,
    /// One page of a walk job.
    WalkPage = 5,
    /// One reading of a tracker.
    TrackerReading = 6,
    /// `GET /v1/hashtags`
    ListHashtags = 10,
    /// `GET /v1/hashtags/{ref}`
    ShowHashtag = 11,
    /// `GET /v1/hashtags/{ref}/videos`
    ListHashtagVideos = 12,
    /// `GET /v1/hashtags/{ref}/history`
    HashtagHistory = 13,
    /// `GET /v1/hashtags/{ref}/history.svg` and `history.png`
    HashtagHistoryChart = 14,
    /// `GET /v1/hashtags/{ref}/benchmark`
    HashtagBenchmark = 15,
    /// `GET /v1/hashtags/{ref}/related`
    RelatedHashtags = 16,
    /// `GET /v1/hashtags/{ref}/creators`
    HashtagCreators = 17,
    /// `GET /v1/trending`
    Trending = 18,
    /// `GET /v1/compare`
    CompareHashtags = 19,
    /// `GET /v1/export`
    Export = 20,
}

impl Operation {
    /// Every operation, in the order of the numbers.
    pub const ALL: &[Self] = <Self as strum::VariantArray>::VARIANTS;

    /// Returns the name that answers show, such as `hashtag_history`.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the number that the ledger stores.
    pub const fn number(self) -> OperationNumber {
        OperationNumber(self as u16)
    }
}

/// The number of an operation as an entry of the ledger stores it. A later version may have written it, so it need not be
/// one of [`Operation`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperationNumber(pub u16);

impl OperationNumber {
    /// Returns the operation, or `None` if this version does not know the number.
    pub fn operation(self) -> Option<Operation> {
        Operation::ALL.iter().copied().find(|operation| operation.number() == self)
    }
}

/// The name of the operation, or `operation_N` for an unknown number.
impl fmt::Display for OperationNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.operation() {
            Some(operation) => f.write_str(operation.name()),
            None => write!(f, "operation_{}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_stored_numbers_never_change() {
        let all: Vec<(u16, &str)> =
            Operation::ALL.iter().map(|operation| (operation.number().0, operation.name())).collect();
        assert_eq!(
            all,
            [
                (1, "challenge_info_id"),
                (2, "challenge_info_name"),
                (3, "challenge_posts"),
                (4, "search_challenge"),
                (5, "walk_page"),
                (6, "tracker_reading"),
                (10, "list_hashtags"),
                (11, "show_hashtag"),
                (12, "list_hashtag_videos"),
                (13, "hashtag_history"),
                (14, "hashtag_history_chart"),
                (15, "hashtag_benchmark"),
                (16, "related_hashtags"),
                (17, "hashtag_creators"),
                (18, "trending"),
                (19, "compare_hashtags"),
                (20, "export"),
            ]
        );
    }

    #[test]
    fn an_unknown_number_is_displayed_as_a_number() {
        assert_eq!(OperationNumber(13).to_string(), "hashtag_history");
        assert_eq!(OperationNumber(7).to_string(), "operation_7");
        assert_eq!(OperationNumber(7).operation(), None);
        assert_eq!(Operation::Export.number().operation(), Some(Operation::Export));
    }
}
