//! The reading time that a user states for records without one of their own: a moment, the date in a file's name, or
//! its modification time.

use crate::files::{Input, Options};
use domain::{Clock, Timestamp};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// The source of the stated reading time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeOf {
    /// The name of the file, or of the archive entry.
    FileName,
    /// The modification time of the file, or of the archive entry.
    Modified,
}

/// Description of valid dates in file names.
const LOOKED_FOR: &str = "a date such as 2026-11-01 or 20261101, with or without a time (T12:00, -1200, T12_00), or a number of seconds since \
     1970";

/// Prefixes of month names.
const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const MONTHS_IN_FULL: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

/// Most interpretations of one name in a message.
const SHOWN_MAX: usize = 4;

/// Message for input without a name or a modification time.
const NO_FILE: &str =
    "has neither a name nor a time of change; state the time itself, such as --observed-at 2026-11-01T12:00Z";

/// The stated time for the current content.
pub(crate) struct Stated {
    of: Option<TimeOf>,
    clock: Option<Arc<dyn Clock>>,
    /// Time of the whole file.
    file: Result<Option<Timestamp>, String>,
    /// Time of the current content.
    now: Result<Option<Timestamp>, String>,
}

impl Stated {
    pub(crate) fn new(options: &Options, input: &Input) -> Self {
        let clock = options.clock.clone();
        let file = match options.time_of {
            None => Ok(options.observed_at),
            Some(of) => time_of_file(of, input, clock.as_deref()).map(Some),
        };
        Self { of: options.time_of, clock, now: file.clone(), file }
    }

    /// Returns to the file as a whole.
    pub(crate) fn file(&mut self) {
        self.now.clone_from(&self.file);
    }

    /// Switches to an archive entry. If its name has no time, the archive's applies.
    pub(crate) fn entry(&mut self, path: &str, modified: Option<Timestamp>) {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.now = match self.of {
            None => return,
            Some(TimeOf::Modified) => time_of_change(modified, self.clock.as_deref()).map(Some),
            Some(TimeOf::FileName) => match (time_in_name(name, self.clock.as_deref()), &self.file) {
                (Ok(at), _) => Ok(Some(at)),
                (Err(NoTime::Absent), Ok(at)) => Ok(*at),
                (Err(why), _) => Err(why.to_string()),
            },
        };
    }

    /// Returns the time, if there is one.
    pub(crate) fn at(&self) -> Option<Timestamp> {
        self.now.as_ref().ok().copied().flatten()
    }

    /// Fails if a time is required but missing.
    pub(crate) fn check(&self) -> Result<(), String> {
        self.now.as_ref().map(|_| ()).map_err(Clone::clone)
    }
}

fn time_of_file(of: TimeOf, input: &Input, clock: Option<&dyn Clock>) -> Result<Timestamp, String> {
    let Some(name) = input.file_name() else { return Err(format!("{} {NO_FILE}", input.name)) };
    match of {
        TimeOf::FileName => time_in_name(name, clock).map_err(|why| why.to_string()),
        TimeOf::Modified => time_of_change(input.modified, clock),
    }
}

fn time_of_change(modified: Option<Timestamp>, clock: Option<&dyn Clock>) -> Result<Timestamp, String> {
    let at = modified.filter(|at| !at.is_before_tiktok());
    let at = at.ok_or_else(|| "nothing says when it was last changed; state the time itself".to_owned())?;
    match clock.map(Clock::now).filter(|now| crate::future::is_ahead(at, *now)) {
        Some(_) => Err(format!("it was last changed at {}, which is in the future", at.to_rfc3339())),
        None => Ok(at),
    }
}

/// Why a name yields no time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NoTime {
    Absent,
    /// Several dates, or an ambiguous one.
    Ambiguous(Vec<String>),
    Future(Timestamp),
}

impl fmt::Display for NoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => write!(f, "its name has no time of reading; looked for {LOOKED_FOR}"),
            Self::Ambiguous(times) => {
                write!(
                    f,
                    "its name has several times of reading ({}); looked for one: {LOOKED_FOR}",
                    times.join(", ")
                )
            }
            Self::Future(at) => write!(f, "the time in its name, {}, is in the future", at.to_rfc3339()),
        }
    }
}

/// Parses the time in a file name, in UTC unless it has an offset. A date alone is its first moment.
pub(crate) fn time_in_name(name: &str, clock: Option<&dyn Clock>) -> Result<Timestamp, NoTime> {
    let now = clock.map(Clock::now);
    let is_ahead = |at: Timestamp| now.is_some_and(|now| crate::future::is_ahead(at, now));
    let found = readings(name);
    let possible: BTreeSet<_> = found.iter().copied().filter(|reading| !is_ahead(reading.at)).collect();
    // A day beside a moment of that day adds nothing.
    let finest: Vec<_> = possible
        .iter()
        .filter(|one| {
            !possible.iter().any(|other| !one.has_time && other.has_time && other.day() == one.day())
        })
        .collect();
    match (finest.as_slice(), found.first()) {
        ([only], _) => Ok(only.at),
        ([], Some(future)) => Err(NoTime::Future(future.at)),
        ([], None) => Err(NoTime::Absent),
        (several, _) => Err(NoTime::Ambiguous(
            several.iter().take(SHOWN_MAX).map(|reading| reading.at.to_rfc3339()).collect(),
        )),
    }
}

