//! References to hashtags: by TikTok's id or by name.

use domain::link::hashtag_text;
use domain::{HashtagId, TagError, TagKey};

/// An id or a key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HashtagRef {
    /// TikTok's challenge id.
    Id(HashtagId),
    /// The key of a name.
    Key(TagKey),
}

impl HashtagRef {
    /// Returns the possible meanings of a typed text, likeliest first: digits may be an id or a tag of digits;
    /// with a `#` they are a tag. A link to a hashtag means that hashtag.
    pub fn candidates(text: &str) -> Result<Vec<Self>, TagError> {
        let text = &*hashtag_text(text)?;
        let key = Self::Key(TagKey::new(text)?);
        Ok(match text.trim().parse() {
            Ok(id) => vec![Self::Id(id), key],
            Err(_) => vec![key],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_an_id_first_and_a_tag_second() {
        let kinds = |text| {
            HashtagRef::candidates(text).map(|all| {
                all.iter()
                    .map(|r| if matches!(r, HashtagRef::Id(_)) { "id" } else { "key" })
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(kinds("7551"), Ok(vec!["id", "key"]));
        assert_eq!(kinds("#2024"), Ok(vec!["key"]));
        assert_eq!(kinds("cat"), Ok(vec!["key"]));
        assert_eq!(kinds("https://www.tiktok.com/tag/2024"), Ok(vec!["key"]));
        assert_eq!(kinds("https://m.tiktok.com/h5/share/tag/7551.html"), Ok(vec!["id", "key"]));
        assert!(matches!(kinds("https://vm.tiktok.com/ZMabc/"), Err(TagError::Link(_))));
        assert_eq!(kinds(" # "), Err(TagError::Empty));
    }
}
