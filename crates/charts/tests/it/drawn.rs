//! The content of a chart, and its positions.

use crate::{chart, line, point, texts};
use charts::{Chart, ChartPoint, Line, Theme, svg};

/// An element a line, to be read in a snapshot.
fn lines_of(chart: &Chart) -> String {
    svg(chart).expect("a chart").replace("><", ">\n<")
}

#[test]
fn one_line_with_a_gap_and_a_band() {
    let values =
        [(0, 1_000_000.0), (24, 1_100_000.0), (48, 1_200_000.0), (120, 1_600_000.0), (144, 1_700_000.0)];
    let points = values.map(|(hours, value)| ChartPoint {
        step: 100_000.0,
        gap_before: hours == 120,
        ..point(hours, value)
    });
    insta::assert_snapshot!(lines_of(&chart(vec![Line {
        name: "booktok".to_owned(),
        points: points.to_vec()
    }])));
}

#[test]
fn several_lines_in_the_dark_from_a_hundred() {
    let lines = vec![
        line("booktok", &[200.0, 220.0, 300.0, 310.0]),
        line("bookish", &[1000.0, 900.0, 1100.0, 1510.0]),
        line("new", &[0.0, 10.0]),
    ];
    let chart = Chart { theme: Theme::Dark, index_to: Some(100.0), ..chart(lines) };
    insta::assert_snapshot!(lines_of(&chart));
}

#[test]
fn a_log_scale_leaves_zeros_out_and_says_so() {
    let chart = Chart { is_log: true, ..chart(vec![line("gain", &[10.0, 1000.0, 0.0, 100_000.0, 1e7])]) };
    let drawn = svg(&chart).expect("a chart");
    let texts = texts(&drawn, "text");
    assert!(texts.contains(&"views · log scale".to_owned()), "{texts:?}");
    for label in ["10", "1K", "100K", "10M"] {
        assert!(texts.contains(&label.to_owned()), "{label} {texts:?}");
    }
    let note = "gain: readings of 0 or below are left out, a log scale has no place for them (1).";
    assert!(texts.contains(&note.to_owned()), "{texts:?}");
    // The line is broken there, and nothing is hatched: there is a reading.
    assert!(!drawn.contains("<pattern"));
    assert_eq!(data(&drawn).matches('M').count(), 2, "{drawn}");
}

/// The path of the first line.
fn data(svg: &str) -> String {
    let document = roxmltree::Document::parse(svg).expect("XML");
    let mut paths = document.descendants().filter(|node| node.attribute("stroke-linejoin").is_some());
    paths.next_back().and_then(|node| node.attribute("d")).expect("a line").to_owned()
}

#[test]
fn a_line_that_begins_with_0_has_no_index_and_is_named() {
    let lines = vec![line("old", &[50.0, 100.0]), line("new", &[0.0, 100.0]), line("none", &[])];
    let drawn = svg(&Chart { index_to: Some(100.0), ..chart(lines) }).expect("a chart");
    let texts = texts(&drawn, "text");
    for note in ["new is not indexable: it begins with 0 or below.", "none has no readings in this time."] {
        assert!(texts.contains(&note.to_owned()), "{texts:?}");
    }
    assert!(texts.contains(&"200".to_owned()), "50 to 100 is 100 to 200: {texts:?}");
}

#[test]
fn the_time_axis_goes_from_the_first_to_the_last_reading() {
    let (early, late) = (
        line("early", &[1.0, 2.0]),
        Line { name: "late".to_owned(), points: vec![point(24, 5.0), point(240, 6.0)] },
    );
    let drawn = svg(&chart(vec![early, late])).expect("a chart");
    let document = roxmltree::Document::parse(&drawn).expect("XML");
    let mut axis =
        document.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "line")));
    let number = |node: roxmltree::Node<'_, '_>, name: &str| -> f64 {
        node.attribute(name).expect("a place").parse().expect("a number")
    };
    let level = axis.find(|node| node.attribute("y1") == node.attribute("y2")).expect("a line of the grid");
    let (left, right) = (number(level, "x1"), number(level, "x2"));
    let path = |colour: &str| {
        let of = |node: &roxmltree::Node<'_, '_>| {
            node.attribute("stroke") == Some(colour) && node.attribute("stroke-linejoin").is_some()
        };
        document.descendants().find(of).and_then(|node| node.attribute("d")).expect("a line").to_owned()
    };
    assert!(path("#195cc7").starts_with(&format!("M{left} ")), "{drawn}");
    assert!(path("#fd5b0b").contains(&format!("L{right} ")), "{drawn}");
}

