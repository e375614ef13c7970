//! Rows, separators, quotes and what is torn.

use super::*;
use proptest::prelude::*;

/// The rows of a text with what it opens as.
fn rows(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut window = ReadBuffer::new(text.as_bytes(), ROW_BYTES_MAX);
    let opened = open(&mut window, None, |_| false).expect("a header");
    let mut splitter = opened.splitter;
    window.consume(opened.passed);
    let mut rows = Vec::new();
    while let Next::Row(extent) = splitter.next(&mut window) {
        let row = splitter.row(&window.buffered()[..extent.len]).expect("UTF-8");
        rows.push(row.iter().map(str::to_owned).collect());
        window.consume(extent.passed);
    }
    (opened.header.names().to_vec(), rows)
}

#[test]
fn a_quote_opens_a_cell_only_at_its_beginning() {
    for (line, want) in [
        ("a\t5\" rule\tb", ["a", "5\" rule", "b"]),
        ("a\t\"x\ty\"\tb", ["a", "x\ty", "b"]),
        ("a\t\"x\"\"y\"\tb", ["a", "x\"y", "b"]),
        ("a\t \"x\"\tb", ["a", " \"x\"", "b"]),
        ("a\t\"x\" y\tb", ["a", "x y", "b"]),
        ("a\t\"x\ny\"\tb", ["a", "x\ny", "b"]),
        ("\"a\"\t\t\"\"\"b\"", ["a", "", "\"b"]),
    ] {
        for end in ["\n", "\r\n", "\r"] {
            let (_, rows) = rows(&format!("one\ttwo\tthree{end}{line}{end}1\t2\t3{end}"));
            let rows: Vec<_> = rows.into_iter().filter(|row| row.len() > 1).collect();
            assert_eq!(rows, [want, ["1", "2", "3"]], "{line:?} {end:?}");
        }
    }
}

#[test]
fn the_separator_is_the_one_that_makes_most_columns() {
    for line in ["a,b,c", "a;b;c", "a\tb\tc", "a|b|c", "\"a\";\"b\";\"c\"", " a , b , c\r"] {
        assert_eq!(rows(line).0, ["a", "b", "c"], "{line:?}");
    }
    for first in ["sep=;", "SEP=;\r", "\"sep=;\""] {
        let (names, read) = rows(&format!("{first}\na,1;b\nx,y;z\n"));
        assert_eq!((names, read), (vec!["a,1".into(), "b".into()], vec![vec!["x,y".into(), "z".into()]]));
    }
    let alone = rows("caption\na, b; c\n");
    assert_eq!(alone, (vec!["caption".to_owned()], vec![vec!["a, b; c".to_owned()]]));
}

#[test]
fn junk_after_a_closing_quote_is_noticed() {
    for (raw, want) in [
        ("a,\"b\",c", false),
        ("a,\"b\"\"\",c", false),
        ("a,b\"c\",d", false),
        ("a,\"b\"c,d", true),
        ("a,\"b,d", true),
        ("a,\"b\"\n", false),
    ] {
        assert_eq!(follows_closing_quote(raw.as_bytes(), b','), want, "{raw}");
    }
}

proptest! {
    /// Rows without quotes are split on a way of their own; both ways agree, however the stream is cut.
    #[test]
    fn rows_are_those_of_the_csv_crate(text in "[ab1,;\"\n\r é]{0,60}", cut in 1_usize..9) {
        struct Cut<'a>(&'a [u8], usize);
        impl Read for Cut<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let bytes = self.1.min(self.0.len()).min(buffer.len());
                buffer[..bytes].copy_from_slice(&self.0[..bytes]);
                self.0 = &self.0[bytes..];
                Ok(bytes)
            }
        }
        let mut window = ReadBuffer::new(Cut(text.as_bytes(), cut), ROW_BYTES_MAX);
        let mut splitter = Splitter::new(b',');
        let mut ours = Vec::new();
        while let Next::Row(extent) = splitter.next(&mut window) {
            let row = splitter.row(&window.buffered()[..extent.len]).expect("UTF-8");
            let cells: Vec<_> = row.iter().map(str::to_owned).collect();
            if extent.len > 0 {
                ours.push(cells);
            }
            window.consume(extent.passed);
        }
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
        let theirs: Vec<Vec<String>> = reader
            .records()
            .map(|record| record.expect("UTF-8").iter().map(str::to_owned).collect())
            .collect();
        prop_assert_eq!(ours, theirs);
    }
}
