//! Orders of owners: checked before anything is measured.

use crate::error::{ShareError, wrong, wrong_days};
use crate::password::{PASSWORD_BYTES, PASSWORDS_MAX};
use crate::settings::{SITES_MAX, origin};
use charts::report::Brand;
use domain::Timestamp;
use domain::campaign::CampaignRef;
use measure::{COMPARED_MAX, ReportSpan};
use store::shares::ShareKind;

/// Days until a share expires, unless it is created for another time.
pub const DAYS_DEFAULT: u16 = 90;

/// Most days until a share expires.
pub const DAYS_MAX: u16 = 3650;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// Most characters of a heading, of a name of a password, and of a sender.
const TEXT_MAX: usize = 200;

/// Subject of a shared report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A campaign, by name or id.
    Campaign(CampaignRef),
    /// Hashtags, by name or id, 1 to [`COMPARED_MAX`].
    Hashtags {
        /// Their names or ids.
        names: Vec<String>,
        /// Period of the report.
        span: ReportSpan,
    },
}

/// A password and the name of whom it is for.
#[derive(Clone)]
pub struct SharePassword {
    /// Name, for the owner.
    pub name: String,
    /// The password.
    pub password: String,
}

/// An order for a share.
pub struct ShareOrder {
    /// Subject of the report.
    pub subject: Subject,
    /// Heading of the report; `None` for that of its subject.
    pub heading: Option<String>,
    /// Look of the report.
    pub brand: Brand,
    /// True for the numbers of the moment it is opened, false for those of now.
    pub is_live: bool,
    /// Use of the link.
    pub kind: ShareKind,
    /// Sites that may embed it; none of a page.
    pub sites: Vec<String>,
    /// Passwords; none for a link that opens by itself.
    pub passwords: Vec<SharePassword>,
    /// Days until it expires, 1 to [`DAYS_MAX`].
    pub days: u16,
}

/// A change of a share. What is `None` stays as it is.
#[derive(Default)]
pub struct SharePatch {
    /// New passwords, in place of all old ones. Whoever entered an old one has to enter a new one.
    pub passwords: Option<Vec<SharePassword>>,
    /// New sites of an embedded share.
    pub sites: Option<Vec<String>>,
    /// Days from now until it expires.
    pub days: Option<u16>,
}

impl ShareOrder {
    /// Checks the order. Returns its sites as origins.
    pub(crate) fn check(&self) -> Result<Vec<String>, ShareError> {
        check_look(self.heading.as_deref(), &self.brand)?;
        check_passwords(self.kind, &self.passwords)?;
        check_subject(&self.subject)?;
        sites(self.kind, &self.sites)
    }
}

pub(crate) fn check_look(heading: Option<&str>, brand: &Brand) -> Result<(), ShareError> {
    check_text("title", heading.unwrap_or_default())?;
    check_text("brand", &brand.sender)
}

pub(crate) fn check_subject(subject: &Subject) -> Result<(), ShareError> {
    let Subject::Hashtags { names, span } = subject else { return Ok(()) };
    if !(1..=COMPARED_MAX).contains(&names.len()) {
        return Err(wrong("hashtags", format!("give 1 to {COMPARED_MAX} hashtags")));
    }
    if span.from.zip(span.to).is_some_and(|(from, to)| from > to) {
        return Err(wrong("to", "it is before from; give a later time"));
    }
    Ok(())
}

/// Returns the end of a share that lasts so many days from a moment.
pub(crate) fn end(now: Timestamp, days: u16) -> Result<Timestamp, ShareError> {
    if !(1..=DAYS_MAX).contains(&days) {
        return Err(wrong_days());
    }
    Ok(Timestamp::from_ms(now.as_ms() + i64::from(days) * DAY_MS))
}

pub(crate) fn check_passwords(kind: ShareKind, passwords: &[SharePassword]) -> Result<(), ShareError> {
    if passwords.len() > PASSWORDS_MAX {
        return Err(wrong("passwords", format!("give at most {PASSWORDS_MAX}")));
    }
    for SharePassword { name, password } in passwords {
        check_text("passwords", name)?;
        if name.trim().is_empty() {
            return Err(wrong("passwords", "give each a name, such as that of whom it is for"));
        }
        if !PASSWORD_BYTES.contains(&password.len()) {
            let (least, most) = (PASSWORD_BYTES.start(), PASSWORD_BYTES.end());
            return Err(wrong("passwords", format!("a password has {least} to {most} bytes")));
        }
    }
    if kind == ShareKind::Embed && !passwords.is_empty() {
        return Err(wrong("passwords", "a frame in another site has none; leave them out, or share a page"));
    }
    Ok(())
}

fn check_text(field: &'static str, text: &str) -> Result<(), ShareError> {
    if text.chars().count() > TEXT_MAX || text.chars().any(char::is_control) {
        return Err(wrong(field, format!("give at most {TEXT_MAX} characters and no control characters")));
    }
    Ok(())
}

/// Returns the sites that may embed a share, as origins.
pub(crate) fn sites(kind: ShareKind, given: &[String]) -> Result<Vec<String>, ShareError> {
    let example = "such as https://www.example.com";
    match kind {
        ShareKind::Page if given.is_empty() => Ok(Vec::new()),
        ShareKind::Page => {
            Err(wrong("sites", "a page is not embedded; leave them out, or give the kind embed"))
        }
        ShareKind::Embed if (1..=SITES_MAX).contains(&given.len()) => {
            let site = |text: &String| {
                let why = || wrong("sites", format!("{text:?} is no site; give its origin, {example}"));
                origin(text).ok_or_else(why)
            };
            given.iter().map(site).collect()
        }
        ShareKind::Embed => {
            Err(wrong("sites", format!("give 1 to {SITES_MAX} sites that may embed it, {example}")))
        }
    }
}
