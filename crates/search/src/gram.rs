//! Grams: the one to three characters by which tags are listed, and where in a tag they must stand.

use crate::boundary::inner_boundaries;

/// Characters in the longest gram.
pub(super) const GRAM_CHARS_MAX: usize = 3;

/// One more than the greatest `char`; three of them and a place fit in 64 bits.
const RADIX: u64 = 0x11_0000;

/// Position of a gram in its tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// At the start.
    Prefix = 0,
    /// At the start of a word that is not the first; three characters, whatever follows.
    WordStart = 1,
    /// From the start of a word that is not the first to the end of a word.
    WholeWords = 2,
    /// Anywhere.
    Anywhere = 3,
}

/// A gram and its place as a number. Grams of a place stand together and those with the same beginning too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Gram(pub(super) u64);

impl Gram {
    /// A gram of one to three characters.
    pub(super) fn new(place: Place, chars: &[char]) -> Self {
        let mut number = place as u64;
        for i in 0..GRAM_CHARS_MAX {
            number = number * RADIX + chars.get(i).map_or(0, |c| u64::from(u32::from(*c)));
        }
        Self(number)
    }
}

/// Lists the grams of tags; holds buffers between calls.
#[derive(Default)]
pub(super) struct GramLister {
    chars: Vec<char>,
    boundaries: Vec<usize>,
    /// Byte offset of each character, ascending.
    offsets: Vec<usize>,
}

impl GramLister {
    /// Calls `found` with every gram of a search form, some of them more than once.
    pub(super) fn list(&mut self, form: &str, mut found: impl FnMut(Gram)) {
        self.chars.clear();
        self.chars.extend(form.chars());
        let chars = &self.chars;
        for length in 1..=chars.len().min(GRAM_CHARS_MAX) {
            found(Gram::new(Place::Prefix, &chars[..length]));
        }
        for i in 0..chars.len() {
            for length in 1..=(chars.len() - i).min(GRAM_CHARS_MAX) {
                found(Gram::new(Place::Anywhere, &chars[i..i + length]));
            }
        }
        self.boundaries.clear();
        inner_boundaries(form, &mut self.boundaries);
        if !self.boundaries.is_empty() {
            self.list_words(form, found);
        }
    }

    fn list_words(&mut self, form: &str, mut found: impl FnMut(Gram)) {
        self.offsets.clear();
        self.offsets.extend(form.char_indices().map(|(at, _)| at));
        // From byte offsets to character positions.
        for boundary in &mut self.boundaries {
            *boundary = self.offsets.binary_search(boundary).expect("a boundary lies between characters");
        }
        self.boundaries.push(self.chars.len());
        let (chars, boundaries) = (&self.chars, &self.boundaries);
        for (i, start) in boundaries.iter().enumerate() {
            let ends = boundaries[i + 1..].iter().take_while(|end| **end - start <= GRAM_CHARS_MAX);
            for end in ends {
                found(Gram::new(Place::WholeWords, &chars[*start..*end]));
            }
            if let Some(first) = chars.get(*start..start + GRAM_CHARS_MAX) {
                found(Gram::new(Place::WordStart, first));
            }
        }
    }
}

/// A gram that a form must have to answer, and which characters of the keyword it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Required {
    pub(super) gram: Gram,
    /// Position of its first character, counted through all words.
    pub(super) start: usize,
    pub(super) length: usize,
}

/// Appends the grams that a form must have which holds `text` at this place, without repeats.
pub(super) fn required(place: Place, text: &str, grams: &mut Vec<Required>) {
    let chars: Vec<char> = text.chars().collect();
    let before = grams.iter().map(|known| known.start + known.length).max().unwrap_or(0);
    let mut add = |place, start: usize, chars: &[char]| {
        let gram = Gram::new(place, chars);
        if grams.iter().all(|known| known.gram != gram) {
            grams.push(Required { gram, start: before + start, length: chars.len() });
        }
    };
    if chars.len() <= GRAM_CHARS_MAX {
        return add(if place == Place::WordStart { Place::WholeWords } else { place }, 0, &chars);
    }
    add(place, 0, &chars[..GRAM_CHARS_MAX]);
    for (start, window) in chars.windows(GRAM_CHARS_MAX).enumerate().skip(1) {
        add(Place::Anywhere, start, window);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(form: &str, place: Place, gram: &str) -> bool {
        let chars: Vec<char> = gram.chars().collect();
        let mut found = false;
        GramLister::default().list(form, |g| found |= g == Gram::new(place, &chars));
        found
    }

    #[test]
    fn grams_stand_where_they_should() {
        assert!(has("cat_dog2", Place::Prefix, "cat"));
        assert!(!has("cat_dog2", Place::Prefix, "dog"));
        assert!(has("cat_dog2", Place::Anywhere, "g2"));
        assert!(has("cat_dog2", Place::WordStart, "dog"));
        assert!(!has("cat_dog2", Place::WordStart, "cat"));
        assert!(has("cat_dog2", Place::WholeWords, "dog"));
        assert!(has("cat_dog2", Place::WholeWords, "2"));
        assert!(has("cat_dog2", Place::WholeWords, "_"));
        assert!(!has("cat_dogs", Place::WholeWords, "dog"));
        assert!(has("猫x犬", Place::WholeWords, "x犬"));
        assert!(!has("catdog", Place::WordStart, "dog"));
    }

    #[test]
    fn places_and_lengths_differ() {
        let a = Gram::new(Place::Prefix, &['a']);
        assert_ne!(a, Gram::new(Place::Anywhere, &['a']));
        assert_ne!(a, Gram::new(Place::Prefix, &['a', 'a']));
        assert!(Gram::new(Place::Anywhere, &[char::MAX; 3]).0 < u64::MAX);
    }
}
