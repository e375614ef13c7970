//! Exit codes of commands, and failures: one line and a hint.

use std::fmt;
use std::process::ExitCode;

/// Exit codes. The numbers are documented in docs/cli.md and in `--help`, and never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Failed: an error of the store, the network or the disk, or the state does not allow it.
    Failed = 1,
    /// The command line or a setting is wrong. (clap ends with the same number.)
    Usage = 2,
    /// The named account, key or hashtag does not exist.
    NotFound = 3,
    /// `audit`, `doctor`, `migrate` or `backup` found a problem, or `forget` refused its lists.
    ProblemFound = 4,
    /// `import` could not read an input, stored nothing measurable from it, or none of the plays, hashtags or
    /// views that it has; or there was nothing to read.
    ImportIncomplete = 5,
    /// Stopped by Ctrl-C (SIGINT) or SIGTERM. The number is the shell's for SIGINT.
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Failure of a command: its message, hint and exit code.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) exit: Exit,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// Returns a failure with exit code 1.
    pub(crate) fn new(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Failed, message: message.to_string(), hint: None }
    }

    /// Returns a failure for a wrong command line or setting.
    pub(crate) fn usage(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Usage, ..Self::new(message) }
    }

    /// Returns a failure for an import without input.
    pub(crate) fn nothing_to_import(message: impl fmt::Display) -> Self {
        Self { exit: Exit::ImportIncomplete, ..Self::new(message) }
    }

    /// Returns a failure for lists that must not be acted on.
    pub(crate) fn refused(message: impl fmt::Display) -> Self {
        Self { exit: Exit::ProblemFound, ..Self::new(message) }
    }

    /// Returns a failure for a name that does not exist.
    pub(crate) fn not_found(message: impl fmt::Display) -> Self {
        Self { exit: Exit::NotFound, ..Self::new(message) }
    }

    /// Adds what to do about it.
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

/// Shows an error of the store in full: the user of the command line is the operator.
impl From<store::StoreError> for Failure {
    fn from(error: store::StoreError) -> Self {
        let passing = error.is_passing();
        let failure = Self::new(&error);
        if passing {
            failure.hint("the database may be busy or out of reach, or the disk is full; try again")
        } else {
            failure.hint("run `tagmeter doctor` to check the data")
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

impl From<tracking::TrackingError> for Failure {
    fn from(error: tracking::TrackingError) -> Self {
        use tracking::TrackingError as E;
        match error {
            E::Catalog(error) => error.into(),
            E::NotFound => Self::not_found(error).hint("`tagmeter trackers` lists the trackers"),
            E::Field { .. } | E::TooManyHashtags | E::NoUpstream { .. } => Self::usage(error),
            E::TooManyTrackers | E::KeyOfOtherRequest | E::IdTaken => Self::new(error),
        }
    }
}

impl From<alerting::AlertingError> for Failure {
    fn from(error: alerting::AlertingError) -> Self {
        use alerting::AlertingError as E;
        match error {
            E::Measure(error) => error.into(),
            E::NotFound => Self::not_found(error).hint("`tagmeter alert list` lists the alerts"),
            E::NoDestination => Self::not_found(error).hint("`tagmeter webhook list` lists the destinations"),
            E::Field { .. } | E::Destination(_) | E::NoMail | E::TooManyHashtags => Self::usage(error),
            E::TooManyAlerts
            | E::TooManyDestinations
            | E::KeyOfOtherRequest
            | E::IdTaken
            | E::NoChance
            | E::Stored { .. } => Self::new(error),
        }
    }
}

impl From<measure::CampaignError> for Failure {
    fn from(error: measure::CampaignError) -> Self {
        use measure::CampaignError as E;
        match error {
            E::Measure(error) => error.into(),
            E::NotFound => Self::not_found(error).hint("`tagmeter campaign list` lists the campaigns"),
            // `hashtags` of the API is `--tags` here.
            E::Field { field: "hashtags", why } => Self::usage(format_args!("--tags: {why}")),
            E::Field { field: field @ ("name" | "notes"), why } => {
                Self::usage(format_args!("{field}: {why}"))
            }
            E::Field { field, why } => Self::usage(format_args!("--{}: {why}", field.replace('_', "-"))),
            E::NameTaken(_) | E::TooMany | E::KeyOfOtherRequest | E::IdTaken | E::Busy => Self::new(error),
        }
    }
}

impl From<measure::AnnotationError> for Failure {
    fn from(error: measure::AnnotationError) -> Self {
        use measure::AnnotationError as E;
        match error {
            E::Measure(error) => error.into(),
            E::NotFound => Self::not_found(error).hint("`tagmeter annotation list` lists the annotations"),
            E::NoSuchCampaign => Self::not_found("--campaign: there is no such campaign")
                .hint("`tagmeter campaign list` lists the campaigns"),
            // `hashtag` of the API is `--tag` here.
            E::Field { field: "hashtag", why } => Self::usage(format_args!("--tag: {why}")),
            E::Field { field: field @ ("text" | "hidden"), why } => {
                Self::usage(format_args!("{field}: {why}"))
            }
            E::Field { field, why } => Self::usage(format_args!("--{field}: {why}")),
            E::Platform(_) => Self::usage(error).hint("`tagmeter annotation hide NAME` hides it"),
            E::TooMany | E::KeyOfOtherRequest | E::IdTaken => Self::new(error),
        }
    }
}

impl From<sharing::ShareError> for Failure {
    fn from(error: sharing::ShareError) -> Self {
        use sharing::ShareError as E;
        match error {
            E::Measure(error) => error.into(),
            E::Campaign(error) => error.into(),
            E::Store(error) => error.into(),
            E::NotFound => Self::not_found(error).hint("`tagmeter share list` lists the shares"),
            E::Field { field, why } => Self::usage(format_args!("--{field}: {why}")),
            _ => Self::new(error),
        }
    }
}

impl From<scheduling::ScheduleError> for Failure {
    fn from(error: scheduling::ScheduleError) -> Self {
        use scheduling::ScheduleError as E;
        match error {
            E::Report(error) => error.into(),
            E::Store(error) => error.into(),
            E::NotFound => Self::not_found(error).hint("`tagmeter schedule list` lists the schedules"),
            E::Field { field, why } => Self::usage(format_args!("--{field}: {why}")),
            E::Recipient(why) => Self::usage(format_args!("--to: {why}")),
            E::NoMail => Self::new("no mail can be sent")
                .hint("the section [smtp] of the settings has the mail server"),
            _ => Self::new(error),
        }
    }
}

impl From<sharing::FeedError> for Failure {
    fn from(error: sharing::FeedError) -> Self {
        use sharing::FeedError as E;
        match error {
            E::Store(error) => error.into(),
            E::NotFound => Self::not_found(error).hint("`tagmeter feed list` lists the feeds"),
            _ => Self::new(error),
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
                Self::usage(format_args!("--{}: {why}", param.trim_end_matches("_id").replace('_', "-")))
            }
            error @ MeasureError::Name(..) => Self::usage(error),
            error @ (MeasureError::NotFound(_) | MeasureError::NotThen(..)) => Self::not_found(error),
            error @ MeasureError::InsufficientHistory(_) => {
                Self::new(error).hint("import more readings: `tagmeter history` lists the stored ones")
            }
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
