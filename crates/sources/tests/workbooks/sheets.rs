//! Which sheet of a workbook is read, and what is said of the others.

use super::{Book, mapped, refusal, row, try_read_with, zip};
use sources::files::Options;

fn table(id: u64) -> String {
    [row(1, &["id", "plays"]), row(2, &[&id.to_string(), "17"])].concat()
}

fn book() -> Vec<u8> {
    let remarks = row(1, &["made by hand"]);
    let (hidden, march, april) = (
        table(7_100_000_000_000_000_011),
        table(7_100_000_000_000_000_012),
        table(7_100_000_000_000_000_013),
    );
    Book {
        sheets: vec![
            ("raw", "hidden", &hidden),
            ("Remarks", "visible", &remarks),
            ("empty", "visible", ""),
            ("March &amp; co", "visible", &march),
            ("April", "visible", &april),
        ],
        ..Book::default()
    }
    .bytes()
}

fn options(sheet: Option<&str>) -> Options {
    Options { sheet: sheet.map(Into::into), ..mapped(&["id=video_id", "plays=plays"]) }
}

#[test]
fn the_first_sheet_with_a_table_is_read_and_the_others_are_named() {
    let out = try_read_with(&book(), options(None)).expect("a table");
    assert_eq!(out.ids(), [7_100_000_000_000_000_012]);
    assert_eq!(
        out.report.notes,
        [
            "sheet \"March & co\" was read; also tables, and not read: \"April\", \"raw\" (--sheet NAME reads another)"
        ]
    );
}

#[test]
fn a_sheet_is_chosen_by_its_name_hidden_or_not() {
    for (name, id) in [("April", 13), ("april ", 13), ("raw", 11), ("March & co", 12)] {
        let out = try_read_with(&book(), options(Some(name))).expect("a table");
        assert_eq!(out.ids(), [7_100_000_000_000_000_000 + id], "{name}");
        assert_eq!(out.report.notes, [""; 0]);
    }
}

#[test]
fn a_wrong_name_is_answered_with_the_names_there_are() {
    let why = refusal(&book(), options(Some("Mai")));
    assert!(
        why.contains("without a sheet \"Mai\"; its sheets are \"raw\", \"Remarks\", \"empty\", \"March & co\", \"April\""),
        "{why}"
    );
}

#[test]
fn a_sheet_without_a_table_is_refused_with_its_columns() {
    let why = refusal(&book(), options(Some("Remarks")));
    assert!(why.contains("sheet \"Remarks\": no column \"id\"") && why.contains("made by hand"), "{why}");
    let why = refusal(&book(), Options::default());
    assert!(why.contains("--map") && why.contains("one of 5 sheets"), "{why}");
    let why = refusal(&Book::of(""), options(None));
    assert!(why.contains("its sheets are empty"), "{why}");
    let why = refusal(&Book::default().bytes(), options(None));
    assert!(why.contains("its sheets are empty"), "{why}");
}

#[test]
fn other_documents_that_are_zips_are_named() {
    let of = |name: &str| zip(&[("[Content_Types].xml", b"<Types/>"), (name, b"<x/>")]);
    for (bytes, want) in [
        (of("xl/workbook.bin"), "a binary workbook (XLSB), which is not read; save it as .xlsx or as CSV"),
        (of("word/document.xml"), "a Word document"),
        (of("ppt/presentation.xml"), "a PowerPoint presentation"),
        (zip(&[("Index/Document.iwa", b"x")]), "Apple's Numbers"),
        (zip(&[("a.npy", b"x"), ("b.npy", b"x")]), "arrays of NumPy"),
        (zip(&[("META-INF/MANIFEST.MF", b"x"), ("A.class", b"x")]), "a program"),
    ] {
        let why = refusal(&bytes, Options::default());
        assert!(why.contains(want), "{why}");
    }
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    for (name, text) in
        [("mimetype", "application/vnd.oasis.opendocument.spreadsheet"), ("content.xml", "<x/>")]
    {
        let (mut entry, config) = archive.new_file(name).start().expect("to memory");
        let mut writer = config.wrap(&mut entry);
        std::io::Write::write_all(&mut writer, text.as_bytes()).expect("to memory");
        let (_, sums) = writer.finish().expect("to memory");
        entry.finish(sums).expect("to memory");
    }
    let why = refusal(&archive.finish().expect("to memory"), Options::default());
    assert!(why.contains("OpenDocument format (ODS)"), "{why}");
}
