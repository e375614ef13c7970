//! Workbooks that programs made: through a library that writes them as Excel does, and as the XML of others.

use super::{Book, mapped, read_mapped, row, try_read_with, zip};
use domain::Source;
use rust_xlsxwriter::{Format, Formula, Workbook};
use sources::files::{self, Item, Options};
use std::io::Write;

const HEADER: [&str; 6] = ["id", "text", "createTimeISO", "webVideoUrl", "playCount", "diggCount"];

/// Three items of an Apify actor, below a title and a blank row.
fn items() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.merge_range(0, 0, 0, 3, "Posts of March", &Format::new()).expect("free");
    sheet.write_row(2, 1, HEADER).expect("room");
    for (number, id) in
        (3_u32..).zip([7_100_000_000_000_000_011_u64, 7_100_000_000_000_000_012, 7_100_000_000_000_000_013])
    {
        let id = id.to_string();
        sheet.write(number, 1, id.as_str()).expect("room");
        sheet.write(number, 2, format!("bed {number} #gardening")).expect("room");
        sheet.write(number, 3, "2025-11-24T16:00:00.000Z").expect("room");
        sheet.write(number, 4, format!("https://www.tiktok.com/@a/video/{id}")).expect("room");
        sheet.write(number, 5, 1000 + number).expect("room");
        sheet.write(number, 6, 3).expect("room");
    }
    // Beside the table, and below it.
    sheet.write(3, 9, "a remark").expect("room");
    sheet.write(8, 1, "sum").expect("room");
    sheet.write_formula(8, 5, Formula::new("=SUM(F4:F6)").set_result("3012")).expect("room");
    book.save_to_buffer().expect("to memory")
}

fn check_items(out: &super::Out) {
    assert_eq!(out.ids(), [7_100_000_000_000_000_011, 7_100_000_000_000_000_012, 7_100_000_000_000_000_013]);
    assert_eq!(out.plays(), [Some(1003), Some(1004), Some(1005)]);
    assert!(out.videos.iter().all(|video| video.source == Source::Apify && video.tags.len() == 1));
    assert_eq!(out.captions()[0], "bed 3 #gardening");
    // The sum is no item; its reject says which row it is.
    assert_eq!(out.rejects.len(), 1, "{:?}", out.rejects);
    assert_eq!(out.rejects[0].place.line, Some(9));
}

#[test]
fn a_known_table_is_read_wherever_it_begins() {
    check_items(&try_read_with(&items(), Options::default()).expect("Apify's columns"));
}

#[test]
fn a_workbook_is_read_from_files_and_through_packings() {
    let book = items();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&book).expect("to memory");
    check_items(&try_read_with(&gzip.finish().expect("to memory"), Options::default()).expect("packed"));
    let archive = zip(&[("data/posts.xlsx", &book), ("note.txt", b"2024-03-25 12:30:23\t4211\n")]);
    let mut items: Vec<Item> = Vec::new();
    let input = files::from_reader("x", Box::new(std::io::Cursor::new(archive)));
    let report = files::read(input, Options::default(), &mut items).expect("an archive");
    assert_eq!(report.observations.get(&Source::Apify), Some(&3));
    let mut file = tempfile::NamedTempFile::new().expect("room");
    file.write_all(&book).expect("room");
    let mut items: Vec<Item> = Vec::new();
    let input = files::open(file.path()).expect("it is there");
    let report = files::read(input, Options::default(), &mut items).expect("Apify's columns");
    assert_eq!((report.observations_total(), report.rejects), (3, 1));
    assert_eq!(report.bytes_read, book.len() as u64);
}

#[test]
fn whole_numbers_keep_all_their_digits_and_rounded_ones_give_way_to_the_link() {
    let link = |id: &str| format!("https://www.tiktok.com/@a/video/{id}");
    let of = |number: u32, id: &str, link: &str| {
        format!(
            "<row r=\"{number}\"><c><v>{id}</v></c><c t=\"str\"><v>{link}</v></c><c><v>17.0</v></c></row>"
        )
    };
    let cells = [
        row(1, &["id", "link", "plays"]),
        of(2, "7476450316014498871", ""),
        of(3, "7.47645031601449E+18", &link("7476450316014498872")),
        of(4, "7476450316014499000", &link("7476450316014498873")),
        of(5, "7.47645031601449E+18", ""),
    ];
    let out = read_mapped(&Book::of(&cells.concat()), &["id=video_id", "link=url", "plays=plays"]);
    assert_eq!(out.ids(), [7_476_450_316_014_498_871, 7_476_450_316_014_498_872, 7_476_450_316_014_498_873]);
    assert_eq!(out.plays(), [Some(17); 3]);
    assert_eq!(out.rejects.len(), 1);
    assert!(out.rejects[0].reason.contains("id"), "{}", out.rejects[0].reason);
    assert_eq!(out.rejects[0].place.line, Some(5));
}

