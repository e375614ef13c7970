//! Parts of a schedule and of its reports that are stored as JSON.

use crate::error::ScheduleError;
use charts::report::Brand;
use domain::Timestamp;
use domain::rhythm::Rhythm;
use serde::{Deserialize, Serialize};
use sharing::StoredSubject;
use store::issues::Issue;
use store::schedules::Schedule;

/// Settings of a schedule. A field once released keeps its name and meaning.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// Subject of its reports.
    pub(crate) subject: StoredSubject,
    /// Days and hour.
    pub(crate) rhythm: Rhythm,
    /// Addresses of recipients.
    pub(crate) to: Vec<String>,
    /// Names of the formats of attachments.
    #[serde(default)]
    pub(crate) attach: Vec<String>,
    /// Days until a link expires.
    pub(crate) days: u16,
    /// Heading; `None` for that of the subject.
    #[serde(default)]
    pub(crate) title: Option<String>,
    /// Look of the report.
    #[serde(default)]
    pub(crate) brand: Brand,
    /// True while its owner wants none.
    #[serde(default)]
    pub(crate) is_paused: bool,
}

/// Facts of a report. A field once released keeps its name and meaning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Its title.
    pub(crate) title: String,
    /// Its period in words.
    pub(crate) period: String,
    /// Last day of its period, as `2026-03-29`.
    pub(crate) last_day: String,
    /// Beginning of its period.
    pub(crate) from_ms: i64,
    /// End of its period, included.
    pub(crate) to_ms: i64,
    /// True if it was made long after it was due.
    #[serde(default)]
    pub(crate) is_late: bool,
    /// True if the schedule has ended with it.
    #[serde(default)]
    pub(crate) is_final: bool,
    /// Reports before it that were missed and are not sent.
    #[serde(default)]
    pub(crate) skipped: Option<Skipped>,
    /// Id of the share of its link.
    #[serde(default)]
    pub(crate) share: Option<String>,
    /// Settings of the schedule at the time.
    pub(crate) settings: MailSettings,
}

/// The part of the settings that its mails depend on, as it was when it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MailSettings {
    pub(crate) subject: StoredSubject,
    pub(crate) attach: Vec<String>,
    pub(crate) days: u16,
    pub(crate) rhythm: String,
}

/// Reports that were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Skipped {
    /// Number of them.
    pub(crate) reports: u64,
    /// The moment at which the first was due.
    pub(crate) from_ms: i64,
}

fn stored(of: &'static str, id: impl ToString, why: &serde_json::Error) -> ScheduleError {
    ScheduleError::Stored { of, id: id.to_string(), why: why.to_string() }
}

impl Settings {
    pub(crate) fn of(schedule: &Schedule) -> Result<Self, ScheduleError> {
        serde_json::from_str(&schedule.settings).map_err(|why| stored("settings", schedule.id, &why))
    }

    pub(crate) fn to_json(&self) -> Result<String, ScheduleError> {
        serde_json::to_string(self).map_err(|why| stored("settings", "a new schedule", &why))
    }

    /// Returns the next report after a moment; `None` while it is paused.
    pub(crate) fn next(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_paused { None } else { self.rhythm.after(at) }
    }
}

impl Facts {
    pub(crate) fn of(issue: &Issue) -> Result<Self, ScheduleError> {
        serde_json::from_str(&issue.facts).map_err(|why| stored("facts", issue.schedule_id, &why))
    }

    pub(crate) fn to_json(&self) -> Result<String, ScheduleError> {
        serde_json::to_string(self).map_err(|why| stored("facts", "a new report", &why))
    }
}

/// Returns the recipients of a schedule that want no more.
pub(crate) fn unsubscribed(schedule: &Schedule) -> Result<Vec<String>, ScheduleError> {
    serde_json::from_str(&schedule.unsubscribed).map_err(|why| stored("list", schedule.id, &why))
}

/// Returns true if a list has a recipient, however its letters are written: whoever left stays so.
pub(crate) fn has(recipients: &[String], recipient: &str) -> bool {
    recipients.iter().any(|one| one.eq_ignore_ascii_case(recipient))
}
