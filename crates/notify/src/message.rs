//! A message to people: what happened, by how much, how that is known and why it is sent. Renderers turn one message
//! into the form of each service.

use std::fmt;
use std::str::FromStr;
use url::Url;

/// Most UTF-16 units of a title.
pub const TITLE_MAX: usize = 150;
/// Most UTF-16 units of the sentence.
pub const SENTENCE_MAX: usize = 500;
/// Most UTF-16 units of the number.
pub const NUMBER_MAX: usize = 100;
/// Most UTF-16 units of its basis.
pub const BASIS_MAX: usize = 200;
/// Most UTF-16 units of the reason.
pub const REASON_MAX: usize = 300;
/// Most facts; more are dropped.
pub const FACTS_MAX: usize = 8;
/// Most UTF-16 units of the name of a fact.
pub const FACT_NAME_MAX: usize = 60;
/// Most UTF-16 units of the value of a fact.
pub const FACT_VALUE_MAX: usize = 120;
/// Longest link, in bytes.
pub const LINK_BYTES_MAX: usize = 900;

/// Sign at the end of a text that was cut.
const CUT: char = '\u{2026}';

/// Text of one line: without control characters and line breaks, which become blanks, and without the characters that
/// reorder text. Names of hashtags are whatever somebody on TikTok wrote.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line(String);

impl Line {
    /// Makes a line of any text.
    pub fn new(text: &str) -> Self {
        let is_reordering = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        let is_break = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        let plain = text.chars().filter(|c| !is_reordering(*c));
        let plain: String = plain.map(|c| if is_break(c) { ' ' } else { c }).collect();
        Self(plain.trim().to_owned())
    }

    /// Makes a line of at most so many UTF-16 units.
    fn at_most(text: &str, units: usize) -> Self {
        Self(fit(Self::new(text).as_str(), Limit::Utf16(units), as_is))
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if nothing is on it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Absolute URL of http or https, at most [`LINK_BYTES_MAX`] long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link(Url);

/// A text that is no [`Link`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a link is a URL of http or https with at most {LINK_BYTES_MAX} bytes")]
pub struct LinkError;

impl FromStr for Link {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let url = Url::parse(text).map_err(|_| LinkError)?;
        let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
        if is_web && url.as_str().len() <= LINK_BYTES_MAX { Ok(Self(url)) } else { Err(LinkError) }
    }
}

impl Link {
    /// Returns the URL.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

/// A named value of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Name.
    pub name: Line,
    /// Value with its unit.
    pub value: Line,
}

/// A message. Texts that are too long are cut, and end in an ellipsis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub(crate) title: Line,
    pub(crate) sentence: Line,
    pub(crate) number: Line,
    pub(crate) basis: Line,
    pub(crate) reason: Line,
    pub(crate) facts: Vec<Fact>,
    pub(crate) link: Option<Link>,
    pub(crate) mute: Option<Link>,
}

/// Text of the link to mute an alert.
pub(crate) const MUTE: &str = "Mute for a week";
/// Text of the link to the page of an alert.
pub(crate) const OPEN: &str = "Open";

impl Message {
    /// Creates a message of a title, `#cat grows fast`, and a sentence, `#cat gained 1.2 M views in a day, 3 times its
    /// usual.`
    pub fn new(title: &str, sentence: &str) -> Self {
        Self {
            title: Line::at_most(title, TITLE_MAX),
            sentence: Line::at_most(sentence, SENTENCE_MAX),
            number: Line::default(),
            basis: Line::default(),
            reason: Line::default(),
            facts: Vec::new(),
            link: None,
            mute: None,
        }
    }

    /// Adds the number with its unit, `+1.2 M views a day`, and how it is known, `reported by TikTok, rounded to 100 K`.
    #[must_use]
    pub fn with_number(mut self, number: &str, basis: &str) -> Self {
        self.number = Line::at_most(number, NUMBER_MAX);
        self.basis = Line::at_most(basis, BASIS_MAX);
        self
    }

    /// Adds the reason why it is sent, `Your alert: views grow by more than 2.1 % a day`.
    #[must_use]
    pub fn with_reason(mut self, reason: &str) -> Self {
        self.reason = Line::at_most(reason, REASON_MAX);
        self
    }

