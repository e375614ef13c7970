//! Quotes, separators, ends of lines, and rows that are not whole.

use super::{read, refused};
use proptest::prelude::*;

const COLUMNS: [&str; 3] = ["id=video_id", "caption=caption", "plays=plays"];

/// Ids of made-up videos.
fn id(number: u64) -> u64 {
    7_576_322_311_435_845_000 + number
}

fn table(separator: &str, rows: &[[&str; 2]]) -> String {
    let mut text = format!("id{separator}caption{separator}plays\n");
    for (number, [caption, plays]) in (1..).zip(rows) {
        text += &format!("{}{separator}{caption}{separator}{plays}\n", id(number));
    }
    text
}

#[test]
fn a_quote_inside_a_cell_is_a_character() {
    for separator in [",", ";", "\t", "|"] {
        for caption in [
            "the 5\" rule",
            "a 12\" pot",
            "say \"hi\" twice",
            "x\"",
            "5\"\"",
            "\"5\"\" rule\"",
            "a \" b \" c",
        ] {
            let rows = [[caption, "100"], ["plain", "200"], ["the 3\" nail", "300"], ["plain", "400"]];
            let out = read(table(separator, &rows), &COLUMNS);
            assert_eq!(out.plays(), [Some(100), Some(200), Some(300), Some(400)], "{separator:?} {caption}");
            assert!(out.rejects.is_empty(), "{:?}", out.reasons());
            assert_eq!(out.videos[1].details.title, "plain");
        }
    }
}

#[test]
fn an_unclosed_quote_costs_its_own_row_and_no_other() {
    // Each way in which the quote may meet another, or none.
    for (name, after) in [
        ("nothing after it", [["plain", "200"], ["plain", "300"], ["plain", "400"]]),
        ("a quoted cell", [["plain", "200"], ["\"quoted\"", "300"], ["plain", "400"]]),
        ("a quoted cell at once", [["\"quoted\"", "200"], ["plain", "300"], ["plain", "400"]]),
        ("a quote at the end of a cell", [["plain", "200"], ["a 12\"", "300"], ["plain", "400"]]),
        ("a quote inside a cell", [["plain", "200"], ["a 12\" pot", "300"], ["plain", "400"]]),
        ("another that is not closed", [["plain", "200"], ["\"open", "300"], ["plain", "400"]]),
    ] {
        for separator in [",", "\t"] {
            let rows = [["plain", "50"], ["\"open", "100"], after[0], after[1], after[2]];
            let out = read(table(separator, &rows), &COLUMNS);
            let want: Vec<_> = rows.iter().enumerate().filter(|(_, row)| row[0] != "\"open").collect();
            let plays: Vec<_> = want.iter().map(|(_, row)| row[1].parse().ok()).collect();
            assert_eq!(out.plays(), plays, "{name} {separator:?}: {:?}", out.reasons());
            assert_eq!(out.videos.len() + out.rejects.len(), 5, "{name}: {:?}", out.reasons());
            assert_eq!(out.rejects[0].place.line, Some(3), "{name}");
            assert!(out.rejects[0].reason.contains("a quote opens a cell"), "{:?}", out.reasons());
            assert!(out.videos.iter().all(|video| !video.details.title.contains('\n')), "{name}");
        }
    }
}

#[test]
fn lines_in_quoted_cells_are_retained() {
    for caption in [
        "\"one\ntwo\"",
        "\"a, b\nc, d, e\"",
        "\"1, 2, 3\n4, 5, 6\n\"",
        "\"\n\"\"quoted\"\"\n\"",
        "\"one\r\ntwo\"",
    ] {
        let rows = [["plain", "100"], [caption, "200"], ["plain", "300"]];
        let out = read(table(",", &rows), &COLUMNS);
        assert_eq!(out.plays(), [Some(100), Some(200), Some(300)], "{caption}: {:?}", out.reasons());
        assert!(
            out.videos[1].details.title.contains('\n')
                || out.videos[1].details.title.contains('4')
                || caption.contains("quoted"),
            "{caption}"
        );
        assert!(out.rejects.is_empty());
    }
}

#[test]
fn rows_with_too_many_or_too_few_cells_are_refused() {
    let text = format!(
        "id,caption,plays\n{},a, b,100\n{},plain,200\n{},c\n{},d,400,\n,,\n\n",
        id(1),
        id(2),
        id(3),
        id(4)
    );
    let out = read(text, &COLUMNS);
    assert_eq!(out.plays(), [Some(200), Some(400)]);
    assert_eq!(
        out.reasons(),
        [
            (
                Some(2),
                "the row has 4 cells, more than the 3 columns: a separator inside a cell that is not in quotes?"
            ),
            (Some(4), "the row has 2 cells, too few for \"plays\" (3 columns)"),
        ]
    );
}

