//! Tables on the screen: aligned columns that fit the width of the terminal. Text wraps between words; numbers
//! never wrap. If that is not enough, columns are left out and named.

use crate::output::printable;
use crate::terminal;
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Characters between two columns.
const PADDING: usize = 2;
/// Words of text up to this wide are never broken.
const WORD_MIN: usize = 24;
/// Minimum width; a narrower terminal is treated as this wide.
const WIDTH_MIN: usize = 20;

/// Lays rows out in aligned columns, within the width of the terminal.
///
/// A heading may begin with signs: `>` aligns its column to the right and never wraps it, `=` never wraps it,
/// `-` leaves it out before others where there is no room, and `!` never leaves it out.
pub(crate) fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    table_and_left_out(headings, rows).0
}

/// Lays rows out as [`table`] does, and also returns the headings of the columns that are left out.
pub(crate) fn table_and_left_out(
    headings: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> (String, Vec<String>) {
    let rows = rows.into_iter().map(|row| row.iter().map(|cell| printable(cell)).collect()).collect();
    laid_out(headings, rows, terminal::width())
}

/// A column: its heading, its widths, and how it may be fitted.
struct Column {
    heading: String,
    is_right: bool,
    is_whole: bool,
    is_first_to_go: bool,
    is_required: bool,
    /// Widest cell.
    width: usize,
    /// Widest word, below which it does not wrap.
    width_min: usize,
}

impl Column {
    fn of(heading: &str, cells: impl Iterator<Item = (usize, usize)>) -> Self {
        let name = heading.trim_start_matches(['>', '=', '-', '!']);
        let signs = &heading[..heading.len() - name.len()];
        let is_right = signs.contains('>');
        let is_whole = is_right || signs.contains('=');
        let (width, word) = cells.fold((name.width(), longest_word(name)), |(width, word), cell| {
            (width.max(cell.0), word.max(cell.1))
        });
        Self {
            heading: name.to_owned(),
            is_right,
            is_whole,
            is_first_to_go: signs.contains('-'),
            is_required: signs.contains('!'),
            width,
            width_min: if is_whole { width } else { word },
        }
    }
}

fn laid_out(headings: &[&str], rows: Vec<Vec<String>>, width: Option<usize>) -> (String, Vec<String>) {
    let number = rows.iter().map(Vec::len).max().unwrap_or(0).max(headings.len());
    let cells = |at: usize| {
        rows.iter().filter_map(move |row| row.get(at)).map(|cell| (cell.width(), longest_word(cell)))
    };
    let columns: Vec<Column> =
        (0..number).map(|at| Column::of(headings.get(at).copied().unwrap_or_default(), cells(at))).collect();
    let (visible, widths) = match width {
        Some(width) => fitted(&columns, width.max(WIDTH_MIN)),
        None => ((0..number).collect(), columns.iter().map(|column| column.width).collect()),
    };
    let mut text = drawn(&columns, &visible, &widths, &rows, !headings.is_empty());
    let left_out: Vec<String> = (0..number)
        .filter(|at| !visible.contains(at))
        .map(|at| columns[at].heading.clone())
        .filter(|heading| !heading.is_empty())
        .collect();
    if let (Some(width), false) = (width, left_out.is_empty()) {
        let note = format!("({width} columns leave out: {})", left_out.join(", "));
        text.push('\n');
        text.push_str(&wrapped(&note, width.max(WIDTH_MIN)));
    }
    (text, left_out)
}

/// Returns the columns that fit into this width, and the width of each.
fn fitted(columns: &[Column], width: usize) -> (Vec<usize>, Vec<usize>) {
    let mut visible: Vec<usize> = (0..columns.len()).collect();
    let together = |visible: &[usize], of: fn(&Column) -> usize| {
        visible.iter().map(|at| of(&columns[*at])).sum::<usize>() + PADDING * visible.len().saturating_sub(1)
    };
    while visible.len() > 1 && together(&visible, |column| column.width_min) > width {
        let last = |may_go: fn(&Column) -> bool| {
            let place = visible.iter().rposition(|at| may_go(&columns[*at]) && !columns[*at].is_required);
            place.filter(|place| *place > 0)
        };
        let Some(place) = last(|column| column.is_first_to_go).or_else(|| last(|_| true)) else { break };
        visible.remove(place);
    }
    let mut widths: Vec<usize> = columns.iter().map(|column| column.width).collect();
    let mut excess = together(&visible, |column| column.width).saturating_sub(width);
    while excess > 0 {
        // The widest column wraps first.
        let widest = visible.iter().copied().filter(|at| widths[*at] > columns[*at].width_min);
        let Some(at) = widest.max_by_key(|at| (widths[*at], usize::MAX - *at)) else { break };
        widths[at] -= 1;
        excess -= 1;
    }
    (visible, widths)
}

fn drawn(
    columns: &[Column],
    visible: &[usize],
    widths: &[usize],
    rows: &[Vec<String>],
    is_headed: bool,
) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if is_headed {
        table.set_header(visible.iter().map(|at| wrapped(&columns[*at].heading, widths[*at])));
    }
    let cell = |row: &Vec<String>, at: usize| {
        let cell = row.get(at).map(String::as_str).unwrap_or_default();
        if columns[at].is_whole { cell.to_owned() } else { wrapped(&broken(cell, widths[at]), widths[at]) }
    };
    table.add_rows(rows.iter().map(|row| visible.iter().map(|at| cell(row, *at)).collect::<Vec<_>>()));
    for (place, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if visible.get(place).is_some_and(|at| columns[*at].is_right) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// Returns the minimum width of a text: its longest number, or its longest word up to [`WORD_MIN`].
fn longest_word(text: &str) -> usize {
    let narrowest = |word: &str| if is_number(word) { word.width() } else { word.width().min(WORD_MIN) };
    text.split(' ').map(narrowest).max().unwrap_or(0)
}

/// Returns true if a word is a number, an id or a date, which is never broken.
fn is_number(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
        && word.bytes().all(|byte| byte.is_ascii_digit() || b",.:;~%+-()TZ".contains(&byte))
}

/// Breaks words that are wider than this, other than numbers.
fn broken(text: &str, width: usize) -> String {
    let is_fine = |word: &str| word.width() <= width || is_number(word);
    if text.split(' ').all(is_fine) {
        return text.to_owned();
    }
    let (mut out, mut used) = (String::with_capacity(text.len() + 8), 0);
    for (place, word) in text.split(' ').enumerate() {
        if place > 0 {
            out.push(' ');
        }
        used = if is_fine(word) { 0 } else { used };
        for c in word.chars() {
            let needed = c.width().unwrap_or(0);
            if !is_fine(word) && used + needed > width {
                out.push(' ');
                used = 0;
            }
            out.push(c);
            used += needed;
        }
        used = 0;
    }
    out
}

/// Breaks a text between words into lines of at most this width; a longer word has a line of its own.
pub(crate) fn wrapped(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let (mut out, mut used) = (String::with_capacity(text.len() + 8), 0);
    for word in text.split(' ') {
        let needed = word.width();
        if used > 0 && used + 1 + needed > width {
            out.push('\n');
            used = 0;
        } else if used > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += needed;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(headings: &[&str], rows: Vec<Vec<String>>, width: Option<usize>) -> String {
        super::laid_out(headings, rows, width).0
    }

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        vec![
            row(["cat", "1,000,681,687,205", "a cat that sleeps all day", "▁▂ ▃"]),
            row(["猫", "7", "short", "▁"]),
        ]
    }

    const HEADINGS: [&str; 4] = ["name", ">views", "title", "=-gains"];

    #[test]
    fn without_a_width_nothing_wraps() {
        let shown =
            laid_out(&["name", ">views"], rows().into_iter().map(|row| row[..2].to_vec()).collect(), None);
        assert_eq!(shown, "name              views\ncat   1,000,681,687,205\n猫                    7");
    }

    #[test]
    fn text_wraps_between_words_and_numbers_stay_whole() {
        let shown = laid_out(&HEADINGS, rows(), Some(46));
        assert_eq!(
            shown,
            "name              views  title           gains\n\
             cat   1,000,681,687,205  a cat that      ▁▂ ▃\n                         sleeps all day\n\
             猫                    7  short           ▁"
        );
    }

    #[test]
    fn a_long_word_is_broken_and_a_number_is_not() {
        let row = vec!["#averyveryveryverylonghashtagindeed 1,234,567,890,123".to_owned(), "7".to_owned()];
        let shown = laid_out(&["tag", ">n"], vec![row], Some(28));
        assert_eq!(
            shown,
            "tag                        n\n#averyveryveryverylonghas  7\nhtagindeed\n1,234,567,890,123"
        );
    }

    #[test]
    fn what_does_not_fit_is_left_out_and_named() {
        let shown = laid_out(&HEADINGS, rows(), Some(34));
        assert!(!shown.contains('▁') && shown.contains("a cat"), "{shown}");
        assert!(shown.ends_with("(34 columns leave out: gains)"), "{shown}");
        let shown = laid_out(&HEADINGS, rows(), Some(25));
        assert!(shown.contains("1,000,681,687,205") && !shown.contains("sleeps"), "{shown}");
        assert!(shown.ends_with("(25 columns leave out:\ntitle, gains)"), "{shown}");
    }

    #[test]
    fn a_column_that_is_to_be_stored_is_never_left_out() {
        let headings = ["name", ">views", "title", "!=-gains"];
        for width in [20, 25, 34] {
            let (shown, left_out) = super::laid_out(&headings, rows(), Some(width));
            assert!(shown.contains('▁') && !left_out.contains(&"gains".to_owned()), "{width}: {shown}");
            assert!(!left_out.is_empty() && left_out.iter().all(|name| shown.contains(name)), "{left_out:?}");
        }
        assert_eq!(super::laid_out(&headings, rows(), Some(20)).1, ["views", "title"]);
        assert_eq!(super::laid_out(&headings, rows(), None).1, Vec::<String>::new());
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        for width in WIDTH_MIN..120 {
            let shown = laid_out(&HEADINGS, rows(), Some(width));
            for line in shown.lines().filter(|line| !line.contains("1,000,681,687,205")) {
                assert!(line.width() <= width, "{width}: {line:?}");
            }
            assert!(shown.contains("cat"), "{shown}");
            assert!(!shown.contains("1,000") || shown.contains("1,000,681,687,205"), "{shown}");
        }
    }
}
