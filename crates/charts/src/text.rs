//! Text that goes into XML or HTML: what may not stand there, how wide it will be, and where it is cut.

use std::borrow::Cow;
use unicode_width::UnicodeWidthChar;

/// No name or heading is longer; the rest is cut off.
pub(crate) const TEXT_CHARS_MAX: usize = 300;

/// Widths of the printable ASCII characters from the space on, in hundredths of the letters' size: those of the
/// common sans-serif faces, which differ by little, rounded up.
const ASCII_WIDTHS: [u8; 95] = [
    30, 32, 42, 66, 60, 90, 74, 24, 36, 36, 56, 62, 30, 36, 30, 38, // space to /
    60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 30, 30, 62, 62, 62, 56, // 0 to ?
    94, 68, 68, 70, 74, 62, 58, 76, 76, 32, 52, 66, 58, 88, 78, 80, // @ to O
    64, 80, 68, 64, 62, 75, 66, 96, 66, 63, 62, 36, 38, 36, 60, 56, // P to _
    36, 58, 63, 54, 63, 60, 37, 63, 63, 28, 30, 56, 28, 95, 63, 62, // ` to o
    63, 63, 42, 52, 38, 63, 54, 80, 54, 55, 52, 42, 36, 42, 62, // p to ~
];

/// Letters that are none of ASCII and not wide.
const OTHER_WIDTH: f64 = 0.66;

/// Han, kana, hangul, pictures.
const WIDE_WIDTH: f64 = 1.05;

/// Width of bold text relative to regular text of the same size.
pub(crate) const BOLD_FACTOR: f64 = 1.09;

/// About how wide a text will be at a size, in the unit of the size. Rather too much than too little, since the
/// viewer's font is not known.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    size * text.chars().map(char_width).sum::<f64>()
}

fn char_width(character: char) -> f64 {
    let ascii = (character as usize).checked_sub(0x20).and_then(|at| ASCII_WIDTHS.get(at));
    match (ascii, character.width()) {
        (Some(hundredths), _) => f64::from(*hundredths) / 100.0,
        (None, Some(0)) => 0.0,
        (None, Some(2)) => WIDE_WIDTH,
        (None, _) => OTHER_WIDTH,
    }
}

/// The text, cut with an ellipsis where it would be wider than `most`; empty where not even that fits.
pub(crate) fn fitted(text: &str, size: f64, most: f64) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    let room = most / size - char_width('…');
    let mut used = 0.0;
    let cut: String = text
        .chars()
        .take_while(|character| {
            used += char_width(*character);
            used <= room
        })
        .collect();
    if cut.is_empty() { String::new() } else { format!("{}…", cut.trim_end()) }
}

/// A text on one line, without what may not stand in XML, cut at [`TEXT_CHARS_MAX`].
pub(crate) fn shortened(text: &str) -> String {
    let mut characters = text.chars().map(plain);
    let mut short: String = characters.by_ref().take(TEXT_CHARS_MAX).collect();
    if characters.next().is_some() {
        short.push('…');
    }
    short.trim().to_owned()
}

/// Returns a printable replacement for a character. Line breaks and tabs become spaces. Control characters
/// and noncharacters are invalid in XML, and direction overrides would reverse adjacent text: they become
/// U+FFFD.
const fn plain(character: char) -> char {
    match character {
        '\t' | '\n' | '\r' => ' ',
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' => char::REPLACEMENT_CHARACTER,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        '\u{fdd0}'..='\u{fdef}' => char::REPLACEMENT_CHARACTER,
        _ if character as u32 & 0xfffe == 0xfffe => char::REPLACEMENT_CHARACTER,
        _ => character,
    }
}

/// Returns the text as it may stand in XML and HTML, between tags and between quotes of either kind.
pub fn escaped(text: &str) -> Cow<'_, str> {
    if text.chars().all(|character| is_harmless(character) && plain(character) == character) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for character in text.chars().map(plain) {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(character),
        }
    }
    Cow::Owned(safe)
}

const fn is_harmless(character: char) -> bool {
    !matches!(character, '&' | '<' | '>' | '"' | '\'')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_may_not_stand_in_xml_is_replaced() {
        assert_eq!(escaped("a<b>&\"c\"'"), "a&lt;b&gt;&amp;&quot;c&quot;&#39;");
        assert_eq!(escaped("tab\tline\nend"), "tab line end");
        assert_eq!(escaped("\0\u{1f}\u{85}\u{fffe}\u{1ffff}\u{202e}\u{2066}"), "\u{fffd}".repeat(7));
        assert!(matches!(escaped("#책📚كتاب"), Cow::Borrowed("#책📚كتاب")));
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(fitted("short", 10.0, 100.0), "short");
        assert_eq!(fitted("rather a long text", 10.0, 60.0), "rather a lo…");
        assert_eq!(fitted("anything", 10.0, 5.0), "");
        assert_eq!(shortened(&"x".repeat(400)).chars().count(), TEXT_CHARS_MAX + 1);
        assert_eq!(shortened("  a\nb "), "a b");
    }

    #[test]
    fn wide_letters_take_more_room() {
        assert!(width("本本", 10.0) > width("aa", 10.0));
        assert!(width("W", 10.0) > width("i", 10.0));
        assert!((width("e\u{301}", 10.0) - width("e", 10.0)).abs() < f64::EPSILON);
    }

    proptest! {
        #[test]
        fn a_cut_text_fits(text in any::<String>(), most in 0.0..200.0) {
            prop_assert!(width(&fitted(&text, 10.0, most), 10.0) <= most + 1e-9);
        }
    }
}
