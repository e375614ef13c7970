//! Workbooks that claim or hold more than any should: memory stays bounded, and what was before is kept.

use super::{Book, mapped, read_mapped, refusal, row, try_read_with, zip};
use sources::files::Options;

const COLUMNS: [&str; 2] = ["id=video_id", "plays=plays"];

fn table(more: &str) -> String {
    [&row(1, &["id", "plays"]), &row(2, &["7100000000000000011", "17"]), more].concat()
}

#[test]
fn cells_at_the_far_end_of_a_sheet_cost_nothing() {
    let far = "<row r=\"1048576\"><c r=\"A1048576\"><v>7100000000000000012</v></c><c r=\"XFD1048576\"><v>1</v></c></row>";
    let out = read_mapped(&Book::of(&table(far)), &COLUMNS);
    assert_eq!(out.ids(), [7_100_000_000_000_000_011, 7_100_000_000_000_000_012]);
    assert_eq!(out.plays(), [Some(17), None]);
}

#[test]
fn places_that_no_sheet_has_end_the_reading() {
    for (more, want) in [
        ("<row r=\"1048577\"><c><v>1</v></c></row>", "there is no row 1048577"),
        ("<row r=\"0\"><c><v>1</v></c></row>", "there is no row 0"),
        ("<row><c r=\"XFE3\"><v>1</v></c></row>", "beyond the last column"),
        ("<row><c r=\"ZZZZZZZZZZZZ3\"><v>1</v></c></row>", "beyond the last column"),
        ("<row><c r=\"3\"><v>1</v></c></row>", "there is no cell \"3\""),
        ("<row><c t=\"s\"><v>7</v></c></row>", "a cell names text 7 of 0"),
        ("<row><c t=\"s\"><v>99999999999999999999</v></c></row>", "a cell names the text"),
        ("<row><c><v>1</v>", "a sheet ends before its end"),
    ] {
        // The last case closes the sheet within a cell.
        let out = read_mapped(&Book::of(&table(more)), &COLUMNS);
        assert_eq!(out.ids(), [7_100_000_000_000_000_011], "{more}");
        let damage = out.report.damage.unwrap_or_default();
        assert!(damage.contains(want), "{more}: {damage}");
        assert_eq!(out.rejects.len(), 1);
    }
}

#[test]
fn a_claimed_number_of_texts_is_not_believed() {
    for count in ["99999999999", "18446744073709551615", "-1", "cat"] {
        let strings = format!("<sst uniqueCount=\"{count}\" count=\"{count}\"><si><t>x</t></si></sst>");
        let sheet = format!("<worksheet><sheetData>{}</sheetData></worksheet>", table(""));
        let bytes = zip(&[
            ("[Content_Types].xml", b"<Types/>"),
            ("xl/workbook.xml", b"<workbook><sheets><sheet name=\"a\" r:id=\"r\"/></sheets></workbook>"),
            (
                "xl/_rels/workbook.xml.rels",
                b"<R><Relationship Id=\"r\" Type=\"x/worksheet\" Target=\"a.xml\"/><Relationship Id=\"s\" Type=\"x/sharedStrings\" Target=\"s.xml\"/></R>",
            ),
            ("xl/s.xml", strings.as_bytes()),
            ("xl/a.xml", sheet.as_bytes()),
        ]);
        assert_eq!(read_mapped(&bytes, &COLUMNS).ids(), [7_100_000_000_000_000_011]);
    }
}

#[test]
fn texts_that_never_end_are_given_up() {
    let bomb = "x".repeat(20_000_000);
    let in_cell = table(&row(3, &[&bomb]));
    let out = read_mapped(&Book::of(&in_cell), &COLUMNS);
    assert_eq!(out.ids().len(), 1);
    assert!(out.report.damage.is_some_and(|why| why.contains("more than 4194304 bytes")));
    let strings = format!("<si><t>{bomb}</t></si>");
    let cells = table("");
    let book = Book { sheets: vec![("a", "visible", &cells)], strings: &strings, ..Book::default() };
    let why = refusal(&book.bytes(), mapped(&COLUMNS));
    assert!(
        why.contains("a workbook (XLSX) that cannot be read: a text or a tag of more than 4194304 bytes"),
        "{why}"
    );
    // Many short ones in one cell.
    let pieces =
        format!("<row><c t=\"inlineStr\"><is>{}</is></c></row>", "<r><t>cat cat cat</t></r>".repeat(200_000));
    let out = read_mapped(&Book::of(&table(&pieces)), &COLUMNS);
    assert!(out.report.damage.is_some_and(|why| why.contains("a cell is longer than 1048576 bytes")));
    // Many cells in one row.
    let cell = format!("<c t=\"inlineStr\"><is><t>{}</t></is></c>", "x".repeat(1_000_000));
    let out = read_mapped(&Book::of(&table(&format!("<row>{}</row>", cell.repeat(20)))), &COLUMNS);
    assert!(out.report.damage.is_some_and(|why| why.contains("row 3 is longer than 8388608 bytes")));
}

