//! Colours and fonts: those of a theme, or the variables of a page that has both themes.

use crate::Theme;
use crate::report::{Accent, Colour};
use std::borrow::Cow;

/// The colours of one theme.
#[derive(Debug)]
pub(crate) struct Colours {
    /// Background.
    pub(crate) surface: &'static str,
    /// Headings, names, values.
    pub(crate) ink: &'static str,
    /// Secondary text: axis labels, notes.
    pub(crate) muted: &'static str,
    /// Lines behind the data.
    pub(crate) grid: &'static str,
    /// The axis, and the hatching of gaps.
    pub(crate) axis: &'static str,
    /// Line colours in order. Distinguishable with each kind of colour blindness, which a test checks.
    pub(crate) lines: [&'static str; LINE_COLOURS],
}

/// Number of distinct line colours. Further lines repeat them with another dash.
pub(crate) const LINE_COLOURS: usize = 5;

const LIGHT: Colours = Colours {
    surface: "#ffffff",
    ink: "#1b1f24",
    muted: "#59636e",
    grid: "#e6e9ed",
    axis: "#9aa4af",
    lines: ["#195cc7", "#fd5b0b", "#5d2869", "#a486d7", "#9e2e21"],
};

const DARK: Colours = Colours {
    surface: "#15181d",
    ink: "#eef1f4",
    muted: "#9ea8b3",
    grid: "#2a2f37",
    axis: "#68727e",
    lines: ["#63adf6", "#fa8054", "#56f3ea", "#e0e111", "#a1628d"],
};

/// Dash and gap lengths, in stroke widths, for the first five lines, the next five and so on.
pub(crate) const DASHES: [&[f64]; 4] = [&[], &[3.0, 2.4], &[0.1, 2.0], &[5.0, 2.2, 0.1, 2.2]];

/// Distance in RGB below which two line colours are confused.
const NEAR: f64 = 90.0;

/// Font stack; every system has one of these.
pub(crate) const FONTS: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Ubuntu, 'Helvetica Neue', Arial, sans-serif";

/// Colour scheme of a picture.
#[derive(Debug)]
pub(crate) struct Paint {
    pub(crate) surface: Cow<'static, str>,
    pub(crate) ink: Cow<'static, str>,
    pub(crate) muted: Cow<'static, str>,
    pub(crate) grid: Cow<'static, str>,
    pub(crate) axis: Cow<'static, str>,
    pub(crate) lines: [Cow<'static, str>; LINE_COLOURS],
    pub(crate) fonts: &'static str,
    /// Prefix of ids in the picture, so that several pictures can be on one page.
    pub(crate) id: String,
    /// True for a picture in its own file, false for part of a page.
    pub(crate) is_file: bool,
}

impl Theme {
    pub(crate) const fn colours(self) -> &'static Colours {
        match self {
            Self::Light => &LIGHT,
            Self::Dark => &DARK,
        }
    }
}

impl Colours {
    /// Returns these colours as the variables that [`Paint::of_page`] refers to.
    pub(crate) fn variables(&self, accent: Option<&Accent>) -> String {
        let Self { surface, ink, muted, grid, axis, lines } = self;
        let lines = accented(lines.map(Cow::Borrowed), accent);
        let mut text =
            format!("--surface:{surface};--ink:{ink};--muted:{muted};--grid:{grid};--axis:{axis};");
        for (number, colour) in (1..).zip(&lines) {
            text.push_str(&format!("--line{number}:{colour};"));
        }
        text
    }
}

impl Paint {
    /// Returns the colours of a theme, for a picture in its own file.
    pub(crate) fn of(theme: Theme) -> Self {
        let Colours { surface, ink, muted, grid, axis, lines } = *theme.colours();
        let [surface, ink, muted, grid, axis] = [surface, ink, muted, grid, axis].map(Cow::Borrowed);
        let lines = lines.map(Cow::Borrowed);
        Self { surface, ink, muted, grid, axis, lines, fonts: FONTS, id: "c".to_owned(), is_file: true }
    }

    /// Sets the fonts, for a picture rasterised here.
    pub(crate) fn with_font(self, fonts: &'static str) -> Self {
        Self { fonts, ..self }
    }

    /// Sets the colour of the first line.
    pub(crate) fn accented(self, accent: Option<&Accent>) -> Self {
        Self { lines: accented(self.lines, accent), ..self }
    }

    /// Returns references to the page's variables, for the picture of this number.
    pub(crate) fn of_page(number: usize) -> Self {
        let variable = |name: &str| Cow::Owned(format!("var(--{name})"));
        Self {
            surface: variable("surface"),
            ink: variable("ink"),
            muted: variable("muted"),
            grid: variable("grid"),
            axis: variable("axis"),
            lines: [1, 2, 3, 4, 5].map(|number| variable(&format!("line{number}"))),
            fonts: FONTS,
            id: format!("c{number}"),
            is_file: false,
        }
    }

    /// Returns the colour of a line.
    pub(crate) fn line(&self, place: usize) -> &str {
        &self.lines[place % LINE_COLOURS]
    }

