//! ZIP: each chart as PNG at twice its size, the page, and a README with the list of them.

use crate::ReportError;
use ::zip::write::SimpleFileOptions;
use ::zip::{CompressionMethod, DateTime, ZipWriter};
use charts::report::{Report, html, rasterised};
use charts::{Chart, moment_in};
use std::fmt::Write as _;
use std::io::{Cursor, Write};

/// Pixels of a picture for each of the chart.
pub const SCALE: u8 = 2;

const PAGE: &str = "report.html";
const README: &str = "README.txt";

/// Mode of the files once unpacked.
const MODE: u32 = 0o644;

/// Writes a report as a ZIP archive.
pub(crate) fn write(report: &Report) -> Result<Vec<u8>, ReportError> {
    let page = html(report)?;
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().last_modified_time(modified(report)).unix_permissions(MODE);
    let packed = options.compression_method(CompressionMethod::Deflated);
    archive.start_file(README, packed)?;
    archive.write_all(readme(report).as_bytes()).map_err(::zip::result::ZipError::from)?;
    archive.start_file(PAGE, packed)?;
    archive.write_all(page.as_bytes()).map_err(::zip::result::ZipError::from)?;
    // A PNG is packed already.
    let stored = options.compression_method(CompressionMethod::Stored);
    for (number, _, chart) in numbered(report) {
        archive.start_file(name_of(number), stored)?;
        let picture = rasterised(chart, &report.brand, SCALE)?;
        archive.write_all(&picture).map_err(::zip::result::ZipError::from)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Iterates over the charts with their numbers and the headings of their sections.
fn numbered(report: &Report) -> impl Iterator<Item = (usize, &str, &Chart)> {
    let charts = report
        .sections
        .iter()
        .flat_map(|section| section.charts.iter().map(|chart| (section.heading.as_str(), chart)));
    (1..).zip(charts).map(|(number, (heading, chart))| (number, heading, chart))
}

fn name_of(number: usize) -> String {
    format!("chart-{number:02}.png")
}

/// Returns the time of the report as an archive has it: local time without a zone, which is UTC here. Years that an
/// archive has no room for become its first.
fn modified(report: &Report) -> DateTime {
    let at = report.generated_at.to_datetime();
    let small = |number: i8| u8::try_from(number).unwrap_or_default();
    let date = at.date();
    u16::try_from(date.year())
        .ok()
        .and_then(|year| {
            let (month, day) = (small(date.month()), small(date.day()));
            DateTime::from_date_and_time(
                year,
                month,
                day,
                small(at.hour()),
                small(at.minute()),
                small(at.second()),
            )
            .ok()
        })
        .unwrap_or_default()
}

fn readme(report: &Report) -> String {
    let mut text = format!("{}\n", report.title);
    let mut say = |line: &str| {
        if !line.trim().is_empty() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{line}");
        }
    };
    say(&report.subtitle);
    if !report.brand.sender.trim().is_empty() {
        say(&format!("Prepared by {}", report.brand.sender));
    }
    say(&format!("Made on {}. All times are {}.", moment_in(&report.zone, report.generated_at), report.zone));
    say(&report.notice);
    text.push('\n');
    let _ = writeln!(text, "{PAGE}  the whole report, with sources and method");
    for (number, heading, chart) in numbered(report) {
        let title = if chart.title.is_empty() { heading } else { chart.title.as_str() };
        let subtitle =
            if chart.subtitle.is_empty() { String::new() } else { format!(" ({})", chart.subtitle) };
        let _ = writeln!(text, "{}  {title}{subtitle}", name_of(number));
    }
    let _ = writeln!(text, "\nThe pictures have {SCALE} pixels for each of the chart.\nMade with Tagmeter.");
    text
}