/// One interpretation of a part of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Reading {
    at: Timestamp,
    has_time: bool,
}

impl Reading {
    const fn day(self) -> i64 {
        self.at.as_ms().div_euclid(86_400_000)
    }
}

/// A part of a name: digits, letters, or a sign between them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part<'n> {
    Digits(&'n str),
    Letters(&'n str),
    Sign(char),
}

fn parts(name: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = name;
    while let Some(first) = rest.chars().next() {
        let end = |is_in: fn(char) -> bool| rest.find(|c: char| !is_in(c)).unwrap_or(rest.len());
        let (part, len) = if first.is_ascii_digit() {
            let len = end(|c| c.is_ascii_digit());
            (Part::Digits(&rest[..len]), len)
        } else if first.is_alphabetic() {
            let len = end(char::is_alphabetic);
            (Part::Letters(&rest[..len]), len)
        } else {
            (Part::Sign(first), first.len_utf8())
        };
        parts.push(part);
        rest = &rest[len..];
    }
    parts
}

/// Returns every interpretation of a name.
fn readings(name: &str) -> Vec<Reading> {
    let parts = parts(name);
    let mut readings = Vec::new();
    let mut at = 0;
    while at < parts.len() {
        let (found, used) = date_at(&parts[at..]);
        if found.is_empty() {
            at += 1;
            continue;
        }
        at += used;
        readings.extend(found);
    }
    readings
}

/// Returns the interpretations of a date that begins here, with a following time of day, and the number of
/// parts used.
fn date_at(parts: &[Part<'_>]) -> (Vec<Reading>, usize) {
    match *parts {
        [Part::Digits(digits), ..] if matches!(digits.len(), 8 | 10 | 12..=14) => {
            let (mut found, mut used) = (run_of_digits(digits), 1);
            if let ([day], 8) = (found.as_slice(), digits.len()) {
                let (timed, more) = with_time(*day, &parts[1..]);
                (found, used) = (vec![timed], 1 + more);
            }
            (found, used)
        }
        _ => {
            let (days, used) = separated(parts);
            match days.as_slice() {
                [day] => {
                    let (timed, more) = with_time(*day, &parts[used..]);
                    (vec![timed], used + more)
                }
                _ => (days, used),
            }
        }
    }
}

/// Parses `20261101`, `2026110112`, `202611011200`, `20261101120000`, or seconds or milliseconds since 1970.
fn run_of_digits(digits: &str) -> Vec<Reading> {
    let mut found = Vec::new();
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or("00");
    if matches!(digits.len(), 8 | 10 | 12 | 14)
        && let Some(at) =
            moment((part(0..4), part(4..6), part(6..8)), (part(8..10), part(10..12), part(12..14)), "")
    {
        found.push(Reading { at, has_time: digits.len() > 8 });
    }
    if matches!(digits.len(), 10 | 13)
        && let Some(at) = digits.parse().ok().and_then(Timestamp::from_source)
    {
        found.push(Reading { at, has_time: true });
    }
    found
}

/// Parses a date with separators: `2026-11-01`, `01.11.2026`, `1-Nov-2026`, `Nov 1 2026`. If day and month
/// are interchangeable, there are two interpretations.
fn separated(parts: &[Part<'_>]) -> (Vec<Reading>, usize) {
    const BETWEEN: [char; 4] = ['-', '_', '.', ' '];
    let mut values = Vec::new();
    let mut used = 0;
    for part in parts {
        match part {
            Part::Sign(sign) if values.len() < 3 && !values.is_empty() => {
                let is_joint = matches!(parts[used - 1], Part::Digits(_) | Part::Letters(_))
                    && BETWEEN.contains(sign)
                    || (*sign == ' ' && parts[used - 1] == Part::Sign(','))
                    || *sign == ',';
                if !is_joint {
                    break;
                }
            }
            Part::Digits(_) | Part::Letters(_) if values.len() < 3 => values.push(*part),
            _ => break,
        }
        used += 1;
        if values.len() == 3 {
            break;
        }
    }
    let [one, two, three] = values.as_slice() else { return (Vec::new(), 1) };
    let day = |year: &str, month: &str, day: &str| {
        let at = moment((year, month, day), ("00", "00", "00"), "")?;
        Some(Reading { at, has_time: false })
    };
    let found: Vec<Option<Reading>> = match (*one, *two, *three) {
        (Part::Digits(y), Part::Digits(m), Part::Digits(d)) if y.len() == 4 => vec![day(y, m, d)],
        (Part::Digits(a), Part::Digits(b), Part::Digits(y)) if y.len() == 4 => {
            vec![day(y, b, a), day(y, a, b)]
        }
        (Part::Digits(d), Part::Letters(m), Part::Digits(y)) if y.len() == 4 => vec![day(y, &month(m), d)],
        (Part::Letters(m), Part::Digits(d), Part::Digits(y)) if y.len() == 4 => vec![day(y, &month(m), d)],
        (Part::Digits(y), Part::Letters(m), Part::Digits(d)) if y.len() == 4 => vec![day(y, &month(m), d)],
        _ => Vec::new(),
    };
    let mut found: Vec<_> = found.into_iter().flatten().collect();
    found.dedup();
    let used = if found.is_empty() { 1 } else { used };
    (found, used)
}

/// Returns the number of a month, or an invalid text.
fn month(name: &str) -> String {
    let name = name.to_lowercase();
    let at = MONTHS.iter().position(|month| *month == name);
    let at = at.or_else(|| MONTHS_IN_FULL.iter().position(|month| *month == name));
    at.or_else(|| (name == "sept").then_some(8)).map_or_else(String::new, |at| (at + 1).to_string())
}

/// Adds the time that follows a day, if any: `T12_00`, `-1200`, ` at 12.00.05`, `T120000Z`, `_12-00+0200`.
fn with_time(day: Reading, parts: &[Part<'_>]) -> (Reading, usize) {
    let none = (day, 0);
    let mut at = 0;
    // Separators allowed between a day and its time.
    while let Some(part) = parts.get(at) {
        match part {
            Part::Sign('-' | '_' | '.' | ' ' | ',') => at += 1,
            Part::Letters(word) if matches!(*word, "T" | "t" | "at" | "um" | "a") => at += 1,
            _ => break,
        }
    }
    let between = at;
    let Some(Part::Digits(first)) = parts.get(at) else { return none };
    // The next day may look like an hour and a minute: `2026-10-01_2026-11-01`.
    if !separated(&parts[at..]).0.is_empty() {
        return none;
    }
    let clock = match first.len() {
        4 | 6 => {
            at += 1;
            [&first[..2], &first[2..4], if first.len() == 6 { &first[4..] } else { "00" }]
        }
        1 | 2 => {
            let Some((minute, seconds)) = clock_after(&parts[at + 1..]) else { return none };
            at += 3 + if seconds.is_some() { 2 } else { 0 };
            [first, minute, seconds.unwrap_or("00")]
        }
        _ => return none,
    };
    // Fractions of a second are ignored.
    if let [Part::Sign('.'), Part::Digits(fraction), ..] = &parts[at.min(parts.len())..]
        && fraction.len() <= 9
        && matches!(parts.get(at + 2), Some(Part::Letters("Z" | "z")))
    {
        at += 2;
    }
    let (zone, more) = zone(&parts[at.min(parts.len())..]);
    // Four digits right after the day may be a counter; a time needs a separator.
    if between == 0 {
        return none;
    }
    let days = day.at;
    let time =
        format!("{}T{:0>2}:{:0>2}:{:0>2}{zone}", &days.to_rfc3339()[..10], clock[0], clock[1], clock[2]);
    match Timestamp::parse(&time) {
        Some(moment) => (Reading { at: moment, has_time: true }, at + more),
        None => none,
    }
}

/// Parses minutes and optional seconds after an hour.
fn clock_after<'n>(parts: &[Part<'n>]) -> Option<(&'n str, Option<&'n str>)> {
    let is_joint =
        |sign: char| matches!(sign, ':' | '-' | '_' | '.' | 'h' | '\u{a789}' | '\u{ff1a}' | '\u{2236}');
    let [joint, Part::Digits(minute), rest @ ..] = parts else { return None };
    let has_joint = match joint {
        Part::Sign(sign) => is_joint(*sign),
        Part::Letters(letters) => *letters == "h",
        Part::Digits(_) => false,
    };
    if !has_joint || minute.len() != 2 {
        return None;
    }
    match rest {
        [Part::Sign(sign), Part::Digits(seconds), ..] if is_joint(*sign) && seconds.len() == 2 => {
            Some((minute, Some(seconds)))
        }
        _ => Some((minute, None)),
    }
}

/// Parses `Z`, `+0200`, `+02-00`. A minus counts as a hyphen between words.
fn zone(parts: &[Part<'_>]) -> (String, usize) {
    match parts {
        [Part::Letters("Z" | "z" | "UTC" | "utc"), ..] => ("Z".to_owned(), 1),
        [Part::Sign('+'), Part::Digits(offset), ..] if offset.len() == 4 => (format!("+{offset}"), 2),
        [Part::Sign('+'), Part::Digits(hours), Part::Sign(':' | '_' | '-'), Part::Digits(minutes), ..]
            if hours.len() == 2 && minutes.len() == 2 =>
        {
            (format!("+{hours}:{minutes}"), 4)
        }
        _ => (String::new(), 0),
    }
}

fn moment(date: (&str, &str, &str), time: (&str, &str, &str), zone: &str) -> Option<Timestamp> {
    let text = format!(
        "{:0>4}-{:0>2}-{:0>2}T{:0>2}:{:0>2}:{:0>2}{zone}",
        date.0, date.1, date.2, time.0, time.1, time.2
    );
    Timestamp::parse(&text).filter(|at| Timestamp::from_source(at.as_ms()).is_some())
}

#[cfg(test)]
mod tests;
