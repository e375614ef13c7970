//! Colours and letters: fixed ones of a theme, or the variables of a page that has both themes.

use crate::Theme;
use std::borrow::Cow;

/// The colours of one theme.
#[derive(Debug)]
pub(crate) struct Colours {
    /// Behind everything.
    pub(crate) surface: &'static str,
    /// Headings, names, values.
    pub(crate) ink: &'static str,
    /// What is less important: labels of axes, notes.
    pub(crate) muted: &'static str,
    /// Lines behind the data.
    pub(crate) grid: &'static str,
    /// The axis, and the hatching of gaps.
    pub(crate) axis: &'static str,
    /// The lines, in their order. Told apart also by those who see two of the three primary colours alone; a test
    /// holds them to it.
    pub(crate) lines: [&'static str; LINE_COLOURS],
}

/// How many lines have a colour of their own. The next have the same colours with another dash.
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

/// Dash and distance, in widths of the stroke, for the first five lines, the next five and so on.
pub(crate) const DASHES: [&[f64]; 4] = [&[], &[3.0, 2.4], &[0.1, 2.0], &[5.0, 2.2, 0.1, 2.2]];

/// What a viewer has is used; every system has one of these.
pub(crate) const FONTS: &str =
    "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', Ubuntu, 'Helvetica Neue', Arial, sans-serif";

/// How a picture is coloured.
#[derive(Debug)]
pub(crate) struct Paint {
    pub(crate) surface: Cow<'static, str>,
    pub(crate) ink: Cow<'static, str>,
    pub(crate) muted: Cow<'static, str>,
    pub(crate) grid: Cow<'static, str>,
    pub(crate) axis: Cow<'static, str>,
    pub(crate) lines: [Cow<'static, str>; LINE_COLOURS],
    pub(crate) fonts: &'static str,
    /// What the ids in the picture begin with, so that several can stand on one page.
    pub(crate) id: String,
    /// Whether the picture is a file of its own, and not a part of a page.
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
    /// The same colours as the variables that [`Paint::of_page`] names.
    pub(crate) fn variables(&self) -> String {
        let Self { surface, ink, muted, grid, axis, lines } = self;
        let mut text =
            format!("--surface:{surface};--ink:{ink};--muted:{muted};--grid:{grid};--axis:{axis};");
        for (number, colour) in (1..).zip(lines) {
            text.push_str(&format!("--line{number}:{colour};"));
        }
        text
    }
}

impl Paint {
    /// The colours of a theme, for a picture that is a file of its own.
    pub(crate) fn of(theme: Theme) -> Self {
        let Colours { surface, ink, muted, grid, axis, lines } = *theme.colours();
        let [surface, ink, muted, grid, axis] = [surface, ink, muted, grid, axis].map(Cow::Borrowed);
        let lines = lines.map(Cow::Borrowed);
        Self { surface, ink, muted, grid, axis, lines, fonts: FONTS, id: "c".to_owned(), is_file: true }
    }

    /// For a picture that is painted here, where the only font is known.
    pub(crate) fn with_font(self, fonts: &'static str) -> Self {
        Self { fonts, ..self }
    }

    /// Variables that the page sets, for the picture of this number on it.
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

    /// The colour of the line at a place.
    pub(crate) fn line(&self, place: usize) -> &str {
        &self.lines[place % LINE_COLOURS]
    }

    /// An id of this picture.
    pub(crate) fn named(&self, name: &str) -> String {
        format!("{}-{name}", self.id)
    }
}

/// The dash of the line at a place, for a stroke of a width; none for a solid line.
pub(crate) fn dash(place: usize, stroke: f64) -> Option<Vec<f64>> {
    let dash = DASHES[place / LINE_COLOURS % DASHES.len()];
    (!dash.is_empty()).then(|| dash.iter().map(|length| length * stroke).collect())
}