    /// Adds a fact, unless there are [`FACTS_MAX`] already.
    #[must_use]
    pub fn with_fact(mut self, name: &str, value: &str) -> Self {
        if self.facts.len() < FACTS_MAX {
            let (name, value) = (Line::at_most(name, FACT_NAME_MAX), Line::at_most(value, FACT_VALUE_MAX));
            self.facts.push(Fact { name, value });
        }
        self
    }

    /// Adds the link to the page about it.
    #[must_use]
    pub fn with_link(mut self, link: Link) -> Self {
        self.link = Some(link);
        self
    }

    /// Adds the link that mutes the alert for a week.
    #[must_use]
    pub fn with_mute(mut self, mute: Link) -> Self {
        self.mute = Some(mute);
        self
    }

    /// Returns the links with their texts.
    pub(crate) fn links(&self) -> impl Iterator<Item = (&'static str, &Link)> {
        let open = self.link.iter().map(|link| (OPEN, link));
        open.chain(self.mute.iter().map(|link| (MUTE, link)))
    }

    /// Returns number and basis in one line, `+1.2 M views a day (reported by TikTok)`; empty without a number.
    pub(crate) fn measured(&self) -> String {
        match (self.number.is_empty(), self.basis.is_empty()) {
            (true, _) => String::new(),
            (false, true) => self.number.to_string(),
            (false, false) => format!("{} ({})", self.number, self.basis),
        }
    }

    /// Returns the lines of the message without its title, facts and links; none is empty.
    pub(crate) fn core(&self) -> Vec<String> {
        let lines = [self.sentence.to_string(), self.measured(), self.reason.to_string()];
        lines.into_iter().filter(|line| !line.is_empty()).collect()
    }

    /// Returns the lines of the message without its links, and with its first facts; what was left out is counted.
    pub(crate) fn lines(&self, facts: usize) -> Vec<String> {
        let title = std::iter::once(self.title.to_string());
        title.chain(self.core()).chain(fact_lines(&self.facts, facts)).collect()
    }

    /// Returns a line for each link: its text and the URL.
    pub(crate) fn link_lines(&self) -> impl Iterator<Item = String> {
        self.links().map(|(text, link)| format!("{text}: {}", link.as_str()))
    }

    /// Returns the whole message as plain text with its first facts.
    pub(crate) fn plain(&self, facts: usize) -> String {
        let mut lines = self.lines(facts);
        lines.extend(self.link_lines());
        lines.join("\n")
    }
}

/// Returns `name: value` for the first facts, and a line with the number of the others.
pub(crate) fn fact_lines(facts: &[Fact], most: usize) -> impl Iterator<Item = String> {
    let lines = facts.iter().take(most).map(|fact| format!("{}: {}", fact.name, fact.value));
    lines.chain(left_out(facts, most))
}

/// Returns the line that says how many facts are not shown, if any.
pub(crate) fn left_out(facts: &[Fact], shown: usize) -> Option<String> {
    let count = facts.len().saturating_sub(shown);
    (count > 0).then(|| format!("({count} more left out)"))
}

/// Largest size of a text, in the unit that a service counts in.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Limit {
    /// UTF-16 code units: no service counts a text as more of its characters.
    Utf16(usize),
    /// Bytes of UTF-8.
    Bytes(usize),
}

impl Limit {
    fn max(self) -> usize {
        let (Self::Utf16(max) | Self::Bytes(max)) = self;
        max
    }

    /// Returns true if a text is not too large.
    pub(crate) fn holds(self, text: &str) -> bool {
        self.size(text) <= self.max()
    }

    /// Returns the size of a text.
    pub(crate) fn size(self, text: &str) -> usize {
        match self {
            Self::Utf16(_) => text.encode_utf16().count(),
            Self::Bytes(_) => text.len(),
        }
    }
}