#[test]
fn nothing_is_drawn_across_a_gap() {
    let mut points: Vec<ChartPoint> = (0..5000).map(|hour| point(hour, 1000.0 + (hour % 7) as f64)).collect();
    for place in [1000, 2000, 3000] {
        points.drain(place..place + 400);
        points[place].gap_before = true;
    }
    let drawn = svg(&chart(vec![Line { name: "a".to_owned(), points }])).expect("a chart");
    assert_eq!(data(&drawn).matches('M').count(), 4, "a line before, between and after three gaps");
    assert_eq!(drawn.matches("fill=\"url(").count(), 4, "three gaps and a sample");
    assert!(texts(&drawn, "desc")[0].contains("There are 3 gaps without readings."));
}

#[test]
fn many_points_are_drawn_as_few_with_the_peaks_among_them() {
    let mut points: Vec<ChartPoint> = (0..12_000).map(|hour| point(hour, 1e6 + hour as f64)).collect();
    points[6001].value = 5e6;
    let drawn = svg(&chart(vec![Line { name: "a".to_owned(), points }])).expect("a chart");
    assert!(drawn.len() < 40_000, "{} bytes", drawn.len());
    let path = data(&drawn);
    let heights: Vec<f64> = path
        .split(['M', 'L'])
        .filter_map(|place| place.split_once(' '))
        .map(|(_, y)| y.parse().expect("a number"))
        .collect();
    let highest = heights.iter().copied().fold(f64::MAX, f64::min);
    assert!(heights.iter().filter(|y| **y < highest + 50.0).count() == 1, "one peak stands out");
}

#[test]
fn the_words_say_what_the_picture_shows() {
    let drawn =
        svg(&chart(vec![line("booktok", &[1_000_000.0, 1_250_000.0, 1_100_000.0])])).expect("a chart");
    assert_eq!(texts(&drawn, "title"), ["Views of #booktok"]);
    assert_eq!(
        texts(&drawn, "desc"),
        [
            "Line chart of views from 1 Mar 2025 06:00 UTC to 3 Mar 2025 06:00 UTC. The scale begins at 1M, not at 0. \
          booktok: 3 readings, first 1M, last 1.1M, lowest 1M, highest 1.25M."
        ]
    );
    assert!(drawn.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && drawn.contains("role=\"img\""));
}

#[test]
fn names_stand_beside_the_lines_or_in_a_legend_and_never_on_each_other() {
    let lines: Vec<Line> =
        (0..6).map(|n| line(&format!("tag{n}"), &[100.0, 100.0 + f64::from(n) / 100.0])).collect();
    let wide = Chart { width: 900, height: 400, ..chart(lines.clone()) };
    let drawn = svg(&wide).expect("a chart");
    let document = roxmltree::Document::parse(&drawn).expect("XML");
    let named = document.descendants().filter(|node| node.text().is_some_and(|text| text.starts_with("tag")));
    let mut heights: Vec<f64> =
        named.filter_map(|node| node.attribute("y")).map(|y| y.parse().expect("a number")).collect();
    heights.sort_by(f64::total_cmp);
    assert_eq!(heights.len(), 6);
    assert!(heights.windows(2).all(|pair| pair[1] - pair[0] > 12.0), "{heights:?}");

    let narrow = svg(&Chart { width: 300, height: 300, ..chart(lines) }).expect("a chart");
    assert_eq!(texts(&narrow, "text").iter().filter(|text| text.starts_with("tag")).count(), 6, "a legend");
}
