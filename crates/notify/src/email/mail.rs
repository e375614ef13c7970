//! One e-mail: a text that stands alone, the same as HTML with its charts inside, and attachments.

use crate::message::{FACTS_MAX, Limit, Line, Link, Message, entities, fit};
use crate::webhook::signature::MessageId;
use domain::Timestamp;
use lettre::Address;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, MultiPart, SinglePart};
use std::fmt::Write;
use std::time::{Duration, UNIX_EPOCH};

/// Most bytes of the images and attachments of a mail together: in base64 they are a third more, and most servers refuse
/// mails of over 25 MB.
pub const MAIL_BYTES_MAX: usize = 18_000_000;
/// Longest name of a file or image, in bytes.
pub const FILE_NAME_BYTES_MAX: usize = 120;
/// First bytes of every PNG.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Reason why something cannot be part of a mail.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The name of an image is none.
    #[error("the name of an image has 1 to {FILE_NAME_BYTES_MAX} letters, digits or hyphens")]
    ImageName,
    /// The bytes of an image are no PNG.
    #[error("the image {name} is no PNG")]
    NoPng {
        /// Name of the image.
        name: String,
    },
    /// The HTML shows an image that the mail does not contain, or the mail contains one that it does not show.
    #[error("the images of the HTML and of the mail differ in {name}")]
    Images {
        /// Name of the image.
        name: String,
    },
    /// The name of a file is none.
    #[error("the name of a file has 1 to {FILE_NAME_BYTES_MAX} bytes, no control characters and no slashes")]
    FileName,
    /// The media type of a file is none.
    #[error("{media_type:?} is no media type, such as application/pdf")]
    MediaType {
        /// Text that is no media type.
        media_type: String,
    },
    /// Images and attachments are too large.
    #[error("images and attachments have {bytes} bytes, over {MAIL_BYTES_MAX}")]
    TooLarge {
        /// Bytes of all of them.
        bytes: usize,
    },
    /// There is no text.
    #[error("a mail has a text beside its HTML")]
    NoText,
}

/// A chart inside of a mail, as PNG.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    name: String,
    alt: Line,
    png: Vec<u8>,
}

impl Image {
    /// Creates an image: its name within the mail, what it shows in words, and its bytes.
    ///
    /// # Errors
    ///
    /// The name has other characters than letters, digits and hyphens, or the bytes are no PNG.
    pub fn new(name: &str, alt: &str, png: Vec<u8>) -> Result<Self, MailError> {
        let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(1..=FILE_NAME_BYTES_MAX).contains(&name.len()) || !name.bytes().all(is_allowed) {
            return Err(MailError::ImageName);
        }
        if !png.starts_with(PNG) {
            return Err(MailError::NoPng { name: name.to_owned() });
        }
        Ok(Self { name: name.to_owned(), alt: Line::new(alt), png })
    }

    /// Returns the element that shows it.
    pub fn html(&self) -> String {
        let alt = fit(self.alt.as_str(), Limit::Utf16(usize::MAX), attribute);
        format!("<img src=\"cid:{}\" alt=\"{alt}\" style=\"max-width:100%\">", self.content_id())
    }

    /// Returns its id, which has the form of an address.
    fn content_id(&self) -> String {
        format!("{}@charts.tagmeter", self.name)
    }
}

/// A file that is attached.
#[derive(Debug, Clone)]
pub struct File {
    name: String,
    media_type: ContentType,
    bytes: Vec<u8>,
}

impl File {
    /// Creates a file: `summer.pdf`, `application/pdf` and its bytes.
    ///
    /// # Errors
    ///
    /// The name has control characters or slashes, or the media type is none.
    pub fn new(name: &str, media_type: &str, bytes: Vec<u8>) -> Result<Self, MailError> {
        let is_allowed = |c: char| !c.is_control() && !matches!(c, '/' | '\\');
        if !(1..=FILE_NAME_BYTES_MAX).contains(&name.len()) || !name.chars().all(is_allowed) {
            return Err(MailError::FileName);
        }
        let media_type = ContentType::parse(media_type)
            .map_err(|_| MailError::MediaType { media_type: media_type.to_owned() })?;
        Ok(Self { name: name.to_owned(), media_type, bytes })
    }
}

/// A way out of further mails of the kind: the header `List-Unsubscribe`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// Page of it.
    pub link: Link,
    /// True if a `POST` to the link is enough (RFC 8058), which mail programs then offer as a button.
    pub is_one_click: bool,
}

/// A mail to one address.
#[derive(Debug, Clone)]
pub struct Mail {
    to: Address,
    subject: Line,
    text: String,
    html: String,
    images: Vec<Image>,
    files: Vec<File>,
    unsubscribe: Option<Unsubscribe>,
}

