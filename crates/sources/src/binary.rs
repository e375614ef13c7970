//! Known but unsupported files: databases, images, formats of other programs. Detected by their first bytes, and named
//! with advice.

use std::fmt;

/// A kind of file that is not supported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kind {
    what: &'static str,
    advice: &'static str,
    /// True for images, audio and video, which tools store beside their records.
    pub(crate) is_media: bool,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, which is not read", self.what)?;
        if !self.advice.is_empty() {
            write!(f, "; {}", self.advice)?;
        }
        Ok(())
    }
}

const fn kind(what: &'static str, advice: &'static str) -> Kind {
    Kind { what, advice, is_media: false }
}

const fn media(what: &'static str) -> Kind {
    Kind { what, advice: "", is_media: true }
}

const TO_PARQUET: &str = "read it in Python with pandas and write it with to_parquet or to_csv";
const FROM_R: &str = "open it in R and write the table with write.csv or arrow::write_parquet";
const UNPACK: &str = "unpack it first";

/// Magic numbers: offset, first bytes, kind. The first match wins.
const MAGICS: &[(usize, &[u8], Kind)] = &[
    (
        0,
        b"SQLite format 3\0",
        kind(
            "an SQLite database",
            "export a table as CSV: sqlite3 -header -csv FILE 'SELECT * FROM table' > table.csv",
        ),
    ),
    (8, b"DUCK", kind("a DuckDB database", "export a table: duckdb FILE \"COPY table TO 'table.parquet'\"")),
    (
        0,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        kind(
            "a workbook with a password, or a file of Office before 2007 (.xls, .doc)",
            "save it without a password, as .xlsx or as CSV",
        ),
    ),
    (0, b"%PDF-", kind("a PDF", "ask for the data that it was made from")),
    (
        0,
        b"{\\rtf",
        kind("a text document (RTF)", "copy its table into a spreadsheet and save that as .xlsx or as CSV"),
    ),
    (
        0,
        b"ARROW1",
        kind(
            "an Arrow or Feather file",
            "read it in Python with pandas.read_feather and write it with to_parquet",
        ),
    ),
    (
        0,
        b"FEA1",
        kind("a Feather file", "read it in Python with pandas.read_feather and write it with to_parquet"),
    ),
    (0, b"Obj\x01", kind("an Avro file", "convert it to JSON: avro-tools tojson FILE > records.ndjson")),
    (0, b"ORC", kind("an ORC file", TO_PARQUET)),
    (0, b"\x89HDF\r\n\x1a\n", kind("an HDF5 file", TO_PARQUET)),
    (0, b"\x93NUMPY", kind("an array of NumPy", TO_PARQUET)),
    (0, b"MATLAB 5.0", kind("a file of MATLAB", "write the table with writetable")),
    (0, b"$FL2@(#)", kind("a file of SPSS", "save it as CSV")),
    (0, b"<stata_dta>", kind("a file of Stata", "write it with export delimited")),
    (0, b"RDX2\n", kind("a workspace of R (.RData)", FROM_R)),
    (0, b"RDX3\n", kind("a workspace of R (.RData)", FROM_R)),
    (0, b"RDA2\n", kind("a workspace of R (.RData)", FROM_R)),
    (0, b"RDA3\n", kind("a workspace of R (.RData)", FROM_R)),
    (0, b"X\n\0\0\0\x02", kind("an object of R (.rds)", FROM_R)),
    (0, b"X\n\0\0\0\x03", kind("an object of R (.rds)", FROM_R)),
    (0, b"A\n2\n", kind("an object of R (.rds)", FROM_R)),
    (0, b"A\n3\n", kind("an object of R (.rds)", FROM_R)),
    (0, b"\x80\x02", kind("a pickle of Python", TO_PARQUET)),
    (0, b"\x80\x03", kind("a pickle of Python", TO_PARQUET)),
    (0, b"\x80\x04", kind("a pickle of Python", TO_PARQUET)),
    (0, b"\x80\x05", kind("a pickle of Python", TO_PARQUET)),
    (0, b"\xac\xed\0\x05", kind("a serialized object of Java", "export the records as JSON")),
    (0, b"bplist00", kind("a binary property list of Apple", "convert it: plutil -convert json FILE")),
    (
        0,
        b"\x6d\xe2\x99\x81",
        kind("an archive of mongodump", "export the collection as JSON with mongoexport"),
    ),
    (
        0,
        b"PGDMP",
        kind(
            "a dump of PostgreSQL",
            "export the table as CSV: psql -c '\\copy table TO table.csv CSV HEADER'",
        ),
    ),
    (
        0,
        b"version https://git-lfs.github.com/spec/",
        kind("a pointer of Git LFS that stands for the file", "fetch the file itself: git lfs pull"),
    ),
    (0, b"7z\xbc\xaf\x27\x1c", kind("a 7z archive", UNPACK)),
    (0, b"Rar!\x1a\x07", kind("a RAR archive", UNPACK)),
    (0, b"\xfd7zXZ\0", kind("a file packed by xz", UNPACK)),
    (0, b"BZh11AY&SY", kind("a file packed by bzip2", UNPACK)),
    (0, b"\x04\x22\x4d\x18", kind("a file packed by lz4", UNPACK)),
    (0, b"\xff\x06\0\0sNaPpY", kind("a file packed by Snappy", UNPACK)),
    (0, b"LZIP", kind("a file packed by lzip", UNPACK)),
    (0, b"\x1f\x9d", kind("a file packed by compress", UNPACK)),
    (0, b"MSCF\0\0\0\0", kind("a CAB archive", UNPACK)),
    (0, b"\x89PNG\r\n\x1a\n", media("a picture (PNG)")),
    (0, b"\xff\xd8\xff", media("a picture (JPEG)")),
    (0, b"GIF87a", media("a picture (GIF)")),
    (0, b"GIF89a", media("a picture (GIF)")),
    (8, b"WEBP", media("a picture (WebP)")),
    (0, b"II*\0", media("a picture (TIFF)")),
    (0, b"MM\0*", media("a picture (TIFF)")),
    (0, b"\0\0\x01\0", media("a picture (ICO)")),
    (4, b"ftypheic", media("a picture (HEIC)")),
    (4, b"ftypmif1", media("a picture (HEIF)")),
    (4, b"ftypavif", media("a picture (AVIF)")),
    (4, b"ftypM4A", media("a sound file (M4A)")),
    (4, b"ftyp", media("a video (MP4)")),
    (4, b"moov", media("a video (QuickTime)")),
    (0, b"\x1aE\xdf\xa3", media("a video (WebM or Matroska)")),
    (0, b"FLV\x01", media("a video (FLV)")),
    (8, b"AVI ", media("a video (AVI)")),
    (8, b"WAVE", media("a sound file (WAV)")),
    (0, b"OggS", media("a sound file (Ogg)")),
    (0, b"fLaC", media("a sound file (FLAC)")),
    (0, b"ID3", media("a sound file (MP3)")),
    (0, b"\xff\xfb", media("a sound file (MP3)")),
    (0, b"\xff\xf3", media("a sound file (MP3)")),
    (0, b"\xff\xf1", media("a sound file (AAC)")),
];

