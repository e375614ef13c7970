//! Draws series of view counts in every style into a folder, and reports the time taken.
//!
//! `cargo run --release -p charts --example draw -- FOLDER SERIES...`; a series is a file of lines of a time, a tab
//! and a count.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the monotonic clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use charts::report::{Brand, KeyFigure, Report, ReportColumn, ReportTable, Section};
use charts::{Chart, ChartPoint, Line, Theme, human, moment, png, sparkline_to, svg};
use domain::Timestamp;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Readings further apart have a gap between them.
const GAP_MS: i64 = 36 * 3_600_000;

/// Repetitions of each timed drawing.
const ROUNDS: u32 = 10;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("a folder to draw into, then series")?;
    let lines = arguments.map(|path| line(&path)).collect::<Outcome<Vec<Line>>>()?;
    fs::create_dir_all(&folder)?;
    for line in &lines {
        let values: Vec<Option<f64>> = line.points.iter().map(|point| Some(point.value)).collect();
        println!("{:>28} {:>6} {}", line.name, line.points.len(), sparkline_to(&values, 60));
        let one = Chart { title: format!("#{}", line.name), ..chart(vec![line.clone()]) };
        draw(&folder, &line.name, &one)?;
        draw(
            &folder,
            &format!("{}-log-dark", line.name),
            &Chart { is_log: true, theme: Theme::Dark, ..one },
        )?;
    }
    let all = Chart { title: "Side by side".to_owned(), ..chart(lines.into_iter().take(20).collect()) };
    draw(&folder, "all", &all)?;
    draw(&folder, "all-dark", &Chart { theme: Theme::Dark, ..all.clone() })?;
    draw(&folder, "all-index-log", &Chart { index_to: Some(100.0), is_log: true, ..all.clone() })?;
    for (width, height) in [
        (100, 100),
        (200, 100),
        (300, 150),
        (400, 300),
        (480, 240),
        (1600, 900),
        (300, 1000),
        (2000, 300),
        (4000, 4000),
    ] {
        let sized = Chart { width, height, ..all.clone() };
        draw(&folder, &format!("all-{width}x{height}"), &sized)?;
        let sized =
            Chart { lines: all.lines.iter().take(1).cloned().collect(), title: String::new(), ..sized };
        draw(&folder, &format!("one-{width}x{height}"), &sized)?;
    }
    let page = charts::report::html(&report(&all))?;
    println!("{:>40} {:>7} bytes", "report", page.len());
    fs::write(folder.join("report.html"), page)?;
    Ok(())
}

/// A page with a section for each line.
fn report(all: &Chart) -> Report {
    let sections = all.lines.iter().map(|line| {
        let last = line.points.last().map_or(0.0, |point| point.value);
        let column = |name: &str, is_number| ReportColumn { name: name.to_owned(), is_number };
        let row = |point: &ChartPoint| vec![moment(point.at), point.value.to_string(), human(point.step)];
        Section {
            heading: format!("#{}", line.name),
            intro: "What was read.".to_owned(),
            figures: vec![
                KeyFigure {
                    label: "Views".to_owned(),
                    value: human(last),
                    note: "newest reading".to_owned(),
                    ..KeyFigure::default()
                },
                KeyFigure {
                    label: "Readings".to_owned(),
                    value: line.points.len().to_string(),
                    ..KeyFigure::default()
                },
            ],
            charts: vec![Chart {
                lines: vec![line.clone()],
                title: format!("Views of #{}", line.name),
                ..all.clone()
            }],
            tables: vec![ReportTable {
                caption: "The last readings".to_owned(),
                columns: vec![column("Read at", false), column("Views", true), column("Rounded to", true)],
                rows: line.points.iter().rev().take(12).map(row).collect(),
                ..ReportTable::default()
            }],
            notes: vec!["Views are what the source reports, rounded as it rounds.".to_owned()],
            ..Section::default()
        }
    });
    let together =
        Section { heading: "Side by side".to_owned(), charts: vec![all.clone()], ..Section::default() };
    Report {
        title: "Hashtags in comparison".to_owned(),
        subtitle: "Views over time".to_owned(),
        generated_at: Timestamp::from_ms(1_780_000_000_000),
        zone: domain::Zone::UTC,
        brand: Brand::default(),
        notice: String::new(),
        sections: std::iter::once(together).chain(sections).collect(),
        method: vec![(
            "Rounding".to_owned(),
            "The true number is within half a step of what is shown.".to_owned(),
        )],
    }
}

fn chart(lines: Vec<Line>) -> Chart {
    Chart {
        title: String::new(),
        subtitle: "Views as reported, all readings".to_owned(),
        unit: "views".to_owned(),
        lines,
        width: 800,
        height: 400,
        theme: Theme::Light,
        is_log: false,
        index_to: None,
        marks: Vec::new(),
        zone: domain::Zone::UTC,
    }
}

fn line(path: &Path) -> Outcome<Line> {
    let name = path.file_stem().ok_or("a file")?.to_string_lossy().into_owned();
    let mut points: Vec<ChartPoint> = Vec::new();
    for row in fs::read_to_string(path)?.lines() {
        let (at, count) = row.split_once('\t').ok_or("a time, a tab and a count")?;
        let at = Timestamp::parse(at).ok_or("a time")?;
        let count: u64 = count.trim().parse()?;
        #[expect(clippy::cast_precision_loss, reason = "counts of views are below 2^53")]
        let (value, step) = (count as f64, domain::count::display_step(count) as f64);
        let gap_before = points.last().is_some_and(|last| at.as_ms() - last.at.as_ms() > GAP_MS);
        points.push(ChartPoint { at, value, step, gap_before });
    }
    Ok(Line { name, points })
}

fn draw(folder: &Path, name: &str, chart: &Chart) -> Outcome<()> {
    let (drawn, svg_ms) = timed(|| svg(chart));
    let (painted, png_ms) = timed(|| png(chart));
    let (drawn, painted) = (drawn?, painted?);
    println!(
        "{name:>40} svg {svg_ms:7.2} ms {:>7} bytes, png {png_ms:7.2} ms {:>7} bytes",
        drawn.len(),
        painted.len()
    );
    fs::write(folder.join(format!("{name}.svg")), drawn)?;
    fs::write(folder.join(format!("{name}.png")), painted)?;
    Ok(())
}

/// Returns the drawing and the shortest time it took.
fn timed<T>(draw: impl Fn() -> T) -> (T, f64) {
    let mut best = (draw(), f64::INFINITY);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let drawn = draw();
        let ms = started.elapsed().as_secs_f64() * 1000.0;
        if ms < best.1 {
            best = (drawn, ms);
        }
    }
    best
}
