//! A report as a mail: a text that stands alone, the same as HTML with its first charts inside, and the files.

use crate::settings::Facts;
use charts::report::{KeyFigure, Report, Section, rasterised};
use charts::{Chart, day, escaped, moment};
use domain::{Slug, Timestamp};
use notify::email::{File, Image, MAIL_BYTES_MAX, Mail, MailError, Unsubscribe};
use notify::message::Link;
use reports::Format;
use std::fmt::Write;
use store::issues::{Issue, IssueKind};

/// Most charts in a mail. The rest are in the files and behind the link.
const CHARTS_MAX: usize = 5;
/// Most sections with sentences in a mail.
const SECTIONS_MAX: usize = 6;
/// Most key figures, and most sentences, of a section in a mail.
const ENTRIES_MAX: usize = 8;
/// Pixels of a chart for each of its own.
const SCALE: u8 = 2;

/// A report, ready for each of its recipients.
pub(crate) struct Letter {
    subject: String,
    /// Lines before the sections.
    head: Vec<String>,
    sections: Vec<Part>,
    /// Lines after them.
    foot: Vec<String>,
    link: Option<String>,
    files: Vec<File>,
}

/// A section of a letter.
struct Part {
    heading: String,
    lines: Vec<String>,
    images: Vec<Image>,
}

/// Link of a report.
#[derive(Clone)]
pub(crate) struct ReportLink {
    /// The whole URL.
    pub(crate) url: String,
    /// Time from which it shows nothing.
    pub(crate) until: Timestamp,
}

impl Letter {
    /// Makes the letter of a report. Uses one core for up to some seconds.
    pub(crate) fn of(report: &Report, issue: &Issue, facts: &Facts, link: Option<ReportLink>) -> Self {
        let mut bytes = 0;
        let mut sections = sections(report, &mut bytes);
        sections.retain(|part| !part.lines.is_empty() || !part.images.is_empty());
        let mut foot = vec![report.notice.clone()];
        let files = files(report, facts, &mut bytes, &mut foot);
        if let Some(link) = &link {
            foot.push(format!("The link is open until {}, for whoever has it.", day(link.until)));
        }
        let sender = report.brand.sender.trim();
        let by = if sender.is_empty() { String::new() } else { format!("{sender} sends it ") };
        let rhythm = &facts.settings.rhythm;
        foot.push(match (issue.kind, by.as_str()) {
            (IssueKind::Test, _) => format!("This is a test of a report that is sent {rhythm}."),
            (IssueKind::Due, "") => format!("It is sent {rhythm}."),
            (IssueKind::Due, by) => format!("{by}{rhythm}."),
        });
        foot.retain(|line| !line.is_empty());
        Self {
            subject: subject(issue, facts),
            head: head(issue, facts),
            sections,
            foot,
            link: link.map(|link| link.url),
            files,
        }
    }

    /// Makes the mail for a recipient, with a link by which it leaves.
    pub(crate) fn mail(&self, to: &str, way_out: Option<&str>) -> Result<Option<Mail>, MailError> {
        let Ok(to) = to.parse() else { return Ok(None) };
        let images = self.sections.iter().flat_map(|part| part.images.iter().cloned()).collect();
        let mut mail = Mail::new(to, &self.subject, self.text(way_out), self.html(way_out), images)?;
        for file in &self.files {
            mail = mail.with_file(file.clone())?;
        }
        Ok(Some(match way_out.and_then(|link| link.parse::<Link>().ok()) {
            Some(link) => mail.with_unsubscribe(Unsubscribe { link, is_one_click: true }),
            None => mail,
        }))
    }

    fn text(&self, way_out: Option<&str>) -> String {
        let mut text = format!("{}\n", self.subject);
        let mut line = |line: &str| {
            text.push_str(line);
            text.push('\n');
        };
        self.head.iter().for_each(|one| line(one));
        for part in self.sections.iter().filter(|part| !part.lines.is_empty()) {
            line("");
            line(&part.heading);
            part.lines.iter().for_each(|one| line(&format!("- {one}")));
        }
        line("");
        if let Some(link) = &self.link {
            line(&format!("The whole report: {link}"));
        }
        self.foot.iter().for_each(|one| line(one));
        if let Some(link) = way_out {
            line(&format!("To get no more of these: {link}"));
        }
        text
    }

