//! Printing: data on standard output, everything else on standard error. No colours, no control characters from
//! the data, numbers in groups of three.

pub(crate) use charts::grouped;
pub(crate) use measure::shown::{counted, counted_as, shortened};

use crate::exit::Failure;
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, Write};

use crate::table::wrapped;
pub(crate) use crate::table::{table, table_and_left_out};
use crate::terminal;

/// Prints a message on standard error. Control characters but ends of lines are escaped.
pub(crate) fn say(text: impl Display) {
    let text = fitted(&escaped_lines(&text.to_string()), terminal::notes_width());
    // If standard error is closed, nobody reads the message.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Prints sentences for people: on a terminal they wrap between words. Control characters but ends of lines are
/// escaped.
pub(crate) fn print_text(text: impl Display) -> Result<(), Failure> {
    print(fitted(&escaped_lines(&text.to_string()), terminal::width()))
}

/// Wraps each line of a text to this width.
fn fitted(text: &str, width: Option<usize>) -> String {
    match width {
        Some(width) => text.lines().map(|line| wrapped(line, width)).collect::<Vec<_>>().join("\n"),
        None => text.to_owned(),
    }
}

/// Prints data. A reader that went away (`| head`) ends the program quietly.
pub(crate) fn print(text: impl Display) -> Result<(), Failure> {
    write_out(format_args!("{text}\n"))
}

/// Prints a value as JSON, one line.
pub(crate) fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    let text = serde_json::to_string(value).map_err(Failure::new)?;
    print(text)
}

fn write_out(text: std::fmt::Arguments<'_>) -> Result<(), Failure> {
    let mut out = Out;
    printed(out.write_fmt(text).and_then(|()| out.flush()))
}

/// Standard output. A reader that went away ends the program quietly, also beneath writers that give its errors
/// another kind.
#[derive(Debug)]
pub(crate) struct Out;

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        exit_if_closed(io::stdout().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        exit_if_closed(io::stdout().flush())
    }
}

fn exit_if_closed<T>(written: io::Result<T>) -> io::Result<T> {
    match written {
        Err(cause) if cause.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => other,
    }
}

/// Converts the result of writing to standard output.
pub(crate) fn printed(result: io::Result<()>) -> Result<(), Failure> {
    result.map_err(|cause| Failure::new(format_args!("standard output cannot be written: {cause}")))
}

/// Removes control characters and bidirectional overrides from foreign text, so that a caption cannot move the
/// cursor, colour the terminal or reverse a line.
pub(crate) fn printable(text: &str) -> String {
    let is_shown = |c: &char| !is_bidirectional(*c);
    text.chars().filter(is_shown).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Returns true if a character changes the direction in which others are shown.
const fn is_bidirectional(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// Escapes control characters and bidirectional overrides as `\n` or `\u{1b}`, so that foreign text stays on
/// one line.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            out.extend(c.escape_debug());
        } else if is_bidirectional(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// Escapes each line of a text.
fn escaped_lines(text: &str) -> String {
    text.split('\n').map(escaped).collect::<Vec<_>>().join("\n")
}

/// Quotes a text as one word of a shell.
pub(crate) fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:=@%".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        let shown = [0, 999, 1_000, 12_345, 999_999, 1_000_681_687_205].map(grouped);
        assert_eq!(shown, ["0", "999", "1,000", "12,345", "999,999", "1,000,681,687,205"]);
        assert_eq!(counted(1, "video"), "1 video");
        assert_eq!(counted(1015, "video"), "1,015 videos");
    }

    #[test]
    fn columns_are_aligned_by_width_and_nothing_in_them_reaches_the_terminal() {
        let rows = [vec!["猫".into(), "7".into()], vec!["a\x1b[31m\nb\u{202e}".into(), "1,000".into()]];
        assert_eq!(table(&["name", ">views"], rows), "name      views\n猫            7\na [31m b  1,000");
    }

    #[test]
    fn what_moves_the_cursor_or_reverses_lines_is_escaped() {
        assert_eq!(escaped("a\x1b[31m\nb\r\u{9b}\u{202e}猫é"), r"a\u{1b}[31m\nb\r\u{9b}\u{202e}猫é");
        assert_eq!(escaped_lines("error: \x07\nhint: x\n"), "error: \\u{7}\nhint: x\n");
    }

    #[test]
    fn long_texts_are_shortened_between_characters() {
        assert_eq!(shortened("ééé", 2), "éé...");
        assert_eq!(shortened("ééé", 3), "ééé");
    }
}
