//! How a command ends: with an exit code that scripts can tell apart, and on failure with one clear line and a hint.

use std::fmt;
use std::process::ExitCode;

/// What the exit code says. The numbers are documented in docs/cli.md and in `--help`, and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// It was done.
    Done = 0,
    /// It could not be done: the store, the network or the disk said no, or the state does not allow it.
    Failed = 1,
    /// The command line or a setting is wrong. (clap ends with the same number.)
    Usage = 2,
    /// The account, key or hashtag that was named is not there.
    NotFound = 3,
    /// `audit`, `doctor`, `migrate` or `backup` found something wrong, or `forget` does not believe its lists.
    ProblemFound = 4,
    /// `import` could not read one of its inputs, kept nothing of it that can be measured, or none of the plays, hashtags or
    /// views that it has; or there was nothing to read.
    ImportIncomplete = 5,
    /// It was stopped by Ctrl-C (SIGINT) or SIGTERM. The number is the shell's for SIGINT.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command failed, in words for the person who typed it.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// It could not be done.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Failed, message: message.to_string(), hint: None }
    }

    /// The command line or a setting is wrong.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Usage, ..Self::new(message) }
    }

    /// There was nothing to import.
    pub(crate) fn nothing_to_import(message: impl fmt::Display) -> Self {
        Self { exit: Exit::ImportIncomplete, ..Self::new(message) }
    }

    /// Lists from which something would follow that must not.
    pub(crate) fn refused(message: impl fmt::Display) -> Self {
        Self { exit: Exit::ProblemFound, ..Self::new(message) }
    }

    /// What was named is not there.
    pub(crate) fn not_found(message: impl fmt::Display) -> Self {
        Self { exit: Exit::NotFound, ..Self::new(message) }
    }

    /// What to do about it.
    #[must_use]
    pub(crate) fn hint(self, hint: impl fmt::Display) -> Self {
        Self { hint: Some(hint.to_string()), ..self }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        self.hint.as_ref().map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
    }
}

/// A failure of the store is told as it is: whoever runs the command is the operator.
impl From<store::StoreError> for Failure {
    fn from(error: store::StoreError) -> Self {
        let passing = error.is_passing();
        let failure = Self::new(&error);
        if passing {
            failure.hint("the database may be busy or out of reach, or the disk is full; try again")
        } else {
            failure.hint("`tagmeter doctor` looks the data over")
        }
    }
}

impl From<catalog::CatalogError> for Failure {
    fn from(error: catalog::CatalogError) -> Self {
        match error {
            catalog::CatalogError::Store(error) => error.into(),
            catalog::CatalogError::Name(error) => Self::usage(error),
            error @ catalog::CatalogError::NoInput { .. } => Self::usage(error),
            other => Self::new(other),
        }
    }
}

impl From<measure::MeasureError> for Failure {
    fn from(error: measure::MeasureError) -> Self {
        use measure::MeasureError;
        match error {
            MeasureError::Catalog(error) => error.into(),
            // `video_id` of the API is `--video` here.
            MeasureError::Parameter { param, why } => {
                Self::usage(format_args!("--{}: {why}", param.trim_end_matches("_id")))
            }
            error @ MeasureError::Name(..) => Self::usage(error),
            error @ MeasureError::NotFound(_) => Self::not_found(error),
            error @ (MeasureError::File(_) | MeasureError::TrendsPending) => Self::new(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_one_line_and_a_hint() {
        let failure =
            Failure::not_found("there is no account me@example.com").hint("see `tagmeter account list`");
        assert_eq!(failure.exit as u8, 3);
        assert_eq!(
            failure.to_string(),
            "error: there is no account me@example.com\nhint: see `tagmeter account list`"
        );
    }
}
