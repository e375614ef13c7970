//! Zip archives that are one document: workbooks, and unsupported ones, which are named. Detected by their entries,
//! never by the file name.

use super::Archive;
use rawzip::{CompressionMethod, ZipArchiveEntryWayfinder};
use std::io::Read;

/// The document that an archive is.
pub(crate) enum Package {
    /// An XLSX or XLSM workbook.
    Workbook,
    /// Another document: its name and advice.
    Other(&'static str),
}

const BINARY_WORKBOOK: &str = "a binary workbook (XLSB), which is not read; save it as .xlsx or as CSV";
const OPEN_SHEET: &str =
    "a spreadsheet in OpenDocument format (ODS), which is not read; save it as .xlsx or as CSV";
const OPEN_OTHER: &str = "a document in OpenDocument format, which holds no table that is read; copy its table into a spreadsheet and save that as .xlsx or as CSV";
const WORD: &str = "a Word document, which holds no table that is read; copy its table into a spreadsheet and save that as .xlsx or as CSV";
const SLIDES: &str = "a PowerPoint presentation, which holds no table that is read; copy its table into a spreadsheet and save that as .xlsx or as CSV";
const NUMBERS: &str =
    "a document of Apple's Numbers, Pages or Keynote, which is not read; export it as Excel or as CSV";
const BOOK: &str = "an e-book (EPUB), which holds no data that is read";
const PROGRAM: &str = "a program (JAR or APK), which holds no data that is read";
const ARRAYS: &str = "arrays of NumPy (NPZ), which are not read; write a table instead, for instance with pandas.DataFrame(...).to_parquet";

/// Entries that identify a kind, in lower case, with the kind.
const MARKS: [(&str, &str); 6] = [
    ("xl/workbook.bin", BINARY_WORKBOOK),
    ("word/document.xml", WORD),
    ("ppt/presentation.xml", SLIDES),
    ("index/document.iwa", NUMBERS),
    ("meta-inf/container.xml", BOOK),
    ("androidmanifest.xml", PROGRAM),
];

/// Detects the document that an archive is, if any. An unreadable index yields none.
pub(super) fn kind_of(archive: &Archive, buffer: &mut [u8]) -> Option<Package> {
    let (mut has_types, mut has_workbook, mut has_content) = (false, false, false);
    let (mut marked, mut mimetype) = (None, None);
    let (mut entries, mut arrays, mut has_manifest, mut has_classes) = (0_u64, 0_u64, false, false);
    let mut records = archive.entries(buffer);
    while let Ok(Some(record)) = records.next_entry() {
        let name =
            String::from_utf8_lossy(record.file_path().as_bytes()).to_ascii_lowercase().replace('\\', "/");
        let name = name.trim_start_matches('/');
        entries += 1;
        has_types |= name == "[content_types].xml";
        has_workbook |= name == "workbook.xml" || name.ends_with("/workbook.xml");
        has_content |= name == "content.xml";
        has_manifest |= name == "meta-inf/manifest.mf";
        has_classes |= name.ends_with(".class");
        arrays += u64::from(name.ends_with(".npy"));
        if name == "mimetype" && record.compression_method() == CompressionMethod::STORE {
            mimetype = Some(record.wayfinder());
        }
        marked = marked.or(MARKS.iter().find(|(mark, _)| *mark == name).map(|(_, kind)| *kind));
    }
    if has_types && has_workbook {
        return Some(Package::Workbook);
    }
    if let (true, Some(place)) = (has_content, mimetype) {
        let is_sheet = text_of(archive, place).contains("spreadsheet");
        return Some(Package::Other(if is_sheet { OPEN_SHEET } else { OPEN_OTHER }));
    }
    if has_manifest && has_classes {
        return Some(Package::Other(PROGRAM));
    }
    if entries > 0 && arrays == entries {
        return Some(Package::Other(ARRAYS));
    }
    marked.map(Package::Other)
}

/// Reads the beginning of an uncompressed entry.
fn text_of(archive: &Archive, place: ZipArchiveEntryWayfinder) -> String {
    const BYTES: u64 = 100;
    let mut text = Vec::new();
    let entry = archive.get_entry(place);
    let read = entry.map(|entry| entry.reader().take(BYTES).read_to_end(&mut text));
    if read.is_ok() { String::from_utf8_lossy(&text).into_owned() } else { String::new() }
}