    fn html(&self, way_out: Option<&str>) -> String {
        let mut html = String::from(
            "<!doctype html>\n<html><head><meta charset=\"utf-8\"></head><body style=\"font-family:sans-serif\">\n",
        );
        let mut element = |name: &str, text: &str| {
            let _ = writeln!(html, "<{name}>{text}</{}>", name.split(' ').next().unwrap_or(name));
        };
        element("h1 style=\"font-size:1.3em\"", &escaped(&self.subject));
        self.head.iter().for_each(|line| element("p", &escaped(line)));
        for part in &self.sections {
            element("h2 style=\"font-size:1.1em\"", &escaped(&part.heading));
            let items: String = part.lines.iter().map(|line| format!("<li>{}</li>", escaped(line))).collect();
            if !items.is_empty() {
                element("ul", &items);
            }
            part.images.iter().for_each(|image| element("p", &image.html()));
        }
        if let Some(link) = &self.link {
            element("p", &format!("<a href=\"{}\">The whole report</a>", escaped(link)));
        }
        self.foot.iter().for_each(|line| element("p style=\"font-size:.85em\"", &escaped(line)));
        if let Some(link) = way_out {
            let link = format!("<a href=\"{}\">Get no more of these</a>", escaped(link));
            element("p style=\"font-size:.85em\"", &link);
        }
        html.push_str("</body></html>\n");
        html
    }
}

/// `Campaign summer: 16 to 22 November 2026`
fn subject(issue: &Issue, facts: &Facts) -> String {
    let test = if issue.kind == IssueKind::Test { "Test: " } else { "" };
    format!("{test}{}: {}", facts.title, facts.period)
}

fn head(issue: &Issue, facts: &Facts) -> Vec<String> {
    let mut head = Vec::new();
    let due = moment(issue.period);
    head.push(if facts.is_late {
        format!("Report of {}, sent late: it was due on {due}.", facts.period)
    } else {
        format!("Report of {}.", facts.period)
    });
    if let Some(skipped) = facts.skipped {
        let from = moment(Timestamp::from_ms(skipped.from_ms));
        head.push(match skipped.reports {
            1 => format!("The report that was due on {from} was missed and is not sent."),
            number => format!("{number} reports that were due from {from} on were missed and are not sent."),
        });
    }
    if facts.is_final {
        head.push("This is the last report: the campaign has ended.".to_owned());
    }
    head
}

fn sections(report: &Report, bytes: &mut usize) -> Vec<Part> {
    let mut charts = 0;
    let mut parts = Vec::new();
    for section in report.sections.iter().take(SECTIONS_MAX) {
        let mut images = Vec::new();
        for chart in &section.charts {
            if charts == CHARTS_MAX {
                break;
            }
            if let Some(image) = image(charts + 1, section, chart, report, bytes) {
                charts += 1;
                images.push(image);
            }
        }
        parts.push(Part { heading: section.heading.clone(), lines: lines(section), images });
    }
    parts
}

/// Draws a chart. Without it the mail says the same.
fn image(
    number: usize,
    section: &Section,
    chart: &Chart,
    report: &Report,
    bytes: &mut usize,
) -> Option<Image> {
    let drawn = rasterised(chart, &report.brand, SCALE);
    let drawn = drawn.inspect_err(|error| tracing::warn!(%error, "a mail lacks a chart")).ok()?;
    let title = if chart.title.is_empty() { &section.heading } else { &chart.title };
    let alt = if chart.subtitle.is_empty() { title.clone() } else { format!("{title}: {}", chart.subtitle) };
    fits(bytes, drawn.len()).then(|| Image::new(&format!("chart-{number}"), &alt, drawn).ok()).flatten()
}

fn lines(section: &Section) -> Vec<String> {
    let figures = section.figures.iter().take(ENTRIES_MAX).map(figure);
    let statements = section.statements.iter().take(ENTRIES_MAX).map(|statement| statement.text.clone());
    figures.chain(statements).collect()
}

fn figure(figure: &KeyFigure) -> String {
    let KeyFigure { label, value, note, .. } = figure;
    if note.is_empty() { format!("{label}: {value}") } else { format!("{label}: {value} ({note})") }
}

/// Adds a part of a mail if it still fits.
const fn fits(bytes: &mut usize, more: usize) -> bool {
    let fits = *bytes + more <= MAIL_BYTES_MAX;
    if fits {
        *bytes += more;
    }
    fits
}

/// Writes the files of a report. Those that cannot be attached are named in the foot.
fn files(report: &Report, facts: &Facts, bytes: &mut usize, foot: &mut Vec<String>) -> Vec<File> {
    let mut files = Vec::new();
    let name = format!("{}-{}", Slug::of_title(&facts.title), facts.last_day);
    for format in facts.settings.attach.iter().filter_map(|name| name.parse::<Format>().ok()) {
        let name = format!("{name}.{format}");
        match reports::write(report, format) {
            Ok(written) if !fits(bytes, written.len()) => {
                foot.push(format!("{name} is not attached: with it the mail would be too large."));
            }
            Ok(written) => files.extend(File::new(&name, format.media_type(), written).ok()),
            Err(error) => foot.push(format!("{name} is not attached: {error}.")),
        }
    }
    files
}