#[test]
fn times_are_read_by_the_format_of_their_cells() {
    let styles = "<numFmts><numFmt numFmtId=\"170\" formatCode=\"yyyy\\-mm\\-dd\\ hh:mm\"/></numFmts>\
        <cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>\
        <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"170\"/></cellXfs>";
    let cells = [
        row(1, &["id", "posted", "read"]),
        "<row><c><v>7100000000000000011</v></c><c s=\"1\"><v>45352</v></c><c s=\"2\"><v>45353.5</v></c></row>".to_owned(),
        "<row><c><v>7100000000000000013</v></c><c t=\"d\"><v>2024-03-01T06:00:00</v></c><c><v>1709380800</v></c></row>".to_owned(),
    ]
    .concat();
    for (properties, days) in [("", 0), ("date1904=\"1\"", 1462)] {
        let book = Book { sheets: vec![("a", "visible", &cells)], styles, properties, ..Book::default() };
        let out = read_mapped(&book.bytes(), &["id=video_id", "posted=create_time", "read=observed_at"]);
        let times: Vec<_> = out
            .videos
            .iter()
            .map(|video| (video.details.create_time, video.observed_at.map(|at| at.as_seconds())))
            .collect();
        let later = days * 86_400;
        assert_eq!(
            times,
            [
                (Some(1_709_251_200 + later), Some(1_709_380_800 + later)),
                (Some(1_709_272_800), Some(1_709_380_800)),
            ]
        );
    }
}

#[test]
fn cells_of_all_kinds_become_text() {
    let strings = "<si><t>plain &amp; simple</t></si>\
        <si><r><t xml:space=\"preserve\">two </t></r><r><rPr><b/></rPr><t>parts</t></r><rPh sb=\"0\" eb=\"1\"><t>said</t></rPh></si>\
        <si><t>a_x000D_\nb &#128008;</t></si><si/>";
    let of = |id: u32, cell: &str| {
        format!("<row><c><v>{}</v></c>{cell}</row>", 7_100_000_000_000_000_000 + u64::from(id))
    };
    let cells = [
        row(1, &["id", "caption"]),
        of(1, "<c t=\"s\"><v>0</v></c>"),
        of(2, "<c t=\"s\"><v>1</v></c>"),
        of(3, "<c t=\"s\"><v>2</v></c>"),
        of(4, "<c t=\"s\"><v>3</v></c>"),
        of(5, "<c t=\"str\"><f>A1&amp;\"x\"</f><v>by a formula</v></c>"),
        of(6, "<c t=\"e\"><f>NA()</f><v>#N/A</v></c>"),
        of(7, "<c t=\"b\"><v>1</v></c>"),
        of(8, "<c><f>1+1</f></c>"),
        of(9, "<c r=\"B10\" s=\"7\"/>"),
        of(10, "<c t=\"inlineStr\"><is><r><t>in</t></r><r><t>line</t></r></is></c>"),
    ]
    .concat();
    let book = Book { sheets: vec![("a", "visible", &cells)], strings, ..Book::default() };
    let options = || mapped(&["id=video_id", "caption=caption"]);
    let out = try_read_with(&book.bytes(), options()).expect("these columns");
    let captions: Vec<_> = out
        .videos
        .iter()
        .map(|video| (video.id.get() - 7_100_000_000_000_000_000, video.details.title.as_str()))
        .filter(|(_, caption)| !caption.is_empty())
        .collect();
    assert_eq!(
        captions,
        [
            (1, "plain & simple"),
            (2, "two parts"),
            (3, "a\r\nb 🐈"),
            (5, "by a formula"),
            (7, "true"),
            (10, "inline"),
        ]
    );
    assert!(
        out.report.notes.iter().any(|note| note.starts_with("1 cells hold formulas without a result")),
        "{:?}",
        out.report.notes
    );
}

#[test]
fn more_texts_than_memory_is_given_are_read_from_a_file() {
    // 12 MB of texts, each in two cells, so that places in the file are gone back to.
    const ROWS: u32 = 20_000;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, ["id", "caption", "nick"]).expect("room");
    let text = |number: u32| format!("{number} {}", "cat and dog ".repeat(50));
    for number in 1..=ROWS {
        sheet.write(number, 0, format!("{}", 7_100_000_000_000_000_000 + u64::from(number))).expect("room");
        sheet.write(number, 1, text(number)).expect("room");
        sheet.write(number, 2, text(ROWS + 1 - number)).expect("room");
    }
    let bytes = book.save_to_buffer().expect("to memory");
    let out = read_mapped(&bytes, &["id=video_id", "caption=caption", "nick=author_nickname"]);
    assert_eq!((out.videos.len(), out.rejects.len()), (ROWS as usize, 0));
    for (number, video) in (1_u32..).zip(&out.videos) {
        assert_eq!(video.details.title.trim_end(), text(number).trim_end());
        assert_eq!(video.details.author.nickname.trim_end(), text(ROWS + 1 - number).trim_end());
    }
}
