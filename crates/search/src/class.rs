//! Match classes: how well a tag answers a keyword, best first, and the rule that decides.

use crate::boundary::is_boundary;
use crate::form::SearchForm;
use memchr::memmem::Finder;

/// Match class of a hit. Hits are ordered by class, then by reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The tag equals the keyword, its words joined.
    Exact,
    /// The same but for width or invisible characters.
    Variant,
    /// The tag begins with the keyword.
    Prefix,
    /// The keyword stands in the tag as a word of its own, or several.
    Word,
    /// The keyword stands somewhere in the tag.
    Infix,
    /// The tag equals one of the keyword's several words.
    OneWord,
    /// All of several words stand somewhere in the tag.
    AllWords,
}

/// A keyword ready to be compared with many tags.
pub(crate) struct Matcher<'k> {
    keyword: &'k SearchForm,
    joined: Finder<'k>,
    words: Vec<Finder<'k>>,
}

impl<'k> Matcher<'k> {
    /// For a keyword that is not empty.
    pub(crate) fn new(keyword: &'k SearchForm) -> Self {
        Self {
            keyword,
            joined: Finder::new(keyword.joined.as_bytes()),
            words: keyword.words.iter().map(|word| Finder::new(word.as_bytes())).collect(),
        }
    }

    /// Returns the class of the tag with this search form and key; `None` where it does not match.
    pub(crate) fn classify(&self, form: &str, key: &str) -> Option<Class> {
        let joined = &self.keyword.joined;
        if let Some(at) = self.joined.find(form.as_bytes()) {
            return Some(if at > 0 {
                self.inside(form)
            } else if form.len() > joined.len() {
                Class::Prefix
            } else if self.keyword.key.as_ref().is_some_and(|wanted| wanted.as_str() == key) {
                Class::Exact
            } else {
                Class::Variant
            });
        }
        if self.keyword.words.iter().any(|word| word == form) {
            return Some(Class::OneWord);
        }
        let all = !self.words.is_empty() && self.words.iter().all(|w| w.find(form.as_bytes()).is_some());
        all.then_some(Class::AllWords)
    }

    fn inside(&self, form: &str) -> Class {
        let length = self.keyword.joined.len();
        // Occurrences may overlap, so each is looked for from just after the start of the last one.
        let mut from = 0;
        while let Some(found) = self.joined.find(&form.as_bytes()[from..]) {
            let at = from + found;
            if is_boundary(form, at) && is_boundary(form, at + length) {
                return Class::Word;
            }
            from = at + 1;
        }
        Class::Infix
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::keyword_form;

    #[test]
    fn ranking_table() {
        for (keyword, key, want) in [
            ("cat", "cat", Some(Class::Exact)),
            ("#CAT", "cat", Some(Class::Exact)),
            ("cat", "ｃａｔ", Some(Class::Variant)),
            ("ＣＡＴ", "ｃａｔ", Some(Class::Exact)),
            ("cat", "catsoftiktok", Some(Class::Prefix)),
            ("cat", "cat_video", Some(Class::Prefix)),
            ("cat", "funny_cat", Some(Class::Word)),
            ("cat", "2024cat", Some(Class::Word)),
            ("cat", "😂cat😂", Some(Class::Word)),
            ("cat", "日本cat", Some(Class::Word)),
            ("cat", "concat_cat", Some(Class::Word)),
            ("cat", "my_cats", Some(Class::Infix)),
            ("cat", "education", Some(Class::Infix)),
            ("cat", "dog", None),
            ("aa", "baaa_aa", Some(Class::Word)),
            ("street comedy", "streetcomedy", Some(Class::Exact)),
            ("street comedy", "streetcomedyshow", Some(Class::Prefix)),
            ("street comedy", "best_streetcomedy", Some(Class::Word)),
            ("street comedy", "beststreetcomedy", Some(Class::Infix)),
            ("street comedy", "comedy", Some(Class::OneWord)),
            ("street comedy", "comedyonthestreet", Some(Class::AllWords)),
            ("street comedy", "street_comedy", Some(Class::AllWords)),
            ("street comedy", "streetfood", None),
            ("ハンドメイド", "ﾊﾝﾄﾞﾒｲﾄﾞ作品", Some(Class::Prefix)),
            ("แมว", "รักแมว", Some(Class::Infix)),
            ("قطة", "حياة_قطة", Some(Class::Word)),
        ] {
            assert_eq!(keyword_form(keyword).classify(key), want, "{keyword:?} in {key:?}");
        }
    }
}