impl Mail {
    /// Creates a mail of a text, the same as HTML, and the images that the HTML shows ([`Image::html`]).
    ///
    /// # Errors
    ///
    /// There is no text, the HTML shows other images, or they are too large.
    pub fn new(
        to: Address,
        subject: &str,
        text: String,
        html: String,
        images: Vec<Image>,
    ) -> Result<Self, MailError> {
        if text.trim().is_empty() {
            return Err(MailError::NoText);
        }
        let contained: Vec<String> = images.iter().map(Image::content_id).collect();
        let shown: Vec<&str> =
            html.split("cid:").skip(1).map(|rest| rest.split('"').next().unwrap_or(rest)).collect();
        let is_known = |cid: &&&str| !contained.iter().any(|known| known == **cid);
        let is_shown = |cid: &&String| !shown.contains(&cid.as_str());
        let differs = shown
            .iter()
            .find(is_known)
            .map(|cid| (*cid).to_owned())
            .or(contained.iter().find(is_shown).cloned());
        if let Some(name) = differs {
            return Err(MailError::Images { name });
        }
        let mail = Self {
            to,
            subject: Line::new(subject),
            text,
            html,
            images,
            files: Vec::new(),
            unsubscribe: None,
        };
        mail.checked()
    }

    /// Creates the mail of a message: its plain text, and its HTML with charts.
    ///
    /// # Errors
    ///
    /// The charts are too large.
    pub fn of(to: Address, message: &Message, charts: Vec<Image>) -> Result<Self, MailError> {
        let (text, html) = (message.plain(FACTS_MAX), html(message, &charts));
        Self::new(to, message.title.as_str(), text, html, charts)
    }

    /// Creates the mail of several messages under a title, each with its charts.
    ///
    /// # Errors
    ///
    /// The charts are too large.
    pub fn of_many(
        to: Address,
        title: &str,
        messages: Vec<(Message, Vec<Image>)>,
    ) -> Result<Self, MailError> {
        let texts = messages.iter().map(|(message, _)| message.plain(FACTS_MAX));
        let text = std::iter::once(Line::new(title).as_str().to_owned())
            .chain(texts)
            .collect::<Vec<_>>()
            .join("\n\n");
        let mut html = String::from(HTML_BEGIN);
        for (message, charts) in &messages {
            section(&mut html, message, charts);
        }
        html.push_str(HTML_END);
        Self::new(to, title, text, html, messages.into_iter().flat_map(|(_, charts)| charts).collect())
    }

    /// Attaches a file.
    ///
    /// # Errors
    ///
    /// The mail becomes too large.
    pub fn with_file(mut self, file: File) -> Result<Self, MailError> {
        self.files.push(file);
        self.checked()
    }

    /// Adds the way out.
    #[must_use]
    pub fn with_unsubscribe(mut self, unsubscribe: Unsubscribe) -> Self {
        self.unsubscribe = Some(unsubscribe);
        self
    }

    fn checked(self) -> Result<Self, MailError> {
        let images = self.images.iter().map(|image| image.png.len());
        let bytes = images.chain(self.files.iter().map(|file| file.bytes.len())).sum();
        if bytes > MAIL_BYTES_MAX { Err(MailError::TooLarge { bytes }) } else { Ok(self) }
    }

    /// Returns the mail as it is sent: `mixed` of `alternative` of the text and of `related` of HTML and images, and of
    /// the files. Attempts at the same mail have the same id.
    pub(super) fn message(&self, from: &Mailbox, id: &MessageId, now: Timestamp) -> lettre::Message {
        let since_1970 = Duration::from_millis(u64::try_from(now.as_ms()).unwrap_or(0));
        let mut builder = lettre::Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, self.to.clone()))
            .subject(self.subject.as_str())
            .date(UNIX_EPOCH + since_1970)
            .message_id(Some(format!("<{id}@{}>", from.email.domain())));
        for (name, value) in self.unsubscribe.iter().flat_map(headers) {
            let name = HeaderName::new_from_ascii_str(name);
            builder = builder.raw_header(HeaderValue::new(name, value));
        }
        let html = SinglePart::html(self.html.clone());
        let alternative = MultiPart::alternative().singlepart(SinglePart::plain(self.text.clone()));
        let alternative = if self.images.is_empty() {
            alternative.singlepart(html)
        } else {
            let png = ContentType::parse("image/png").expect("a media type");
            let related = self.images.iter().fold(MultiPart::related().singlepart(html), |related, image| {
                let file_name = format!("{}.png", image.name);
                let part = Attachment::new_inline_with_name(image.content_id(), file_name);
                related.singlepart(part.body(image.png.clone(), png.clone()))
            });
            alternative.multipart(related)
        };
        let body = if self.files.is_empty() {
            alternative
        } else {
            self.files.iter().fold(MultiPart::mixed().multipart(alternative), |mixed, file| {
                let part = Attachment::new(file.name.clone());
                mixed.singlepart(part.body(file.bytes.clone(), file.media_type.clone()))
            })
        };
        builder.multipart(body).expect("it has a sender and a receiver")
    }
}

