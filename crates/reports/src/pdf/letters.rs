//! Letters of the embedded font: which characters it has, how wide a text is, and where lines break.

use crate::ReportError;
use charts::report::Colour;
use ttf_parser::Face;
use unicode_width::UnicodeWidthChar;

/// Widths of characters that the embedded font lacks, in ems: of most, and of wide ones such as Han.
const OTHER_WIDTH: f32 = 0.66;
const WIDE_WIDTH: f32 = 1.05;

/// From here on scripts are joined, reordered or run from right to left, which needs a layout of its own...
const SIMPLE_UNTIL: char = '\u{590}';
/// ...except for these blocks: extended Latin and Greek, punctuation, currencies, arrows, mathematics.
const SIMPLE_AGAIN: std::ops::RangeInclusive<char> = '\u{1e00}'..='\u{2bff}';

/// Look of a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Style {
    /// Points.
    pub(crate) size: f32,
    pub(crate) is_bold: bool,
    pub(crate) colour: Colour,
}

impl Style {
    /// Returns the distance of two baselines, in points.
    pub(crate) fn leading(self) -> f32 {
        self.size * 1.4
    }

    /// Returns the distance from the top of a line to its baseline.
    pub(crate) fn ascent(self) -> f32 {
        self.size * 1.08
    }
}

/// The embedded faces.
pub(crate) struct Letters {
    regular: Face<'static>,
    bold: Face<'static>,
}

impl Letters {
    pub(crate) fn embedded() -> Result<Self, ReportError> {
        let face = |data| {
            Face::parse(data, 0).map_err(|error| ReportError::Pdf(format!("the embedded font: {error}")))
        };
        Ok(Self { regular: face(ttf_noto_sans::REGULAR)?, bold: face(ttf_noto_sans::BOLD)? })
    }

    fn face(&self, style: Style) -> &Face<'static> {
        if style.is_bold { &self.bold } else { &self.regular }
    }

    /// Returns true if the embedded font draws the text without help: it has every character, none is combined with
    /// another, and all run from left to right.
    pub(crate) fn is_simple(&self, text: &str, style: Style) -> bool {
        let face = self.face(style);
        text.chars().all(|character| {
            let is_simple = character < SIMPLE_UNTIL || SIMPLE_AGAIN.contains(&character);
            is_simple && character.width() == Some(1) && face.glyph_index(character).is_some()
        })
    }

    /// Returns the width of a text in points: exact but for kerning, and estimated for characters of other fonts.
    pub(crate) fn width(&self, text: &str, style: Style) -> f32 {
        text.chars().map(|character| self.advance(character, style)).sum()
    }

    fn advance(&self, character: char, style: Style) -> f32 {
        let face = self.face(style);
        let known = face.glyph_index(character).and_then(|glyph| face.glyph_hor_advance(glyph));
        let ems = match (known, character.width()) {
            (Some(advance), _) => f32::from(advance) / f32::from(face.units_per_em()),
            (None, Some(0)) => 0.0,
            (None, Some(2)) => WIDE_WIDTH,
            (None, _) => OTHER_WIDTH,
        };
        ems * style.size
    }

    /// Returns the width of the longest word.
    pub(crate) fn longest_word(&self, text: &str, style: Style) -> f32 {
        text.split_whitespace().map(|word| self.width(word, style)).fold(0.0, f32::max)
    }

    /// Breaks a text into lines: between words, and within a word that is wider than a line.
    pub(crate) fn lines(&self, text: &str, style: Style, most: f32) -> Vec<String> {
        let space = self.advance(' ', style);
        let mut lines = Vec::new();
        let (mut line, mut used) = (String::new(), 0.0);
        for word in text.split_whitespace() {
            let width = self.width(word, style);
            if !line.is_empty() && used + space + width <= most {
                line.push(' ');
                line.push_str(word);
                used += space + width;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            used = 0.0;
            for character in word.chars() {
                let advance = self.advance(character, style);
                if used + advance > most && !line.is_empty() {
                    lines.push(std::mem::take(&mut line));
                    used = 0.0;
                }
                line.push(character);
                used += advance;
            }
        }
        if !line.is_empty() {
            lines.push(line);
        }
        lines
    }

    /// Returns the text on one line, cut with an ellipsis if it is wider than `most`.
    pub(crate) fn cut(&self, text: &str, style: Style, most: f32) -> String {
        let text = text.split_whitespace().collect::<Vec<&str>>().join(" ");
        if self.width(&text, style) <= most {
            return text;
        }
        let room = most - self.advance('…', style);
        let mut used = 0.0;
        let fits = |character: &char| {
            used += self.advance(*character, style);
            used <= room
        };
        let cut: String = text.chars().take_while(fits).collect();
        format!("{}…", cut.trim_end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const STYLE: Style = Style { size: 10.0, is_bold: false, colour: Colour { rgb: [0; 3] } };

    #[test]
    fn the_embedded_font_draws_the_simple_scripts_alone() {
        let letters = Letters::embedded().unwrap();
        for text in ["#booktok 1,234 €", "Öffentlichkeit – Ελλάδα, Москва…", "~1.2M ↔ 50 %"]
        {
            assert!(letters.is_simple(text, STYLE), "{text}");
        }
        for text in ["#本", "كتاب", "e\u{301}", "\u{1f408}", "a\tb", "हिन्दी", "a\u{202e}b"]
        {
            assert!(!letters.is_simple(text, STYLE), "{text}");
        }
    }

    #[test]
    fn long_words_are_broken_and_others_are_not() {
        let letters = Letters::embedded().unwrap();
        assert_eq!(letters.lines(" one two\nthree ", STYLE, 500.0), ["one two three"]);
        assert_eq!(letters.lines("one two", STYLE, 20.0), ["one", "two"]);
        assert!(letters.lines("", STYLE, 20.0).is_empty());
        let lines = letters.lines(&format!("a {}", "本".repeat(20)), STYLE, 50.0);
        assert_eq!(lines[1].chars().count(), 4);
        assert_eq!(letters.cut("rather a long text", STYLE, 40.0).chars().last(), Some('…'));
    }

    proptest! {
        #[test]
        fn lines_fit_and_lose_nothing(text in "[a-z本ك \u{301}]{0,60}", most in 12.0_f32..200.0) {
            let letters = Letters::embedded().unwrap();
            let lines = letters.lines(&text, STYLE, most);
            for line in &lines {
                prop_assert!(letters.width(line, STYLE) <= most + 0.01, "{line}");
            }
            let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(bare(&lines.concat()), bare(&text));
        }
    }
}
