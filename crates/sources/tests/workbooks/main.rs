//! Workbooks as tables: what programs write, what people do to them, and what attackers might.

mod hostile;
mod made;
mod reports;
mod sheets;

use domain::{Observation, VideoObservation};
use rawzip::{CompressionMethod, ZipArchiveWriter};
use sources::files::{self, FileError, FileReport, Item, Mapping, Options, Reject};
use std::io::{Cursor, Write};
use std::sync::Arc;

/// The result of reading a file.
#[derive(Debug, Default)]
struct Out {
    videos: Vec<VideoObservation>,
    rejects: Vec<Reject>,
    report: FileReport,
}

impl Out {
    fn ids(&self) -> Vec<u64> {
        self.videos.iter().map(|video| video.id.get()).collect()
    }

    fn plays(&self) -> Vec<Option<u64>> {
        self.videos.iter().map(|video| video.counts.plays.map(|count| count.value())).collect()
    }

    fn captions(&self) -> Vec<&str> {
        self.videos.iter().map(|video| video.details.title.as_str()).collect()
    }
}

fn try_read_with(bytes: &[u8], options: Options) -> Result<Out, FileError> {
    let mut items: Vec<Item> = Vec::new();
    let input = files::from_reader("posts.xlsx", Box::new(Cursor::new(bytes.to_vec())));
    let report = files::read(input, options, &mut items)?;
    let mut out = Out { report, ..Out::default() };
    for item in items {
        match item {
            Item::Observation(Observation::Video(video)) => out.videos.push(*video),
            Item::Observation(other) => panic!("no test here is of that: {other:?}"),
            Item::Reject(reject) => out.rejects.push(reject),
        }
    }
    Ok(out)
}

/// Reads with columns that are named: `id=video_id` and so on.
fn read_mapped(bytes: &[u8], columns: &[&str]) -> Out {
    try_read_with(bytes, mapped(columns)).expect("a table with these columns")
}

/// Columns that are named. Likes are the same in all rows, so that no row is without any.
fn mapped(columns: &[&str]) -> Options {
    let columns: Vec<_> = columns.iter().map(|text| (*text).to_owned()).collect();
    let mapping = Mapping::parse(&columns, &["likes=1".to_owned()]).expect("it makes sense");
    Options { mapping: Some(Arc::new(mapping)), ..Options::default() }
}

/// Why the file is refused.
fn refusal(bytes: &[u8], options: Options) -> String {
    try_read_with(bytes, options).expect_err("it is refused").to_string()
}

/// A zip of deflated entries.
fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in entries {
        let method = CompressionMethod::DEFLATE;
        let (mut entry, config) =
            archive.new_file(*name).compression_method(method).start().expect("to memory");
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).expect("to memory");
        let mut sums = config.wrap(std::io::sink());
        sums.write_all(bytes).expect("to nowhere");
        let (_, sums) = sums.finish().expect("to nowhere");
        entry.write_all(&encoder.finish().expect("to memory")).expect("to memory");
        entry.finish(sums).expect("to memory");
    }
    archive.finish().expect("to memory")
}

/// A workbook of which the XML is written by hand.
#[derive(Default)]
struct Book<'b> {
    /// Names, states (`visible`, `hidden`) and what stands in `sheetData`.
    sheets: Vec<(&'b str, &'b str, &'b str)>,
    /// Content of `sst`.
    strings: &'b str,
    /// Content of `styleSheet`.
    styles: &'b str,
    /// Attributes of `workbookPr`.
    properties: &'b str,
}

const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

impl Book<'_> {
    /// A workbook of one sheet.
    fn of(cells: &str) -> Vec<u8> {
        Book { sheets: vec![("Sheet1", "visible", cells)], ..Book::default() }.bytes()
    }

    fn bytes(&self) -> Vec<u8> {
        let relation = |id: &str, kind: &str, target: &str| {
            format!(r#"<Relationship Id="{id}" Type="{RELATIONS}/{kind}" Target="{target}"/>"#)
        };
        let (mut listed, mut relations) = (String::new(), String::new());
        let mut parts: Vec<(String, String)> = Vec::new();
        for (number, (name, state, cells)) in self.sheets.iter().enumerate() {
            listed +=
                &format!(r#"<sheet name="{name}" sheetId="{number}" state="{state}" r:id="rId{number}"/>"#);
            relations +=
                &relation(&format!("rId{number}"), "worksheet", &format!("worksheets/sheet{number}.xml"));
            parts.push((
                format!("xl/worksheets/sheet{number}.xml"),
                format!("<worksheet><dimension ref=\"A1\"/><sheetData>{cells}</sheetData></worksheet>"),
            ));
        }
        relations += &relation("s", "sharedStrings", "sharedStrings.xml");
        relations += &relation("t", "styles", "/xl/styles.xml");
        let properties = self.properties;
        parts.extend([
            ("[Content_Types].xml".to_owned(), "<Types/>".to_owned()),
            (
                "_rels/.rels".to_owned(),
                format!("<R>{}</R>", relation("m", "officeDocument", "xl/workbook.xml")),
            ),
            ("xl/_rels/workbook.xml.rels".to_owned(), format!("<R>{relations}</R>")),
            (
                "xl/workbook.xml".to_owned(),
                format!("<workbook><workbookPr {properties}/><sheets>{listed}</sheets></workbook>"),
            ),
            ("xl/sharedStrings.xml".to_owned(), format!("<sst uniqueCount=\"1\">{}</sst>", self.strings)),
            ("xl/styles.xml".to_owned(), format!("<styleSheet>{}</styleSheet>", self.styles)),
        ]);
        let parts: Vec<(&str, &[u8])> =
            parts.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        zip(&parts)
    }
}

/// A row of texts that stand in the cells themselves.
fn row(number: u32, cells: &[&str]) -> String {
    let cells: String =
        cells.iter().map(|text| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>")).collect();
    format!("<row r=\"{number}\">{cells}</row>")
}