/// Returns the headers of a way out.
fn headers(unsubscribe: &Unsubscribe) -> Vec<(&'static str, String)> {
    let mut headers = vec![("List-Unsubscribe", format!("<{}>", unsubscribe.link.as_str()))];
    if unsubscribe.is_one_click {
        headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    headers
}

/// Escape of values of attributes in double quotes.
fn attribute(c: char, out: &mut String) {
    if c == '"' { out.push_str("&quot;") } else { entities(c, out) }
}

const HTML_BEGIN: &str =
    "<!doctype html>\n<html><head><meta charset=\"utf-8\"></head><body style=\"font-family:sans-serif\">\n";
const HTML_END: &str = "</body></html>\n";

fn html(message: &Message, charts: &[Image]) -> String {
    let mut html = String::from(HTML_BEGIN);
    section(&mut html, message, charts);
    html.push_str(HTML_END);
    html
}

/// Adds a message with its charts.
fn section(html: &mut String, message: &Message, charts: &[Image]) {
    let text = |line: &Line| fit(line.as_str(), Limit::Utf16(usize::MAX), entities);
    let mut element = |before: &str, inner: &str, after: &str| {
        if !inner.is_empty() {
            writeln!(html, "{before}{inner}{after}").expect("a String takes every text");
        }
    };
    element("<h1 style=\"font-size:1.3em\">", &text(&message.title), "</h1>");
    element("<p>", &text(&message.sentence), "</p>");
    element("<p><strong>", &text(&message.number), "</strong></p>");
    element("<p><small>", &text(&message.basis), "</small></p>");
    let rows = message.facts.iter();
    let rows =
        rows.map(|fact| format!("<tr><td>{}</td><td>{}</td></tr>", text(&fact.name), text(&fact.value)));
    element("<table>", &rows.collect::<String>(), "</table>");
    for chart in charts {
        element("<p>", &chart.html(), "</p>");
    }
    let links = message.links().map(|(name, link)| {
        let url = fit(link.as_str(), Limit::Utf16(usize::MAX), attribute);
        format!("<a href=\"{url}\">{name}</a>")
    });
    element("<p>", &links.collect::<Vec<_>>().join(" \u{b7} "), "</p>");
    element("<p><small>", &text(&message.reason), "</small></p>");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to() -> Address {
        "me@example.com".parse().expect("an address")
    }

    fn image(name: &str) -> Image {
        Image::new(name, "Views of \"#cat\" <by day>", PNG.to_vec()).expect("an image")
    }

    #[test]
    fn parts_that_would_break_a_mail_are_refused() {
        for name in ["", "a b", "a\r\nBcc: x", "a\"b", "caf\u{e9}", &"a".repeat(121)] {
            assert_eq!(Image::new(name, "", PNG.to_vec()), Err(MailError::ImageName), "{name:?}");
        }
        let no_png = Image::new("chart", "", b"GIF89a".to_vec());
        assert_eq!(no_png, Err(MailError::NoPng { name: "chart".to_owned() }));
        for name in ["", "a\r\nBcc: x", "../a", "a\\b", "a\u{0}", &"a".repeat(121)] {
            let file = File::new(name, "text/csv", Vec::new());
            assert_eq!(file.err(), Some(MailError::FileName), "{name:?}");
        }
        let file = File::new("a.pdf", "pdf\r\nBcc: x", Vec::new());
        assert!(matches!(file, Err(MailError::MediaType { .. })), "{file:?}");
    }

    #[test]
    fn a_mail_has_a_text_and_the_images_it_shows() {
        let mail =
            |text: &str, html: String, images| Mail::new(to(), "x", text.to_owned(), html, images).err();
        let (first, other) = (image("a"), image("b"));
        assert_eq!(mail(" \n", String::new(), Vec::new()), Some(MailError::NoText));
        assert_eq!(mail("x", first.html(), vec![first.clone()]), None);
        let differ = |name: &str| Some(MailError::Images { name: format!("{name}@charts.tagmeter") });
        assert_eq!(mail("x", first.html(), Vec::new()), differ("a"));
        assert_eq!(mail("x", first.html(), vec![first.clone(), other]), differ("b"));
    }

    #[test]
    fn what_is_too_large_for_most_servers_is_refused() {
        let file = |bytes| File::new("a.pdf", "application/pdf", vec![0; bytes]).expect("a file");
        let message = Message::new("#cat", "It grows.");
        let mail = Mail::of(to(), &message, vec![image("a")]).expect("a mail");
        let mail = mail.with_file(file(MAIL_BYTES_MAX - PNG.len())).expect("it just fits");
        let bytes = MAIL_BYTES_MAX + 1;
        assert_eq!(mail.with_file(file(1)).err(), Some(MailError::TooLarge { bytes }));
    }

    #[test]
    fn html_is_escaped_and_complete() {
        let message = Message::new("<b>#cat</b> & \"dog\"", "It gained 1.2 M views.")
            .with_number("+1.2 M views", "reported")
            .with_reason("Your alert")
            .with_fact("Videos", "<12>")
            .with_link("https://t.example/cat?a=1&b='2'".parse().expect("a link"));
        insta::assert_snapshot!(html(&message, &[image("views")]));
    }
}
