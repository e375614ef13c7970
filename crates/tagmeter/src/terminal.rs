//! Properties of the terminal: its width, colours, and whether the cursor can be moved.

use std::ffi::OsString;
use std::io::IsTerminal;
use std::sync::OnceLock;

/// The terminal, as `main` found it.
static TERMINAL: OnceLock<Terminal> = OnceLock::new();

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Terminal {
    width: Option<usize>,
    /// Width of standard error; `None` if it is no terminal.
    notes_width: Option<usize>,
    has_colours: bool,
    is_dumb: bool,
}

impl Terminal {
    /// Reads `COLUMNS`, `NO_COLOR` and `TERM`.
    fn of(environment: &[(OsString, OsString)]) -> Self {
        let set = |name: &str| {
            let value = environment.iter().find(|(known, _)| known == name).map(|(_, value)| value);
            value.filter(|value| !value.is_empty())
        };
        let columns = set("COLUMNS").and_then(|columns| columns.to_str()?.trim().parse().ok());
        let is_dumb = set("TERM").is_some_and(|term| term == "dumb");
        Self {
            width: columns.filter(|width| *width > 0),
            notes_width: None,
            has_colours: set("NO_COLOR").is_none() && !is_dumb,
            is_dumb,
        }
    }
}

/// Detects the terminal, once, at the start.
pub(crate) fn find(environment: &[(OsString, OsString)]) {
    let mut terminal = Terminal::of(environment);
    // `terminal_size` looks at standard output, then at standard error and input: only the first counts.
    if terminal.width.is_none() && std::io::stdout().is_terminal() {
        terminal.width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    }
    if std::io::stderr().is_terminal() {
        terminal.notes_width =
            terminal.width.or_else(|| Some(usize::from(terminal_size::terminal_size()?.0.0)));
    }
    let _ = TERMINAL.set(terminal);
}

/// Returns the width of standard output, in characters: `COLUMNS`, else the terminal's; `None` without both.
pub(crate) fn width() -> Option<usize> {
    TERMINAL.get().and_then(|terminal| terminal.width)
}

/// Returns the width of standard error, in characters, if it is a terminal.
pub(crate) fn notes_width() -> Option<usize> {
    TERMINAL.get().and_then(|terminal| terminal.notes_width)
}

/// Returns true if a terminal may show colours: not with `NO_COLOR`, nor if `TERM` is `dumb`.
pub(crate) fn has_colours() -> bool {
    TERMINAL.get().is_some_and(|terminal| terminal.has_colours)
}

/// Returns true if the cursor cannot be moved, so that nothing can be redrawn.
pub(crate) fn is_dumb() -> bool {
    TERMINAL.get().is_some_and(|terminal| terminal.is_dumb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_says_how_wide_and_how_colourful() {
        let of = |variables: &[(&str, &str)]| {
            let variables: Vec<_> =
                variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
            Terminal::of(&variables)
        };
        assert_eq!(of(&[]), Terminal { width: None, notes_width: None, has_colours: true, is_dumb: false });
        assert_eq!(of(&[("COLUMNS", "80"), ("NO_COLOR", "")]).width, Some(80));
        for wrong in ["0", "wide", "", "-1"] {
            assert_eq!(of(&[("COLUMNS", wrong)]).width, None, "{wrong}");
        }
        assert!(!of(&[("NO_COLOR", "1")]).has_colours && of(&[("NO_COLOR", "")]).has_colours);
        let dumb = of(&[("TERM", "dumb")]);
        assert!(dumb.is_dumb && !dumb.has_colours);
    }
}
