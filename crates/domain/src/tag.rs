//! The name of a hashtag: its spelling ([`Tag`]) and its key for comparisons ([`TagKey`]).
//!
//! Key = NFC + full Unicode case folding + NFC. NFKC would merge tags that TikTok distinguishes (half-width kana), so
//! it is not used. The key of a key is itself, for every code point and every string (tested).

use crate::link::{LinkError, name_text};
use icu_casemap::CaseMapperBorrowed;
use icu_normalizer::ComposingNormalizerBorrowed;
use std::borrow::Cow;
use std::fmt;

/// Longest tag kept, in bytes of UTF-8 of its key. TikTok's own captions stop far below.
pub const TAG_BYTES_MAX: usize = 512;

const CASE: CaseMapperBorrowed<'static> = CaseMapperBorrowed::new();
const NFC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfc();

/// Why a text is not a tag.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// Nothing is left after `#`, white space and control characters are taken off.
    #[error("a tag name must not be empty")]
    Empty,
    /// Longer than [`TAG_BYTES_MAX`].
    #[error("a tag name has at most {TAG_BYTES_MAX} bytes, this one has {bytes}")]
    TooLong {
        /// Bytes of the key that was refused.
        bytes: usize,
    },
    /// A link that does not name a hashtag.
    #[error(transparent)]
    Link(#[from] LinkError),
}

/// The canonical form of a tag name: two names with the same key are one hashtag.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagKey(Box<str>);

impl TagKey {
    /// Makes the key of a name as anyone may type it: `#Cat`, ` cat `, `CAT`.
    pub fn new(name: &str) -> Result<Self, TagError> {
        Self::of_clean(&clean(name))
    }

    /// Makes the key of what a person typed or pasted: a name, or the link of a hashtag's page.
    pub fn of_typed(text: &str) -> Result<Self, TagError> {
        Self::new(&name_text(text)?)
    }

    /// Makes the key of a name that is clean.
    fn of_clean(clean: &str) -> Result<Self, TagError> {
        if clean.is_empty() {
            return Err(TagError::Empty);
        }
        // Folding can expose characters that cleaning takes off (none known); folding twice is then the same.
        let key = fold(clean);
        if key.len() > TAG_BYTES_MAX {
            return Err(TagError::TooLong { bytes: key.len() });
        }
        Ok(Self(key.into_owned().into_boxed_str()))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl fmt::Display for TagKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tag as it was spelled, together with its key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tag {
    name: Box<str>,
    key: TagKey,
}

impl Tag {
    /// Takes a name as a source spells it. The spelling is kept, less `#`, outer white space and control characters.
    pub fn new(name: &str) -> Result<Self, TagError> {
        let clean = clean(name);
        let key = TagKey::of_clean(&clean)?;
        Ok(Self { name: clean.into(), key })
    }

    /// Takes what a person typed or pasted: a name, or the link of a hashtag's page.
    pub fn of_typed(text: &str) -> Result<Self, TagError> {
        Self::new(&name_text(text)?)
    }

    /// The spelling, without `#`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The spelling in small letters, NFC: how TikTok's own services want to be asked. Unlike the key it keeps `ß`.
    pub fn lower(&self) -> String {
        NFC.normalize(&self.name.to_lowercase()).into_owned()
    }

    /// Returns the key for comparisons.
    pub fn key(&self) -> &TagKey {
        &self.key
    }
}

/// Takes off what never belongs to a tag: control characters (NUL among them), bidirectional overrides, byte-order
/// marks, outer white space, leading `#` (the full-width one too).
fn clean(name: &str) -> Cow<'_, str> {
    // Most names are plain, and imports clean millions of them.
    if !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Cow::Borrowed(name);
    }
    let cleaned: Cow<'_, str> = if name.chars().any(is_stray) {
        Cow::Owned(name.chars().filter(|c| !is_stray(*c)).collect())
    } else {
        Cow::Borrowed(name)
    };
    let is_edge = |c: char| c.is_whitespace() || c == '#' || c == '\u{ff03}';
    match cleaned {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_start_matches(is_edge).trim_end()),
        Cow::Owned(text) => Cow::Owned(text.trim_start_matches(is_edge).trim_end().to_owned()),
    }
}

