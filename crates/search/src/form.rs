//! Search forms: the normalized texts of tags and keywords that search compares.
//!
//! The key of a tag keeps half-width kana, full-width letters and ligatures apart, because TikTok does. A person
//! typing does not, so search folds further: NFKC with full case folding, without white space and without characters
//! that draw nothing (joiners, variation selectors). Tags and keywords go through the same function, so a tag is
//! found however it was typed.

use crate::class::{Class, Matcher};
use icu_casemap::CaseMapperBorrowed;
use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::props::DefaultIgnorableCodePoint;
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed};
use std::borrow::Cow;

/// Characters of a keyword that are looked at; what comes after is ignored.
pub const KEYWORD_CHARS_MAX: usize = 128;

/// Words of a keyword that are looked at separately; all words are joined whatever their number.
pub const KEYWORD_WORDS_MAX: usize = 8;

/// Longest search form of a tag, in bytes; the rest of a longer one is not searched.
pub(crate) const FORM_BYTES_MAX: usize = 4096;

/// Rounds of folding after which a text has long come to rest.
const ROUNDS_MAX: usize = 4;

const CASE: CaseMapperBorrowed<'static> = CaseMapperBorrowed::new();
const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizerBorrowed::new_nfkc();
const INVISIBLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();

/// The search form of a text. Making it of a search form changes nothing. A text of nothing but invisible
/// characters has an empty form.
pub(crate) fn search_form(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        let plain = |b: u8| !b.is_ascii_uppercase() && !b.is_ascii_whitespace() && b != 0;
        if text.bytes().all(plain) {
            return Cow::Borrowed(cut(text, FORM_BYTES_MAX));
        }
        let folded =
            text.chars().filter(|c| !c.is_whitespace() && *c != '\0').map(|c| c.to_ascii_lowercase());
        return Cow::Owned(folded.take(FORM_BYTES_MAX).collect());
    }
    let mut form = fold_once(text);
    for _ in 1..ROUNDS_MAX {
        let again = fold_once(&form);
        if again == form {
            break;
        }
        form = again;
    }
    form.truncate(cut(&form, FORM_BYTES_MAX).len());
    Cow::Owned(form)
}

fn fold_once(text: &str) -> String {
    let composed = NFKC.normalize(text);
    let folded = CASE.fold_string(&composed);
    let visible: String = folded.chars().filter(|c| !is_dropped(*c)).collect();
    NFKC.normalize(&visible).into_owned()
}

fn is_dropped(c: char) -> bool {
    c == '\0' || c.is_whitespace() || INVISIBLE.contains(c)
}

/// The longest start of `text` of at most `bytes_max` bytes that ends between two characters.
pub(crate) fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

/// A keyword made ready for searching.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchForm {
    /// Key of the joined words: the tag that is meant exactly.
    pub(crate) key: Option<String>,
    /// Search form of the joined words.
    pub(crate) joined: String,
    /// Search form of each distinct word, when there are two or more.
    pub(crate) words: Vec<String>,
}

impl SearchForm {
    /// Normalizes a keyword: white space and `#` separate words, case, width and composition are folded, control
    /// characters dropped, and only the first [`KEYWORD_CHARS_MAX`] characters count. `key_of` returns the key of the tag
    /// that a text names, if it names one: the same function that made the keys of the documents.
    ///
    /// ```
    /// use search::SearchForm;
    /// let key_of = |text: &str| Some(text.to_lowercase()).filter(|key| !key.is_empty());
    /// assert_eq!(SearchForm::new("#Street  COMEDY", key_of), SearchForm::new("street comedy", key_of));
    /// assert!(SearchForm::new(" # ", key_of).is_empty());
    /// ```
    pub fn new(keyword: &str, key_of: impl Fn(&str) -> Option<String>) -> Self {
        let is_gap = |c: char| c.is_whitespace() || matches!(c, '#' | '\u{ff03}');
        let keyword = keyword.trim_matches(is_gap);
        let keyword = match keyword.char_indices().nth(KEYWORD_CHARS_MAX) {
            Some((end, _)) => &keyword[..end],
            None => keyword,
        };
        let keys: Vec<String> = keyword.split(is_gap).filter_map(&key_of).collect();
        let joined = keys.concat();
        let mut words: Vec<String> = Vec::new();
        if keys.len() > 1 {
            for key in &keys {
                let word = search_form(key);
                if words.len() < KEYWORD_WORDS_MAX && !word.is_empty() && !words.iter().any(|w| *w == word) {
                    words.push(word.into_owned());
                }
            }
        }
        Self { key: key_of(&joined), joined: search_form(&joined).into_owned(), words }
    }

    /// Classifies the tag with this key; `None` where it does not match. This is the ranking rule without an index.
    pub fn classify(&self, key: &str) -> Option<Class> {
        if self.is_empty() { None } else { Matcher::new(self).classify(&search_form(key), key) }
    }

    /// Returns whether nothing is left to search for.
    pub fn is_empty(&self) -> bool {
        self.joined.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::keyword_form;
    use proptest::prelude::*;

    #[test]
    fn case_width_and_composition_do_not_matter() {
        for (text, want) in [
            ("cat", "cat"),
            ("ｃａｔ", "cat"),
            ("ＣＡＴ２０２４", "cat2024"),
            ("ﾊﾝﾄﾞﾒｲﾄﾞ", "ハンドメイド"),
            ("cafe\u{301}", "café"),
            ("ﬁtness", "fitness"),
            ("Straße", "strasse"),
            ("❤\u{fe0f}", "❤"),
            ("👩\u{200d}🍳", "👩🍳"),
            ("می\u{200c}خواهم", "میخواهم"),
            ("ｱ ｲ", "アイ"),
            ("แมว", "แมว"),
            ("\u{200d}", ""),
        ] {
            assert_eq!(search_form(text), want, "{text:?}");
        }
    }

    #[test]
    fn keywords_join_and_split() {
        let two = keyword_form("  #Street\u{3000}Comedy ");
        assert_eq!(two.joined, "streetcomedy");
        assert_eq!(two.words, ["street", "comedy"]);
        assert_eq!(two.key.as_deref(), Some("streetcomedy"));
        let one = keyword_form("streetcomedy");
        assert_eq!(one.joined, two.joined);
        assert!(one.words.is_empty());
        assert_eq!(keyword_form("cat CAT").words, ["cat"]);
    }

    #[test]
    fn hostile_keywords_are_bounded() {
        for keyword in ["", " ", "#", "\0", "#\0 \u{feff}#", "\u{200d}"] {
            assert!(keyword_form(keyword).is_empty(), "{keyword:?}");
        }
        assert_eq!(keyword_form(&"x".repeat(10_240)).joined.len(), KEYWORD_CHARS_MAX);
        assert_eq!(keyword_form(&"a b c d e f g h i j ".repeat(500)).words.len(), KEYWORD_WORDS_MAX);
        assert!(keyword_form(&"\u{fdfa}".repeat(10_240)).joined.len() <= FORM_BYTES_MAX);
        assert_eq!(keyword_form(&format!("{}cat", " ".repeat(10_240))).joined, "cat");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]
        #[test]
        fn the_form_of_a_form_is_the_form(text in "\\PC{0,12}") {
            let once = search_form(&text).into_owned();
            prop_assert_eq!(search_form(&once).into_owned(), once);
        }
    }
}
