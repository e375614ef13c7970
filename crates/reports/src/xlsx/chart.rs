//! A chart of the report as numbers and as a native chart beside them, which can be restyled and copied.
//!
//! Gaps are rows without values, so that no line is drawn across. Lines that share their times are one table and a line
//! chart; others have a column of times each, in a scatter chart with lines.

use crate::ReportError;
use crate::xlsx::cells::{self, Formats};
use crate::xlsx::{HEADER_ROW, begin};
use charts::report::Brand;
use charts::{ChartPoint, Line};
use domain::{Timestamp, UtcDay, Zone};
use rust_xlsxwriter::{
    Chart, ChartEmptyCells, ChartFormat, ChartLegendPosition, ChartLine, ChartMarker, ChartType, Worksheet,
};

/// Excel's day number of 1970-01-01.
const DAY_1970: f64 = 25_569.0;
const DAY_MS: f64 = 86_400_000.0;

/// Size of the chart, in pixels.
const SIZE: (u32, u32) = (960, 480);

/// Width of a line, in points.
const LINE_WIDTH: f64 = 1.75;

/// Column widths, in characters.
const TIME_WIDTH: f64 = 18.0;
const VALUE_WIDTH: f64 = 20.0;

/// A row of a line: a reading, or the gap before one.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spot {
    /// The local date and time, as if it was UTC.
    at: Timestamp,
    value: Option<f64>,
    step: f64,
}

/// Columns and rows of a line on the sheet.
struct Drawn {
    times: u16,
    values: u16,
    last_row: u32,
}

pub(crate) fn write(
    sheet: &mut Worksheet,
    name: &str,
    chart: &charts::Chart,
    brand: &Brand,
    formats: &Formats,
) -> Result<(), ReportError> {
    let lines: Vec<(&str, Vec<Spot>)> = chart
        .lines
        .iter()
        .map(|line| (line.name.as_str(), spots(line, chart.index_to, &chart.zone)))
        .collect();
    let lines: Vec<(&str, Vec<Spot>)> = lines.into_iter().filter(|(_, spots)| !spots.is_empty()).collect();
    begin(sheet, &chart.title, &chart.subtitle, formats)?;
    let is_shared = is_shared(&lines);
    let mut drawn = Vec::new();
    let mut column = 0;
    for (place, (line, spots)) in lines.iter().enumerate() {
        let times = if is_shared && place > 0 {
            0
        } else {
            write_times(sheet, column, spots, (&chart.zone, formats))?
        };
        if !is_shared || place == 0 {
            column += 1;
        }
        let last_row = write_values(sheet, column, line, spots, formats)?;
        drawn.push(Drawn { times, values: column, last_row });
        column += 1;
        if spots.iter().any(|spot| spot.step > 0.0) {
            write_steps(sheet, column, line, spots, formats)?;
            column += 1;
        }
    }
    sheet.set_freeze_panes(HEADER_ROW + 1, 0)?;
    let native = native(name, chart, brand, &drawn, is_shared);
    sheet.insert_chart(HEADER_ROW, column + 1, &native)?;
    Ok(())
}

/// Returns the readings of a line as they are drawn: indexed, at local times, with a row for each gap.
fn spots(line: &Line, index_to: Option<f64>, zone: &Zone) -> Vec<Spot> {
    let local = |at_ms| Timestamp::of_datetime(zone.datetime(Timestamp::from_ms(at_ms)));
    let factor = match (index_to, line.points.first()) {
        (Some(index), Some(first)) if first.value > 0.0 => index / first.value,
        (Some(_), _) => return Vec::new(),
        (None, _) => 1.0,
    };
    let mut spots = Vec::with_capacity(line.points.len());
    let mut before: Option<&ChartPoint> = None;
    for point in &line.points {
        if let Some(before) = before.filter(|_| point.gap_before) {
            let middle = before.at.as_ms() + (point.at.as_ms() - before.at.as_ms()) / 2;
            spots.push(Spot { at: local(middle), value: None, step: 0.0 });
        }
        let (value, step) = (Some(point.value * factor), point.step * factor);
        spots.push(Spot { at: local(point.at.as_ms()), value, step });
        before = Some(point);
    }
    spots
}

/// Returns true if all lines have the same times, at most one a day: a line chart has one column of them and counts days.
fn is_shared(lines: &[(&str, Vec<Spot>)]) -> bool {
    let times = |spots: &[Spot]| spots.iter().map(|spot| spot.at).collect::<Vec<Timestamp>>();
    let Some((_, first)) = lines.first() else { return true };
    let first = times(first);
    let is_daily = first.windows(2).all(|pair| UtcDay::of(pair[0]) < UtcDay::of(pair[1]));
    is_daily && lines.iter().all(|(_, spots)| times(spots) == first)
}

fn write_times(
    sheet: &mut Worksheet,
    column: u16,
    spots: &[Spot],
    (zone, formats): (&Zone, &Formats),
) -> Result<u16, ReportError> {
    cells::text(sheet, (HEADER_ROW, column), &format!("Time ({zone})"), &formats.header)?;
    sheet.set_column_width(column, TIME_WIDTH)?;
    for (spot, row) in spots.iter().zip(HEADER_ROW + 1..) {
        #[expect(clippy::cast_precision_loss, reason = "exact to less than a millisecond")]
        let serial = DAY_1970 + spot.at.as_ms() as f64 / DAY_MS;
        sheet.write_number_with_format(row, column, serial, &formats.time)?;
    }
    Ok(column)
}

