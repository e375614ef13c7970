//! Orders of owners: checked before anything is measured.

use crate::Scheduling;
use crate::error::{ScheduleError, wrong};
use charts::report::Brand;
use domain::Zone;
use domain::rhythm::{Days, MONTH_DAY_MAX, Rhythm};
use domain::zone::HOUR_MAX;
use notify::destination::Destination;
use reports::Format;
use sharing::Subject;

/// Most recipients of a schedule.
pub const RECIPIENTS_MAX: usize = 20;
/// Days until the link of a report expires, unless the schedule has another number.
pub const DAYS_DEFAULT: u16 = 90;
/// Most days until the link of a report expires.
pub const DAYS_MAX: u16 = 365;
/// Hour of the day at which reports are sent by default.
pub const HOUR_DEFAULT: u8 = 8;
/// Formats that are attached.
pub const ATTACHMENTS: [Format; 4] = [Format::Pdf, Format::Xlsx, Format::Zip, Format::Html];

/// An order for a schedule.
#[derive(Debug)]
pub struct ScheduleOrder {
    /// Subject of its reports; the time of hashtags is ignored: that of a report is its period.
    pub subject: Subject,
    /// Days and hour.
    pub rhythm: Rhythm,
    /// Addresses of recipients, 1 to [`RECIPIENTS_MAX`].
    pub to: Vec<String>,
    /// Formats of attachments.
    pub attach: Vec<Format>,
    /// Days until a link expires, 1 to [`DAYS_MAX`].
    pub days: u16,
    /// Heading; `None` for that of the subject.
    pub title: Option<String>,
    /// Look of the report.
    pub brand: Brand,
}

/// A change of a schedule. What is `None` stays as it is.
#[derive(Debug, Default)]
pub struct SchedulePatch {
    /// New days.
    pub rhythm_days: Option<Days>,
    /// New hour.
    pub hour: Option<u8>,
    /// New time zone.
    pub tz: Option<Zone>,
    /// New recipients, in place of all old ones. Whoever unsubscribed stays so.
    pub to: Option<Vec<String>>,
    /// New formats of attachments.
    pub attach: Option<Vec<Format>>,
    /// New days until a link expires.
    pub days: Option<u16>,
    /// True to pause it; false to go on, also after it has ended.
    pub is_paused: Option<bool>,
}

pub(crate) fn check_rhythm(rhythm: &Rhythm) -> Result<(), ScheduleError> {
    if rhythm.hour > HOUR_MAX {
        return Err(wrong("hour", format!("give an hour from 0 to {HOUR_MAX}")));
    }
    match rhythm.days {
        Days::Monthly(day) if !(1..=MONTH_DAY_MAX).contains(&day) => {
            Err(wrong("monthly", format!("give a day from 1 to {MONTH_DAY_MAX}")))
        }
        Days::Monthly(_) | Days::Weekly(_) => Ok(()),
    }
}

pub(crate) fn check_days(days: u16) -> Result<(), ScheduleError> {
    if (1..=DAYS_MAX).contains(&days) {
        return Ok(());
    }
    Err(wrong("days", format!("give 1 to {DAYS_MAX} days")))
}

/// Returns the names of formats, each once.
pub(crate) fn attachments(formats: &[Format]) -> Vec<String> {
    let wanted = ATTACHMENTS.iter().filter(|format| formats.contains(format));
    wanted.map(|format| format.name().to_owned()).collect()
}

impl Scheduling {
    /// Checks recipients, and returns each once.
    pub(crate) fn recipients(&self, to: &[String]) -> Result<Vec<String>, ScheduleError> {
        if !self.setup.has_mail {
            return Err(ScheduleError::NoMail);
        }
        let mut recipients: Vec<String> = Vec::with_capacity(to.len());
        for text in to {
            let Destination::Email(address) = Destination::parse(text, &self.setup.policy)? else {
                return Err(wrong("to", format!("{text:?} is no e-mail address; give name@example.com")));
            };
            let address = address.to_string();
            if recipients.iter().all(|known| !known.eq_ignore_ascii_case(&address)) {
                recipients.push(address);
            }
        }
        if !(1..=RECIPIENTS_MAX).contains(&recipients.len()) {
            return Err(wrong("to", format!("give 1 to {RECIPIENTS_MAX} e-mail addresses")));
        }
        Ok(recipients)
    }
}
