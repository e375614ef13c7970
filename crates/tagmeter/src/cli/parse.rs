//! Parses the command line. clap's error is followed by a hint if the shell may have swallowed a hashtag.

use super::Cli;
use crate::output::say;
use crate::terminal::has_colours;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ColorChoice, CommandFactory, FromArgMatches};

/// Hint for a missing name, which a shell may have taken for a comment because of its `#`.
const HASH_HINT: &str =
    "hint: a shell takes what follows # for a comment; quote it ('#cat') or leave it out (cat)";

/// Parses the command line, or ends the process with an error message.
pub(crate) fn parse() -> Cli {
    // By itself clap colours its help on a dumb terminal where `CI` is set.
    let color = if has_colours() { ColorChoice::Auto } else { ColorChoice::Never };
    let matches = Cli::command().color(color).try_get_matches();
    matches.and_then(|matches| Cli::from_arg_matches(&matches)).unwrap_or_else(|error| {
        // If the stream is closed, nobody reads the message.
        let _ = error.print();
        if may_lack_a_hashtag(&error) {
            say(HASH_HINT);
        }
        std::process::exit(error.exit_code())
    })
}

/// Returns true if a name or a keyword is missing, which may have begun with `#`.
fn may_lack_a_hashtag(error: &clap::Error) -> bool {
    let is_missing = match error.kind() {
        ErrorKind::MissingRequiredArgument | ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues => true,
        // An option without its value, such as `--hashtag #cat`.
        ErrorKind::InvalidValue => {
            matches!(error.get(ContextKind::InvalidValue), Some(ContextValue::String(value)) if value.is_empty())
        }
        _ => false,
    };
    let named = error.context().map(|(_, value)| value.to_string()).collect::<String>();
    is_missing && ["NAME", "KEYWORD", "TEXT"].iter().any(|name| named.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[test]
    fn a_name_that_a_shell_took_for_a_comment_is_hinted_at() {
        let hinted = |line: &str| {
            let error = Cli::try_parse_from(line.split(' ')).expect_err(line);
            may_lack_a_hashtag(&error)
        };
        for line in [
            "tagmeter lookup",
            "tagmeter search",
            "tagmeter videos --limit 5",
            "tagmeter history",
            "tagmeter compare cat",
            "tagmeter compare",
            "tagmeter report",
            "tagmeter backfill",
            "tagmeter export videos --hashtag",
            "tagmeter trending --query",
        ] {
            assert!(hinted(line), "{line}");
        }
        for line in
            ["tagmeter import", "tagmeter nonsense", "tagmeter key revoke", "tagmeter search cat --limit 0"]
        {
            assert!(!hinted(line), "{line}");
        }
    }
}