/// Writes the values of a line, and returns the last row.
fn write_values(
    sheet: &mut Worksheet,
    column: u16,
    name: &str,
    spots: &[Spot],
    formats: &Formats,
) -> Result<u32, ReportError> {
    cells::text(sheet, (HEADER_ROW, column), name, &formats.number_header)?;
    sheet.set_column_width(column, VALUE_WIDTH)?;
    let mut last = HEADER_ROW;
    for (spot, row) in spots.iter().zip(HEADER_ROW + 1..) {
        if let Some(value) = spot.value {
            let format = if value.fract() == 0.0 { &formats.value } else { &formats.real };
            sheet.write_number_with_format(row, column, value, format)?;
        }
        last = row;
    }
    Ok(last)
}

fn write_steps(
    sheet: &mut Worksheet,
    column: u16,
    name: &str,
    spots: &[Spot],
    formats: &Formats,
) -> Result<(), ReportError> {
    cells::text(sheet, (HEADER_ROW, column), &format!("{name}, rounded to"), &formats.number_header)?;
    sheet.set_column_width(column, VALUE_WIDTH)?;
    for (spot, row) in spots.iter().zip(HEADER_ROW + 1..).filter(|(spot, _)| spot.value.is_some()) {
        sheet.write_number_with_format(row, column, spot.step, &formats.value)?;
    }
    Ok(())
}

fn native(name: &str, chart: &charts::Chart, brand: &Brand, drawn: &[Drawn], is_shared: bool) -> Chart {
    let kind = if is_shared { ChartType::Line } else { ChartType::ScatterStraight };
    let mut native = Chart::new(kind);
    for (place, line) in drawn.iter().enumerate() {
        let mut look = ChartLine::new();
        look.set_width(LINE_WIDTH);
        if let Some(accent) = brand.accent.filter(|_| place == 0) {
            look.set_color(cells::color(accent.colour()));
        }
        let first = HEADER_ROW + 1;
        native
            .add_series()
            .set_name((name, HEADER_ROW, line.values))
            .set_categories((name, first, line.times, line.last_row, line.times))
            .set_values((name, first, line.values, line.last_row, line.values))
            .set_marker(ChartMarker::new().set_none())
            .set_format(ChartFormat::new().set_line(&look));
    }
    if chart.title.is_empty() {
        native.title().set_hidden();
    } else {
        native.title().set_name(chart.title.as_str());
    }
    native.x_axis().set_num_format("yyyy-mm-dd").set_date_axis(is_shared);
    native.y_axis().set_num_format("General");
    if !chart.unit.is_empty() {
        native.y_axis().set_name(chart.unit.as_str());
    }
    if chart.is_log {
        native.y_axis().set_log_base(10);
    }
    if drawn.len() > 1 {
        native.legend().set_position(ChartLegendPosition::Bottom);
    } else {
        native.legend().set_hidden();
    }
    native.show_empty_cells_as(ChartEmptyCells::Gaps);
    native.set_width(SIZE.0).set_height(SIZE.1);
    native.set_alt_text(chart.subtitle.chars().take(ALT_MAX).collect::<String>());
    native
}

/// Most characters of a description that Excel takes.
const ALT_MAX: usize = 250;

#[cfg(test)]
mod tests {
    use super::*;

    fn point(hours: i64, value: f64, gap_before: bool) -> ChartPoint {
        ChartPoint { at: Timestamp::from_ms(hours * 3_600_000), value, step: 0.0, gap_before }
    }

    #[test]
    fn a_gap_is_a_row_without_a_value() {
        let points = vec![point(0, 2.0, false), point(24, 4.0, false), point(72, 6.0, true)];
        let line = Line { name: "a".to_owned(), points };
        let values: Vec<Option<f64>> =
            spots(&line, Some(100.0), &Zone::UTC).iter().map(|spot| spot.value).collect();
        assert_eq!(values, [Some(100.0), Some(200.0), None, Some(300.0)]);
        let zero = Line { points: vec![point(0, 0.0, false)], ..line };
        assert!(spots(&zero, Some(100.0), &Zone::UTC).is_empty(), "it cannot be indexed");
    }

    #[test]
    fn a_line_chart_has_one_reading_a_day_of_each_line() {
        let spots = |hours: &[i64]| -> Vec<Spot> {
            hours
                .iter()
                .map(|at| Spot { at: Timestamp::from_ms(at * 3_600_000), value: None, step: 0.0 })
                .collect()
        };
        assert!(is_shared(&[("a", spots(&[1, 25])), ("b", spots(&[1, 25]))]));
        assert!(!is_shared(&[("a", spots(&[1, 25])), ("b", spots(&[1, 26]))]));
        assert!(!is_shared(&[("a", spots(&[1, 2]))]), "two on one day");
    }
}