    /// Returns an id of this picture.
    pub(crate) fn named(&self, name: &str) -> String {
        format!("{}-{name}", self.id)
    }
}

/// Replaces the first colour by the accent. A colour that would be confused with it becomes the one replaced.
fn accented(
    mut lines: [Cow<'static, str>; LINE_COLOURS],
    accent: Option<&Accent>,
) -> [Cow<'static, str>; LINE_COLOURS] {
    let Some(accent) = accent.map(|accent| accent.colour()) else { return lines };
    let replaced = std::mem::replace(&mut lines[0], Cow::Owned(accent.to_string()));
    let distance = |line: &str| line.parse().map_or(f64::INFINITY, |line: Colour| line.distance(accent));
    let others = lines.iter_mut().skip(1);
    if let Some(nearest) = others.min_by(|a, b| distance(a).total_cmp(&distance(b)))
        && distance(nearest) < NEAR
        && distance(&replaced) >= NEAR
    {
        *nearest = replaced;
    }
    lines
}

/// Returns the dash of a line for a stroke width; `None` for a solid line.
pub(crate) fn dash(place: usize, stroke: f64) -> Option<Vec<f64>> {
    let dash = DASHES[place / LINE_COLOURS % DASHES.len()];
    (!dash.is_empty()).then(|| dash.iter().map(|length| length * stroke).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LINES_MAX;
    use std::collections::HashSet;
    use strum::VariantArray;

    type Rgb = [f64; 3];
    type Matrix = [Rgb; 3];

    /// Normal vision, and vision without the cones for red, green or blue light, by Machado, Oliveira and
    /// Fernandes (2009), on linear light.
    const EYES: [Matrix; 4] = [
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        [
            [0.152_286, 1.052_583, -0.204_868],
            [0.114_503, 0.786_281, 0.099_216],
            [-0.003_882, -0.048_116, 1.051_998],
        ],
        [
            [0.367_322, 0.860_646, -0.227_968],
            [0.280_085, 0.672_501, 0.047_413],
            [-0.011_820, 0.042_940, 0.968_881],
        ],
        [
            [1.255_528, -0.076_749, -0.178_779],
            [-0.078_411, 0.930_809, 0.147_602],
            [0.004_733, 0.691_367, 0.303_900],
        ],
    ];

    /// Oklab: from linear light to cone responses, and from their cube roots to a perceptually uniform
    /// space.
    const CONES: Matrix = [
        [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
        [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
        [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
    ];
    const EVEN: Matrix = [
        [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
        [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
        [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
    ];

    /// Touching areas are distinguishable from about 0.05 on; lines need more.
    const DISTANCE_MIN: f64 = 0.15;

    fn times(matrix: &Matrix, vector: Rgb) -> Rgb {
        matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
    }

    fn linear(colour: &str) -> Rgb {
        let part =
            |at: usize| f64::from(u8::from_str_radix(&colour[at..at + 2], 16).expect("a colour")) / 255.0;
        [part(1), part(3), part(5)]
            .map(|c| if c <= 0.040_45 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) })
    }

    fn contrast(a: &str, b: &str) -> f64 {
        let light = |colour| {
            linear(colour).iter().zip([0.2126, 0.7152, 0.0722]).map(|(a, b)| a * b).sum::<f64>() + 0.05
        };
        let (a, b) = (light(a), light(b));
        a.max(b) / a.min(b)
    }

    #[test]
    fn lines_are_distinguished_by_every_eye() {
        for &theme in Theme::VARIANTS {
            let lines = theme.colours().lines;
            for eye in &EYES {
                let seen = lines.map(|colour| {
                    let light = times(eye, linear(colour)).map(|part| part.clamp(0.0, 1.0));
                    times(&EVEN, times(&CONES, light).map(f64::cbrt))
                });
                for (a, b) in (0..LINE_COLOURS).flat_map(|a| (0..a).map(move |b| (a, b))) {
                    let apart: f64 = seen[a].iter().zip(seen[b]).map(|(a, b)| (a - b).powi(2)).sum();
                    assert!(
                        apart.sqrt() >= DISTANCE_MIN,
                        "{theme:?} {} {} {}",
                        lines[a],
                        lines[b],
                        apart.sqrt()
                    );
                }
            }
        }
    }

    #[test]
    fn lines_and_letters_stand_out() {
        for &theme in Theme::VARIANTS {
            let Colours { surface, ink, muted, lines, .. } = *theme.colours();
            assert!(contrast(surface, ink) >= 12.0 && contrast(surface, muted) >= 4.5, "{theme:?}");
            for line in lines {
                assert!(contrast(surface, line) >= 3.0, "{theme:?} {line}");
            }
        }
    }

    #[test]
    fn an_accent_is_the_first_line_and_no_other_is_confused_with_it() {
        let accent: Accent = "#f05000".parse().expect("a colour");
        let lines = Paint::of(Theme::Light).accented(Some(&accent)).lines;
        assert_eq!(lines, ["#f05000", "#195cc7", "#5d2869", "#a486d7", "#9e2e21"]);
        let near_the_first: Accent = "#1050c0".parse().expect("a colour");
        let lines = Paint::of(Theme::Light).accented(Some(&near_the_first)).lines;
        assert_eq!(lines, ["#1050c0", "#fd5b0b", "#5d2869", "#a486d7", "#9e2e21"]);
    }

    #[test]
    fn every_line_has_a_look_of_its_own() {
        let paint = Paint::of(Theme::Light);
        let looks: HashSet<String> =
            (0..LINES_MAX).map(|place| format!("{} {:?}", paint.line(place), dash(place, 1.0))).collect();
        assert_eq!(looks.len(), LINES_MAX);
    }
}