/// Magic numbers inside a container that many kinds share; the container's own magic must match too.
const RIFF: [&[u8]; 3] = [b"WEBP", b"AVI ", b"WAVE"];

/// Magic numbers that texts may begin with as well: a NUL must follow.
const SHORT: [&[u8]; 3] = [b"ORC", b"ID3", b"LZIP"];

/// Returns the kind of a file with this beginning, if it is known but unsupported.
pub(crate) fn kind_of(head: &[u8]) -> Option<Kind> {
    let fits = |at: usize, magic: &[u8]| {
        let is_there = head.get(at..).is_some_and(|rest| rest.starts_with(magic));
        is_there
            && (!RIFF.contains(&magic) || head.starts_with(b"RIFF"))
            && (!SHORT.contains(&magic) || head.iter().any(|byte| *byte < b'\t'))
            // An MP4 begins with the length of its first box.
            && (at != 4 || head.starts_with(b"\0"))
    };
    let known = MAGICS.iter().find(|(at, magic, _)| fits(*at, magic)).map(|(_, _, kind)| *kind);
    // The fourth byte is the bzip2 level, 1 to 9.
    let is_bzip2 =
        || head.starts_with(b"BZh") && head.get(4..10) == Some(b"1AY&SY") && head[3].is_ascii_digit();
    known.or_else(|| is_bzip2().then_some(kind("a file packed by bzip2", UNPACK)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_named_by_their_first_bytes() {
        for (head, want) in [
            (&b"SQLite format 3\0\x10\0"[..], "an SQLite database"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a picture (PNG)"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "a picture (JPEG)"),
            (b"RIFF\x24\0\0\0WEBPVP8 ", "a picture (WebP)"),
            (b"RIFF\x24\0\0\0WAVEfmt ", "a sound file (WAV)"),
            (b"\0\0\0\x20ftypisom\0\0\x02\0", "a video (MP4)"),
            (b"\x1aE\xdf\xa3\x01\0\0\0", "a video (WebM or Matroska)"),
            (b"ID3\x04\0\0\0\0\x01", "a sound file (MP3)"),
            (b"%PDF-1.7\n", "a PDF"),
            (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "a workbook with a password"),
            (b"ARROW1\0\0", "an Arrow or Feather file"),
            (b"Obj\x01\x04\x14avro.codec", "an Avro file"),
            (b"ORC\x08\x03\x10", "an ORC file"),
            (b"\x89HDF\r\n\x1a\n\0", "an HDF5 file"),
            (b"RDX3\nX\n\0\0\0\x03", "a workspace of R"),
            (b"X\n\0\0\0\x03\0\x04", "an object of R"),
            (b"\x80\x04\x95\x10\0", "a pickle of Python"),
            (b"7z\xbc\xaf\x27\x1c\0\x04", "a 7z archive"),
            (b"Rar!\x1a\x07\x01\0", "a RAR archive"),
            (b"\xfd7zXZ\0\0\x04", "a file packed by xz"),
            (b"BZh91AY&SY\x10", "a file packed by bzip2"),
            (b"\xff\x0f\0\0\0\0\0\0DUCK\x40", "a DuckDB database"),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "a pointer of Git LFS"),
            (b"{\\rtf1\\ansi", "a text document (RTF)"),
        ] {
            let shown = kind_of(head).map(|kind| kind.to_string()).unwrap_or_default();
            assert!(shown.starts_with(want) && shown.contains("which is not read"), "{head:?}: {shown}");
        }
    }

    #[test]
    fn texts_and_what_is_read_are_not_among_them() {
        for head in [
            &b"id,views\n1,2"[..],
            b"{\"id\":1}",
            b"ORCHID,views",
            b"ID3,views",
            b"GIF,views",
            b"A\nB\n",
            b"X\nY\n",
            b"LZIP,1",
            b"12345678WEBP",
            b"abcdftyp,views",
            b"PAR1\x15\x04",
            b"PK\x03\x04",
            b"",
            "café,views".as_bytes(),
            b"\xff\xfei\0d\0",
        ] {
            assert_eq!(kind_of(head), None, "{head:?}");
        }
    }

    #[test]
    fn media_are_distinguished_from_data() {
        let is_media = |head: &[u8]| kind_of(head).is_some_and(|kind| kind.is_media);
        assert!(is_media(b"GIF89a") && !is_media(b"%PDF-1.4"));
    }
}
