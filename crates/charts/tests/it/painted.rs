//! Charts as pixels.

use crate::{chart, line, point};
use charts::{Chart, ChartPoint, Line, Theme, png};
use resvg::tiny_skia::{Pixmap, PremultipliedColorU8};

type Colour = (u8, u8, u8);

const WHITE: Colour = (255, 255, 255);

fn painted(chart: &Chart) -> Pixmap {
    Pixmap::decode_png(&png(chart).expect("a chart")).expect("a PNG")
}

fn colour(pixel: PremultipliedColorU8) -> Colour {
    assert_eq!(pixel.alpha(), 255, "nothing shines through");
    (pixel.red(), pixel.green(), pixel.blue())
}

/// Returns true for the blue of the first line, or nearly: edges are lighter.
fn is_line((red, green, blue): Colour) -> bool {
    red < 140 && green < 170 && blue > 190
}

/// The columns of a part of the picture that have a pixel of some kind in the rows of the data.
fn columns_with(
    pixels: &Pixmap,
    columns: std::ops::Range<u32>,
    is_of_kind: impl Fn(Colour) -> bool,
) -> Vec<u32> {
    let has = |x: &u32| {
        (50..pixels.height() - 50).any(|y| pixels.pixel(*x, y).is_some_and(|pixel| is_of_kind(colour(pixel))))
    };
    columns.filter(has).collect()
}

/// Counts the pixels of a colour.
fn count(pixels: &Pixmap, wanted: Colour) -> usize {
    pixels.pixels().iter().filter(|pixel| colour(**pixel) == wanted).count()
}

#[test]
fn the_line_is_where_the_readings_are_and_not_in_the_gap() {
    // Readings in the first and the last third of the time.
    let hours = (0..100).chain(200..=300);
    let points =
        hours.map(|hour| ChartPoint { gap_before: hour == 200, ..point(hour, 1e6 + 1e4 * hour as f64) });
    let one =
        Chart { title: String::new(), ..chart(vec![Line { name: String::new(), points: points.collect() }]) };
    let pixels = painted(&one);
    assert_eq!((pixels.width(), pixels.height()), (640, 320));
    let (before, gap, after) = (60..220, 250..390, 430..560);
    for part in [before, after] {
        assert!(columns_with(&pixels, part.clone(), is_line).len() >= part.len() - 5);
    }
    assert!(columns_with(&pixels, gap.clone(), is_line).is_empty());
    let is_hatching = |(red, green, blue): Colour| red < 235 && red < green && green < blue;
    assert_eq!(columns_with(&pixels, gap.clone(), is_hatching).len(), gap.len());
}

#[test]
fn the_title_is_written() {
    let with = Chart { title: "MMMMMMMM".to_owned(), ..chart(vec![line("a", &[1.0, 2.0])]) };
    let without = Chart { title: "i".to_owned(), ..with.clone() };
    let dark = |chart: &Chart| {
        let pixels = painted(chart);
        let places = (0..32).flat_map(|y| (0..200).map(move |x| (x, y)));
        places.filter_map(|(x, y)| pixels.pixel(x, y)).filter(|pixel| pixel.red() < 100).count()
    };
    assert!(dark(&with) > dark(&without) + 300, "{} {}", dark(&with), dark(&without));
}

#[test]
fn the_dark_theme_is_dark() {
    let pixels = painted(&Chart { theme: Theme::Dark, ..chart(vec![line("a", &[1.0, 2.0])]) });
    assert!(count(&pixels, (0x15, 0x18, 0x1d)) > 640 * 320 / 2);
    assert_eq!(count(&pixels, WHITE), 0);
}

#[test]
fn a_reading_that_stands_alone_is_a_dot() {
    let points = (0..5).map(|day| ChartPoint { gap_before: true, ..point(day * 24, 10.0 + day as f64) });
    let line = Line { name: "a".to_owned(), points: points.collect() };
    let pixels = painted(&Chart { width: 800, height: 400, ..chart(vec![line]) });
    let columns = columns_with(&pixels, 0..800, is_line);
    let dots = columns.chunk_by(|a, b| b - a < 5).count();
    assert_eq!(dots, 5, "{columns:?}");
}