#[test]
fn entities_of_their_own_stand_for_nothing() {
    let cells = table(
        "<row><c t=\"inlineStr\"><is><t>7100000000000000012</t></is></c><c t=\"str\"><v>&lol;</v></c></row>",
    );
    let sheet =
        format!("<!DOCTYPE x [<!ENTITY lol \"17\">]><worksheet><sheetData>{cells}</sheetData></worksheet>");
    let bytes = zip(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/workbook.xml", b"<workbook><sheets><sheet name=\"a\" r:id=\"r\"/></sheets></workbook>"),
        (
            "xl/_rels/workbook.xml.rels",
            b"<R><Relationship Id=\"r\" Type=\"x/worksheet\" Target=\"a.xml\"/></R>",
        ),
        ("xl/a.xml", sheet.as_bytes()),
    ]);
    let out = read_mapped(&bytes, &COLUMNS);
    assert_eq!(out.ids(), [7_100_000_000_000_000_011]);
    assert!(out.rejects[0].reason.contains("&lol;"), "{:?}", out.rejects);
}

#[test]
fn thousands_of_sheets_are_looked_at_and_more_refused() {
    let book = |count: usize| {
        let names: Vec<String> = (0..count).map(|number| format!("s{number}")).collect();
        let last = table("");
        let sheets = names.iter().enumerate().map(|(number, name)| {
            (name.as_str(), "visible", if number + 1 == count { last.as_str() } else { "" })
        });
        Book { sheets: sheets.collect(), ..Book::default() }.bytes()
    };
    assert_eq!(read_mapped(&book(3_000), &COLUMNS).ids(), [7_100_000_000_000_000_011]);
    let why = refusal(&book(10_001), mapped(&COLUMNS));
    assert!(why.contains("more than 10000 sheets"), "{why}");
}

#[test]
fn parts_that_are_missing_or_cut_off_are_named() {
    let whole = Book::of(&table(""));
    let why = refusal(&whole[..whole.len() - 30], mapped(&COLUMNS));
    assert!(why.contains("a zip archive whose index, at its end, cannot be read"), "{why}");
    let bytes = zip(&[("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook><sheets><shee")]);
    let why = refusal(&bytes, Options::default());
    assert!(why.contains("a workbook (XLSX) that cannot be read: its XML is broken"), "{why}");
    // The sheet's bytes are changed: its checksum no longer agrees.
    let bytes = zip(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("xl/workbook.xml", b"<workbook><sheets><sheet name=\"a\" r:id=\"r\"/></sheets></workbook>"),
        (
            "xl/_rels/workbook.xml.rels",
            b"<R><Relationship Id=\"r\" Type=\"x/worksheet\" Target=\"gone.xml\"/></R>",
        ),
    ]);
    let why = try_read_with(&bytes, mapped(&COLUMNS)).expect_err("the sheet is missing").to_string();
    assert!(why.contains("its part xl/gone.xml is missing"), "{why}");
}

#[test]
fn a_sheet_whose_bytes_were_changed_is_damaged() {
    // Stored, so that the change is one of a digit; and longer than is read at a time, as the checksum stands at the end.
    let mut archive = rawzip::ZipArchiveWriter::new(Vec::new());
    let rest = "<mergeCell ref=\"A1:B1\"/>".repeat(20_000);
    let sheet = format!("<worksheet><sheetData>{}</sheetData>{rest}</worksheet>", table(""));
    for (name, text) in [
        ("[Content_Types].xml", "<Types/>"),
        ("xl/workbook.xml", "<workbook><sheets><sheet name=\"a\" r:id=\"r\"/></sheets></workbook>"),
        (
            "xl/_rels/workbook.xml.rels",
            "<R><Relationship Id=\"r\" Type=\"x/worksheet\" Target=\"a.xml\"/></R>",
        ),
        ("xl/a.xml", &sheet),
    ] {
        let (mut entry, config) = archive.new_file(name).start().expect("to memory");
        let mut writer = config.wrap(&mut entry);
        std::io::Write::write_all(&mut writer, text.as_bytes()).expect("to memory");
        let (_, sums) = writer.finish().expect("to memory");
        entry.finish(sums).expect("to memory");
    }
    let mut bytes = archive.finish().expect("to memory");
    assert_eq!(read_mapped(&bytes, &COLUMNS).report.damage, None);
    let place = bytes.windows(4).position(|window| window == b">17<").expect("the plays");
    bytes[place + 2] = b'8';
    let out = read_mapped(&bytes, &COLUMNS);
    assert_eq!(out.plays(), [Some(18)]);
    assert!(out.report.damage.is_some_and(|why| why.contains("damaged here and ends early")));
}