/// Characters that are invisible and mean nothing in a tag. Joiners and variation selectors are part of emoji and of
/// several scripts and stay.
fn is_stray(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{200b}')
}

fn fold(clean: &str) -> Cow<'_, str> {
    if clean.is_ascii() {
        return if clean.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(clean.to_ascii_lowercase())
        } else {
            Cow::Borrowed(clean)
        };
    }
    let composed = NFC.normalize(clean);
    let folded = CASE.fold_string(&composed);
    let first = NFC.normalize(&folded).into_owned();
    // Composition after folding can make a character that folds again (U+0345 and its like): repeat until it rests.
    let again = NFC.normalize(&CASE.fold_string(&first)).into_owned();
    Cow::Owned(again)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(name: &str) -> String {
        TagKey::new(name).expect("a tag").as_str().to_owned()
    }

    #[test]
    fn the_spellings_of_one_tag_have_one_key() {
        for (name, want) in [
            ("Cat", "cat"),
            ("#CAT", "cat"),
            ("  ##cat ", "cat"),
            ("# cat", "cat"),
            ("ca\0t", "cat"),
            ("Straße", "strasse"),
            ("CAFE\u{301}", "café"),
            ("ΌΣΟΣ", "όσοσ"),
            ("ﾊﾝﾄﾞﾒｲﾄﾞ", "ﾊﾝﾄﾞﾒｲﾄﾞ"),
            ("street comedy", "street comedy"),
            ("\u{202e}abc", "abc"),
            ("👩‍🍳", "👩‍🍳"),
            ("❤️", "❤️"),
        ] {
            assert_eq!(key(name), want, "{name:?}");
        }
    }

    #[test]
    fn a_name_in_small_letters_is_still_that_name() {
        for (name, want) in [("#Cat", "cat"), ("Straße", "straße"), ("CAFE\u{301}", "café"), ("ÇA", "ça")]
        {
            assert_eq!(Tag::new(name).expect("a tag").lower(), want, "{name:?}");
        }
    }

    #[test]
    fn half_width_kana_is_another_tag_than_full_width() {
        assert_ne!(key("ﾊﾝﾄﾞ"), key("ハンド"));
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        for name in ["", "#", " \0 ", "###", "\u{feff}"] {
            assert_eq!(TagKey::new(name), Err(TagError::Empty), "{name:?}");
        }
        assert!(matches!(TagKey::new(&"a".repeat(513)), Err(TagError::TooLong { bytes: 513 })));
    }

    #[test]
    fn the_key_of_a_key_is_the_key_for_every_code_point() {
        for c in char::MIN..=char::MAX {
            if let Ok(once) = TagKey::new(&format!("x{c}y")) {
                assert_eq!(TagKey::new(once.as_str()).as_ref(), Ok(&once), "U+{:04X}", c as u32);
            }
            if let Ok(once) = TagKey::new(&c.to_string()) {
                assert_eq!(TagKey::new(once.as_str()).as_ref(), Ok(&once), "U+{:04X}", c as u32);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]
        #[test]
        fn the_key_of_a_key_is_the_key(name in "\\PC{0,12}") {
            if let Ok(once) = TagKey::new(&name) {
                prop_assert_eq!(TagKey::new(once.as_str()), Ok(once));
            }
        }

        #[test]
        fn a_spelling_has_the_key_of_its_source(name in "\\PC{0,12}") {
            if let Ok(tag) = Tag::new(&name) {
                prop_assert_eq!(&TagKey::new(tag.name()).expect("a tag"), tag.key());
            }
        }
    }
}
