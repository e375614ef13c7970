//! Word boundaries inside a tag: at `_` and other punctuation, between letters and digits, between letters
//! and emoji, and where the script changes.

use icu_properties::props::{EnumeratedProperty, Script};

/// The kind of a character, as far as words are concerned. A boundary lies between characters of different kinds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter(Script),
    Digit,
    Emoji,
    Separator,
    /// Marks and sound signs: part of what stands before them.
    Extending,
}

fn kind(c: char) -> Kind {
    match c {
        'a'..='z' | 'A'..='Z' => Kind::Letter(Script::Latin),
        '0'..='9' => Kind::Digit,
        '\0'..='\x7f' => Kind::Separator,
        _ => kind_beyond_ascii(c),
    }
}

fn kind_beyond_ascii(c: char) -> Kind {
    let script = Script::for_char(c);
    if script == Script::Inherited {
        Kind::Extending
    } else if c.is_numeric() {
        Kind::Digit
    } else if script != Script::Common && script != Script::Unknown {
        Kind::Letter(script)
    } else if c.is_alphabetic() {
        Kind::Extending
    } else if is_punctuation(c) {
        Kind::Separator
    } else {
        Kind::Emoji
    }
}

fn is_punctuation(c: char) -> bool {
    use icu_properties::props::GeneralCategory as Category;
    matches!(
        Category::for_char(c),
        Category::ConnectorPunctuation
            | Category::DashPunctuation
            | Category::OpenPunctuation
            | Category::ClosePunctuation
            | Category::InitialPunctuation
            | Category::FinalPunctuation
            | Category::OtherPunctuation
    )
}

/// Returns whether a word begins or ends at byte `at` of `form`, which lies between two characters. Both ends of a tag are
/// boundaries.
pub(crate) fn is_boundary(form: &str, at: usize) -> bool {
    let Some(next) = form[at..].chars().next() else { return true };
    let next = kind(next);
    if next == Kind::Extending {
        return at == 0;
    }
    form[..at].chars().rev().map(kind).find(|k| *k != Kind::Extending).is_none_or(|before| before != next)
}

/// Appends the byte offsets inside `form` where a word begins, without the first.
pub(crate) fn inner_boundaries(form: &str, offsets: &mut Vec<usize>) {
    if form.bytes().all(|b| b.is_ascii_lowercase()) {
        return;
    }
    let mut before = None;
    for (at, c) in form.char_indices() {
        let here = kind(c);
        if here == Kind::Extending {
            continue;
        }
        if at > 0 && before != Some(here) {
            offsets.push(at);
        }
        before = Some(here);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words(form: &str) -> Vec<&str> {
        let mut cuts = vec![0];
        inner_boundaries(form, &mut cuts);
        cuts.push(form.len());
        cuts.windows(2).map(|pair| &form[pair[0]..pair[1]]).collect()
    }

    #[test]
    fn words_of_tags() {
        for (form, want) in [
            ("streetcomedy", vec!["streetcomedy"]),
            ("street_comedy", vec!["street", "_", "comedy"]),
            ("cat2024", vec!["cat", "2024"]),
            ("cat😂dog", vec!["cat", "😂", "dog"]),
            ("日本cat", vec!["日本", "cat"]),
            ("東京タワー", vec!["東京", "タワー"]),
            ("мемы2020meme", vec!["мемы", "2020", "meme"]),
            ("ที่สุด", vec!["ที่สุด"]),
            ("قطة_cat", vec!["قطة", "_", "cat"]),
            ("cafe\u{301}", vec!["cafe\u{301}"]),
        ] {
            assert_eq!(words(form), want, "{form}");
        }
    }

    proptest! {
        #[test]
        fn both_ways_of_asking_agree(form in "(a|b|_|7|é|日|ひ|😂|\u{301}|ร|่){1,8}") {
            let mut offsets = Vec::new();
            inner_boundaries(&form, &mut offsets);
            let expected: Vec<usize> =
                form.char_indices().map(|(at, _)| at).filter(|at| *at > 0 && is_boundary(&form, *at)).collect();
            prop_assert_eq!(offsets, expected);
        }
    }
}
