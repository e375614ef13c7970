//! Benchmarks each format: rows of eight columns per second.
//!
//! `cargo run --release -p tables --example write_bench [ROWS]`
#![expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
#![expect(clippy::print_stdout, reason = "it prints its figures")]

use domain::Timestamp;
use std::io::{self, Write};
use std::time::Instant;
use strum::VariantArray;
use tables::{Column, Format, Kind, Value, Writer};

const COLUMNS: [Column; 8] = [
    Column::new("video_id", Kind::Id),
    Column::new("author_id", Kind::Id),
    Column::new("caption", Kind::Text),
    Column::new("created", Kind::Time),
    Column::new("plays", Kind::Integer),
    Column::new("likes", Kind::Integer),
    Column::new("engagement", Kind::Real),
    Column::new("is_rounded", Kind::Flag),
];

/// Counts the bytes.
struct Bytes(u64);

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Spreads numbers as a real table's would be: no two rows alike.
fn mixed(number: i64) -> i64 {
    number.wrapping_mul(6_364_136_223_846_793_005).rotate_left(29) & 0x7fff_ffff
}

fn row(number: i64) -> [Value<'static>; 8] {
    let plays = mixed(number) % 10_000_000;
    let likes = mixed(number + 1) % (plays + 1);
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let engagement = likes as f64 / (plays + 1) as f64;
    [
        Value::id(7_300_000_000_000_000_000 + (mixed(number) << 24)),
        Value::id(6_800_000_000_000_000_000 + mixed(number) % 5000),
        Value::text(format!("number {number} of a cat that does things #cat #catsoftiktok #fyp")),
        Value::Time(Timestamp::from_ms(1_700_000_000_000 + mixed(number))),
        if number % 10 == 0 { Value::Absent } else { Value::Integer(plays) },
        Value::Integer(likes),
        Value::Real(engagement),
        Value::Flag(number % 3 == 0),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn main() -> io::Result<()> {
    let rows: i64 = std::env::args().nth(1).map_or(100_000, |text| text.parse().expect("a number"));
    for &format in Format::VARIANTS {
        let start = Instant::now();
        let mut writer = Writer::begin(Bytes(0), format, &COLUMNS, &[])?;
        for number in 0..rows {
            writer.row(&row(number))?;
        }
        let Bytes(bytes) = writer.finish()?;
        let seconds = start.elapsed().as_secs_f64();
        println!(
            "{:8} {:>9.0} rows/s, {:6.1} MB, most memory so far {}",
            format.name(),
            rows as f64 / seconds,
            bytes as f64 / 1e6,
            most_memory()
        );
    }
    Ok(())
}

/// Returns the peak memory of this process, on Linux only.
fn most_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or_else(|| "unknown".to_owned(), |version_line| version_line.trim().to_owned())
}
