//! Writes XML and HTML: every text and attribute is escaped, every element closed.

use crate::text::escaped;
use std::fmt::Write;

/// A document under construction.
#[derive(Debug, Default)]
pub(crate) struct Markup {
    out: String,
}

/// An element whose attributes are being written. It is closed by [`Tag::empty`], [`Tag::text`] or [`Tag::holding`].
#[derive(Debug)]
#[must_use = "an element is to be closed"]
pub(crate) struct Tag<'a> {
    markup: &'a mut Markup,
    name: &'static str,
}

impl Markup {
    /// Begins an element.
    pub(crate) fn tag(&mut self, name: &'static str) -> Tag<'_> {
        self.out.push('<');
        self.out.push_str(name);
        Tag { markup: self, name }
    }

    /// Adds text.
    pub(crate) fn text(&mut self, text: &str) {
        self.out.push_str(&escaped(text));
    }

    /// Adds trusted markup: the style sheet and other pictures of this crate.
    pub(crate) fn raw(&mut self, markup: &str) {
        self.out.push_str(markup);
    }

    /// Returns the document.
    pub(crate) fn finish(self) -> String {
        self.out
    }
}

impl Tag<'_> {
    /// Adds an attribute.
    pub(crate) fn attr(self, name: &str, value: &str) -> Self {
        self.markup.out.push(' ');
        self.markup.out.push_str(name);
        self.markup.out.push_str("=\"");
        self.markup.out.push_str(&escaped(value));
        self.markup.out.push('"');
        self
    }

    /// Adds a numeric attribute, rounded to two decimals.
    pub(crate) fn number(self, name: &str, value: f64) -> Self {
        self.markup.out.push(' ');
        self.markup.out.push_str(name);
        self.markup.out.push_str("=\"");
        push_number(&mut self.markup.out, value);
        self.markup.out.push('"');
        self
    }

    /// Adds several numeric attributes.
    pub(crate) fn numbers<const N: usize>(self, numbers: [(&str, f64); N]) -> Self {
        numbers.into_iter().fold(self, |tag, (name, value)| tag.number(name, value))
    }

    /// Adds an attribute if it has a value.
    pub(crate) fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// Closes an empty element.
    pub(crate) fn empty(self) {
        self.markup.out.push_str("/>");
    }

    /// Closes an element with a text.
    pub(crate) fn text(self, text: &str) {
        self.holding(|markup| markup.text(text));
    }

    /// Closes an element with the content that `write` adds.
    pub(crate) fn holding(self, write: impl FnOnce(&mut Markup)) {
        let Self { markup, name } = self;
        markup.out.push('>');
        write(markup);
        markup.out.push_str("</");
        markup.out.push_str(name);
        markup.out.push('>');
    }
}

/// The `d` of a path.
#[derive(Debug, Default)]
pub(crate) struct Path {
    out: String,
}

impl Path {
    pub(crate) fn move_to(&mut self, x: f64, y: f64) {
        self.step('M', x, y);
    }

    pub(crate) fn line_to(&mut self, x: f64, y: f64) {
        self.step('L', x, y);
    }

    /// Adds a zero-length line, which round caps turn into a dot.
    pub(crate) fn dot(&mut self) {
        self.out.push_str("h0");
    }

    pub(crate) fn close(&mut self) {
        self.out.push('Z');
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.out
    }

    fn step(&mut self, command: char, x: f64, y: f64) {
        self.out.push(command);
        push_number(&mut self.out, x);
        self.out.push(' ');
        push_number(&mut self.out, y);
    }
}

/// Formats numbers for an attribute: `4 2.5`.
pub(crate) fn number_list(numbers: &[f64]) -> String {
    let mut out = String::new();
    for (place, number) in numbers.iter().enumerate() {
        if place > 0 {
            out.push(' ');
        }
        push_number(&mut out, *number);
    }
    out
}

/// Writes a number with at most two decimals, without trailing zeros.
#[expect(clippy::cast_possible_truncation, reason = "places in a picture are within a few thousand")]
pub(crate) fn push_number(out: &mut String, value: f64) {
    let hundredths = (value * 100.0).round() as i64;
    if hundredths < 0 {
        out.push('-');
    }
    let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    // Writing to a String cannot fail.
    let _ = match (rest, rest % 10) {
        (0, _) => write!(out, "{whole}"),
        (_, 0) => write!(out, "{whole}.{}", rest / 10),
        _ => write!(out, "{whole}.{rest:02}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let of = |value| {
            let mut out = String::new();
            push_number(&mut out, value);
            out
        };
        let values = [0.0, -0.001, 12.0, 12.5, 12.344, -0.05, 3999.999];
        assert_eq!(values.map(of), ["0", "0", "12", "12.5", "12.34", "-0.05", "4000"]);
    }

    #[test]
    fn texts_and_attributes_are_escaped() {
        let mut markup = Markup::default();
        markup.tag("a").attr("b", "\"'<&>").number("c", 1.5).holding(|inner| {
            inner.tag("d").empty();
            inner.tag("e").text("</e>&\u{0}");
        });
        assert_eq!(
            markup.finish(),
            "<a b=\"&quot;&#39;&lt;&amp;&gt;\" c=\"1.5\"><d/><e>&lt;/e&gt;&amp;\u{fffd}</e></a>"
        );
    }
}
