//! Builds the header values of every answer on the stack: the general ways allocate two or three times for
//! each, and an answer has ten.

use domain::Timestamp;
use http::HeaderValue;

/// Longest value, in bytes.
const BYTES_MAX: usize = 160;

/// Builder of a short ASCII text.
#[derive(Debug)]
pub(crate) struct Text {
    bytes: [u8; BYTES_MAX],
    len: usize,
}

impl Text {
    /// Creates an empty text.
    pub(crate) fn new() -> Self {
        Self { bytes: [0; BYTES_MAX], len: 0 }
    }

    /// Appends a text.
    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    /// Appends a number in decimal digits.
    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        self.text(itoa::Buffer::new().format(number))
    }

    /// Appends a time in RFC 3339.
    pub(crate) fn time(&mut self, at: Timestamp) -> &mut Self {
        let mut text = Vec::with_capacity(32);
        at.push_rfc3339(&mut text);
        self.bytes(&text)
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let end = self.len + bytes.len();
        self.bytes[self.len..end].copy_from_slice(bytes);
        self.len = end;
        self
    }

    /// Appends bytes in hexadecimal digits.
    pub(crate) fn hexadecimal(&mut self, bytes: &[u8]) -> &mut Self {
        let digits = base16ct::lower::encode(bytes, &mut self.bytes[self.len..]);
        self.len += digits.expect("a value fits the buffer").len();
        self
    }

    /// Returns the header value.
    pub(crate) fn finish(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.bytes[..self.len]).expect("visible ASCII is a header value")
    }
}

/// Returns a number as a header value; 0 and 1, which nearly every answer has, are static.
pub(crate) fn number(number: u64) -> HeaderValue {
    match number {
        0 => HeaderValue::from_static("0"),
        1 => HeaderValue::from_static("1"),
        _ => Text::new().number(number).finish(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_built() {
        let value = Text::new().text("\"minute\";r=").number(u64::MAX).text(";t=").number(0).finish();
        assert_eq!(value, format!("\"minute\";r={};t=0", u64::MAX));
        assert_eq!(
            Text::new().time(Timestamp::from_ms(1_700_000_000_500)).finish(),
            "2023-11-14T22:13:20.500Z"
        );
        assert_eq!(Text::new().hexadecimal(&[0x00, 0x9a, 0xff]).finish(), "009aff");
        for many in [0, 1, 2, 1_000_000, u64::MAX] {
            assert_eq!(number(many), many.to_string());
        }
    }
}