#[test]
fn lines_may_end_in_any_way_and_a_first_line_may_state_the_separator() {
    let text = table(";", &[["a, b", "100"], ["plain", "200"]]);
    for end in ["\n", "\r\n", "\r"] {
        for first in ["", "sep=;\n", "\u{feff}sep=;\n", "\u{feff}", "\n\n"] {
            let text = format!("{first}{text}").replace('\n', end);
            let out = read(&text, &COLUMNS);
            assert_eq!((out.plays(), out.rejects.len()), (vec![Some(100), Some(200)], 0), "{text:?}");
            assert_eq!(out.videos[0].details.title, "a, b");
        }
    }
    let comma =
        read(format!("sep=,\nid,caption;x;y;z,plays\n{},a;b,7\n", id(1)), &["id=video_id", "plays=plays"]);
    assert_eq!(comma.plays(), [Some(7)]);
}

#[test]
fn the_header_may_come_again() {
    let once = table(",", &[["a", "100"], ["b", "200"]]);
    let out = read(once.clone() + &once, &COLUMNS);
    assert_eq!((out.plays().len(), out.rejects.len()), (4, 0));
    assert_eq!(
        read(format!("\"url\"\n\"https://www.tiktok.com/@a/video/{}\"\n", id(1)), &["url=url"]).rejects.len(),
        1
    );
}

/// A stream that breaks off with an error.
struct Torn(std::io::Cursor<Vec<u8>>);

impl std::io::Read for Torn {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(std::io::Error::other("torn")),
            bytes => Ok(bytes),
        }
    }
}

#[test]
fn a_row_that_a_damaged_file_cuts_is_not_read() {
    let whole = table(",", &[["a", "100"], ["b", "1234"]]);
    let series = "2024-01-01 10:00:00\t100\n2024-01-02 10:00:00\t1234\n";
    for (text, columns) in [(whole.as_str(), &COLUMNS[..]), (series, &[])] {
        for (cut, count) in [(3, 1), (1, 1), (0, 2)] {
            let bytes = text.as_bytes()[..text.len() - cut].to_vec();
            let input = sources::files::from_reader("cat.txt", Box::new(Torn(std::io::Cursor::new(bytes))));
            let mut items = Vec::new();
            let report = sources::files::read(input, super::mapping(columns), &mut items).expect("a table");
            assert_eq!(report.observations_total(), count, "{cut} of {text:?}");
            assert!(report.damage.is_some());
            let reasons: Vec<_> = items
                .iter()
                .filter_map(|item| match item {
                    sources::files::Item::Reject(reject) => Some(reject.reason.as_str()),
                    sources::files::Item::Observation(_) => None,
                })
                .collect();
            let is_reported = reasons.iter().any(|reason| reason.contains("ends inside"));
            assert_eq!(is_reported, cut > 0, "{reasons:?}");
        }
    }
}

#[test]
fn the_first_name_may_be_empty() {
    // The index that pandas writes has no name.
    for separator in [",", ";", "\t", "|"] {
        for before in ["", "\n", " \r\n\n"] {
            let text =
                format!("{before}{separator}id{separator}plays\n0{separator}{}{separator}100\n", id(1));
            let out = read(&text, &["id=video_id", "plays=plays"]);
            assert_eq!(
                (out.plays(), out.rejects.len()),
                (vec![Some(100)], 0),
                "{text:?}: {:?}",
                out.reasons()
            );
        }
    }
}

#[test]
fn a_table_of_no_known_format_names_its_columns() {
    let error = refused("Navn|Visninger\nkat|5\n", &[]);
    assert!(error.contains("this one has the columns Navn, Visninger"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    /// Whatever quotes stand in the cells of a sheet that quotes nothing: a row whose cell does not begin with one is read
    /// as it stands, and each other is a video or a reject.
    #[test]
    fn no_row_is_lost_to_the_quotes_of_another(captions in prop::collection::vec("[a\"][a\" ]{0,4}|plain|\"", 1..12), is_tabbed: bool) {
        let rows: Vec<_> = captions.iter().map(|caption| [caption.as_str(), "7"]).collect();
        let out = read(table(if is_tabbed { "\t" } else { "," }, &rows), &COLUMNS);
        prop_assert_eq!(out.videos.len() + out.rejects.len(), rows.len(), "{:?}", out.reasons());
        for (number, caption) in (1..).zip(&captions) {
            let read = out.videos.iter().find(|video| video.id.get() == id(number));
            if !caption.starts_with('"') {
                prop_assert_eq!(read.map(|video| video.details.title.as_str()), Some(caption.trim()), "{:?}", out.reasons());
            }
            prop_assert!(read.is_none_or(|video| !video.details.title.contains('\n') && video.counts.plays.is_some()));
        }
    }
}
