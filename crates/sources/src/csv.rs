//! CSV as trackers, spreadsheets and export buttons write it: how a record is split into cells, and where the columns
//! are. Records are found by [`crate::content`], one at a time; a quoted cell may hold newlines.

use std::borrow::Cow;

/// Separators that are known, the likeliest first: spreadsheets write `;` where the comma is the decimal sign.
const SEPARATORS: [char; 3] = [',', ';', '\t'];

/// Most columns that a message names.
const COLUMNS_SHOWN_MAX: usize = 60;

/// The first record of a file: what its columns are called, and what stands between its cells.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    line: String,
    names: Vec<String>,
    separator: char,
}

impl Header {
    /// Reads the names of the columns. The separator is the one that makes most columns.
    pub(crate) fn of(line: &str) -> Self {
        let split = SEPARATORS.map(|separator| (separator, cells(line, separator)));
        let most =
            split.into_iter().reduce(|best, next| if next.1.len() > best.1.len() { next } else { best });
        let (separator, names) = most.unwrap_or((',', Vec::new()));
        let names = names.iter().map(|name| name.trim().to_owned()).collect();
        Self { line: line.trim().to_owned(), names, separator }
    }

    /// The names of the columns, in their order.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The names of the first columns, for a message.
    pub(crate) fn shown(&self) -> String {
        let names: Vec<_> = self.names.iter().take(COLUMNS_SHOWN_MAX).map(String::as_str).collect();
        let more = if self.names.len() > COLUMNS_SHOWN_MAX { ", ..." } else { "" };
        format!("{}{more}", names.join(", "))
    }

    /// Where the column of this name is; letter case does not matter.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|cell| cell.eq_ignore_ascii_case(name))
    }

    /// The cells of a record. `None` if it is the header again, as in files that were appended to each other.
    pub(crate) fn cells<'r>(&self, record: &'r str) -> Option<Vec<Cow<'r, str>>> {
        if record.trim().trim_start_matches('\u{feff}') == self.line {
            return None;
        }
        Some(cells(record, self.separator))
    }
}

/// The cells of one record of CSV (RFC 4180): separators, quotes, doubled quotes inside quotes.
fn cells(record: &str, separator: char) -> Vec<Cow<'_, str>> {
    let record = record.trim_end_matches(['\r', '\n']);
    if !record.contains('"') {
        return record.split(separator).map(Cow::Borrowed).collect();
    }
    let mut cells = Vec::new();
    let mut cell = String::new();
    let mut is_quoted = false;
    let mut characters = record.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                cell.push('"');
            }
            '"' => is_quoted = !is_quoted,
            _ if character == separator && !is_quoted => cells.push(Cow::Owned(std::mem::take(&mut cell))),
            _ => cell.push(character),
        }
    }
    cells.push(Cow::Owned(cell));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_split_as_csv_says() {
        assert_eq!(cells("a,\"b,\"\"c\"\"\nd\",,e\r", ','), ["a", "b,\"c\"\nd", "", "e"]);
        assert_eq!(cells("", ','), [""]);
        assert_eq!(cells("a;\"b;c\";1,5", ';'), ["a", "b;c", "1,5"]);
    }

    #[test]
    fn the_separator_is_the_one_that_makes_most_columns() {
        for line in ["a,b,c", "a;b;c", "a\tb\tc", "\"a\";\"b\";\"c\"", " a , b , c\r"] {
            let header = Header::of(line);
            assert_eq!(header.names, ["a", "b", "c"], "{line:?}");
            assert_eq!((header.column("B"), header.column("d")), (Some(1), None));
            assert_eq!(header.cells(line), None);
            let row = line.replace('b', "x");
            assert!(header.cells(&row).is_some_and(|cells| cells[1].trim() == "x"), "{line:?}");
        }
        assert_eq!(Header::of("a").names, ["a"]);
    }
}
