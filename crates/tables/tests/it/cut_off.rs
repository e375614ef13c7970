//! A writer may be dropped at any moment, and where it writes to may fail at any byte.

use crate::rows::{COLUMNS, row};
use std::io::{self, ErrorKind, Write};
use strum::VariantArray;
use tables::{Format, TableError, Value, Writer};

const ROWS: i64 = 50;

/// Takes this many bytes, then is gone like a client that hung up.
struct HangsUp {
    left: usize,
}

impl Write for HangsUp {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.left);
        self.left -= taken;
        if taken == 0 { Err(ErrorKind::BrokenPipe.into()) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn begin<W: Write + Send>(out: W, format: Format, rows: i64) -> io::Result<Writer<W>> {
    let mut writer = Writer::begin(out, format, &COLUMNS, &[("basis", "observed".to_owned())])?;
    for number in 0..rows {
        writer.row(&row("cat", number))?;
    }
    Ok(writer)
}

fn write_all<W: Write + Send>(out: W, format: Format) -> io::Result<W> {
    begin(out, format, ROWS)?.finish()
}

#[test]
fn dropping_a_writer_does_no_harm() {
    for &format in Format::VARIANTS {
        for rows in [0, 1, ROWS] {
            let mut out = Vec::new();
            drop(begin(&mut out, format, rows).expect("begun"));
            let whole = write_all(Vec::new(), format).expect("written");
            assert!(whole.starts_with(&out), "{format:?}: what went out is a beginning of the whole");
            let has_end = !matches!(format, Format::Ndjson | Format::Csv);
            assert!(out.len() < whole.len() || rows == ROWS && !has_end, "{format:?} is not whole");
        }
    }
}

#[test]
fn a_client_that_hangs_up_is_an_error_at_any_byte() {
    for &format in Format::VARIANTS {
        let whole = write_all(Vec::new(), format).expect("written").len();
        for left in (0..whole).step_by(whole / 40 + 1).chain([whole - 1]) {
            let error = write_all(HangsUp { left }, format).err().expect("cut off");
            assert_eq!(
                error.kind(),
                ErrorKind::BrokenPipe,
                "{format:?} after {left} of {whole} bytes: {error}"
            );
            assert_eq!(TableError::of(&error), None);
        }
        assert_eq!(write_all(HangsUp { left: whole }, format).expect("enough").left, 0, "{format:?}");
    }
}

#[test]
fn a_row_that_does_not_fit_leaves_nothing_behind() {
    for &format in Format::VARIANTS {
        let mut writer = Writer::begin(Vec::new(), format, &COLUMNS[2..3], &[]).expect("begun");
        writer.row(&[Value::Integer(1)]).expect("a row");
        for wrong in [vec![], vec![Value::Real(1.0)], vec![Value::Integer(1), Value::Absent]] {
            let error = writer.row(&wrong).expect_err("it does not fit");
            assert!(TableError::of(&error).is_some(), "{format:?}: {error}");
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
        }
        writer.row(&[Value::Integer(2)]).expect("a row");
        assert_eq!(writer.rows(), 2);
        let mut whole = Writer::begin(Vec::new(), format, &COLUMNS[2..3], &[]).expect("begun");
        whole.row(&[Value::Integer(1)]).expect("a row");
        whole.row(&[Value::Integer(2)]).expect("a row");
        assert_eq!(writer.finish().expect("finished"), whole.finish().expect("finished"), "{format:?}");
    }
}

#[test]
fn a_writer_goes_to_another_thread() {
    fn is_send<T: Send>(_: &T) {}
    for &format in Format::VARIANTS {
        is_send(&Writer::begin(Vec::new(), format, &COLUMNS, &[]).expect("begun"));
    }
}