/// Escapes a text character by character and cuts it, with an ellipsis, where it would become too large: never within
/// an escape.
pub(crate) fn fit(text: &str, limit: Limit, escape: impl Fn(char, &mut String)) -> String {
    let cut_size = limit.size(CUT.encode_utf8(&mut [0; 4]));
    let (mut out, mut used, mut cut_at) = (String::new(), 0, 0);
    for c in text.chars() {
        let before = out.len();
        escape(c, &mut out);
        used += limit.size(&out[before..]);
        if used > limit.max() {
            out.truncate(cut_at);
            out.push(CUT);
            return out;
        }
        if used.saturating_add(cut_size) <= limit.max() {
            cut_at = out.len();
        }
    }
    out
}

/// Escape of texts without markup: none.
pub(crate) fn as_is(c: char, out: &mut String) {
    out.push(c);
}

/// Escape of texts in which `@name` notifies people: a blank of no width makes it none.
pub(crate) fn no_mention(c: char, out: &mut String) {
    out.push(c);
    if c == '@' {
        out.push('\u{200b}');
    }
}

/// Escape of texts in which entities are decoded: HTML outside of attributes, and all texts of Slack.
pub(crate) fn entities(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        _ => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_have_no_breaks_and_keep_their_order() {
        let line = Line::new("\t#c\u{e4}t\r\nBcc: x\u{202e}evil\u{2066}\u{0}\u{85}\u{2028}end ");
        assert_eq!(line.as_str(), "#c\u{e4}t  Bcc: xevil   end");
        assert!(Line::new("\n\u{200f}").is_empty());
        // What joins an emoji stays.
        let family = "\u{1f468}\u{200d}\u{1f469}";
        assert_eq!(Line::new(family).as_str(), family);
    }

    #[test]
    fn links_lead_to_the_web() {
        for text in
            ["javascript:alert(1)", "data:text/html,x", "/alerts", "file:///etc/passwd", "https://", ""]
        {
            assert_eq!(text.parse::<Link>(), Err(LinkError), "{text}");
        }
        let long = format!("https://a.example/{}", "x".repeat(LINK_BYTES_MAX));
        assert_eq!(long.parse::<Link>(), Err(LinkError));
        let quoted: Link = "https://a.example/\"<x>\ny".parse().expect("a link");
        assert_eq!(quoted.as_str(), "https://a.example/%22%3Cx%3Ey");
    }

    #[test]
    fn cuts_are_never_within_an_escape() {
        let doubled = |c: char, out: &mut String| out.extend(['\\', c]);
        assert_eq!(fit("abcd", Limit::Utf16(8), doubled), "\\a\\b\\c\\d");
        assert_eq!(fit("abcd", Limit::Utf16(7), doubled), "\\a\\b\\c\u{2026}");
        assert_eq!(fit("abcd", Limit::Utf16(6), doubled), "\\a\\b\u{2026}");
        assert_eq!(fit("abcd", Limit::Bytes(6), doubled), "\\a\u{2026}");
        assert_eq!(fit("\u{1f408}\u{1f408}", Limit::Utf16(3), as_is), "\u{1f408}\u{2026}");
    }

    #[test]
    fn plain_text_says_everything_and_counts_what_it_leaves_out() {
        let message = Message::new("#cat grows fast", "It gained 1.2 M views.")
            .with_number("+1.2 M views", "reported")
            .with_reason("Your alert: 2 % a day")
            .with_fact("Videos", "12")
            .with_fact("Creators", "9")
            .with_link("https://t.example/cat".parse().expect("a link"))
            .with_mute("https://t.example/mute".parse().expect("a link"));
        assert_eq!(
            message.plain(1),
            "#cat grows fast\nIt gained 1.2 M views.\n+1.2 M views (reported)\nYour alert: 2 % a day\nVideos: 12\n\
             (1 more left out)\nOpen: https://t.example/cat\nMute for a week: https://t.example/mute"
        );
        assert_eq!(Message::new("a", "").plain(FACTS_MAX), "a");
    }

    proptest! {
        #[test]
        fn whatever_is_cut_fits(text in ".{0,40}", max in 4_usize..40) {
            for limit in [Limit::Utf16(max), Limit::Bytes(max)] {
                prop_assert!(limit.size(&fit(&text, limit, entities)) <= max);
            }
            let line = Line::new(&text);
            prop_assert_eq!(Line::new(line.as_str()), line.clone());
            prop_assert_eq!(line.as_str().lines().count(), usize::from(!line.is_empty()));
        }
    }
}
