//! Decodes text that is not UTF-8: UTF-16 with a byte order mark, or an encoding that the user names. It runs before
//! any parsing, so every text format may have any encoding.

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::io::{self, Read};

/// Bytes decoded at a time.
const CHUNK_BYTES: usize = 64 * 1024;

/// Replaces undecodable bytes. It is never valid in UTF-8, so the parser rejects the record.
const UNDECODED: u8 = 0xff;

/// Returns the encoding of a text with this beginning, if it needs decoding. A byte order mark overrides the
/// user's choice.
pub(crate) fn of(head: &[u8], stated: Option<&'static Encoding>) -> Option<&'static Encoding> {
    match head {
        [0xef, 0xbb, 0xbf, ..] => None,
        [0xff, 0xfe, ..] => Some(UTF_16LE),
        [0xfe, 0xff, ..] => Some(UTF_16BE),
        _ => stated.filter(|encoding| *encoding != UTF_8),
    }
}

/// A stream of text, decoded to UTF-8.
pub(crate) struct Decoded<R> {
    stream: R,
    decoder: encoding_rs::Decoder,
    /// Bytes not decoded yet.
    raw: Vec<u8>,
    /// Decoded bytes, and how many of them were consumed.
    text: Vec<u8>,
    taken: usize,
    is_at_end: bool,
}

impl<R: Read> Decoded<R> {
    pub(crate) fn new(encoding: &'static Encoding, stream: R) -> Self {
        Self {
            stream,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: Vec::new(),
            text: Vec::new(),
            taken: 0,
            is_at_end: false,
        }
    }

    /// Decodes the next bytes.
    fn fill(&mut self) -> io::Result<()> {
        self.text.clear();
        self.taken = 0;
        self.raw.resize(CHUNK_BYTES, 0);
        let bytes = self.stream.read(&mut self.raw)?;
        self.is_at_end = bytes == 0;
        let mut rest = &self.raw[..bytes];
        loop {
            let room = self.decoder.max_utf8_buffer_length_without_replacement(rest.len());
            let start = self.text.len();
            self.text.resize(start + room.unwrap_or(CHUNK_BYTES * 3).max(16), 0);
            let (result, read, wrote) = self.decoder.decode_to_utf8_without_replacement(
                rest,
                &mut self.text[start..],
                self.is_at_end,
            );
            self.text.truncate(start + wrote);
            rest = &rest[read..];
            match result {
                DecoderResult::InputEmpty => return Ok(()),
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.text.push(UNDECODED),
            }
        }
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() && !self.is_at_end {
            self.fill()?;
        }
        let rest = &self.text[self.taken..];
        let bytes = rest.len().min(buffer.len());
        buffer[..bytes].copy_from_slice(&rest[..bytes]);
        self.taken += bytes;
        Ok(bytes)
    }
}

/// Returns why bytes are not text, and what to do.
pub(crate) fn not_text(bytes: &[u8], stated: Option<&'static Encoding>) -> String {
    if let Some(encoding) = stated.filter(|encoding| *encoding != UTF_8) {
        return format!("bytes that are not {}, as --encoding says", encoding.name());
    }
    let at = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), |_| 0);
    match bytes.get(at) {
        Some(&UNDECODED) => "bytes that are no text in the encoding of the file".to_owned(),
        byte => format!(
            "not UTF-8 (byte {:#04x}): state the encoding of the file, such as --encoding windows-1252, or save it as UTF-8",
            byte.copied().unwrap_or_default()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(bytes: &[u8], stated: Option<&str>) -> Vec<u8> {
        /// A stream that returns one byte at a time.
        struct Slow<'a>(&'a [u8]);
        impl Read for Slow<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                let Some((first, rest)) = self.0.split_first() else { return Ok(0) };
                (buffer[0], self.0) = (*first, rest);
                Ok(1)
            }
        }
        let stated = stated.map(|name| Encoding::for_label(name.as_bytes()).expect("an encoding"));
        let encoding = of(bytes, stated).expect("to be decoded");
        let mut text = Vec::new();
        Decoded::new(encoding, Slow(bytes)).read_to_end(&mut text).expect("decoded");
        text
    }

    #[test]
    fn text_is_decoded_by_its_mark_or_by_what_the_user_states() {
        let utf_16 =
            |text: &str, order: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(order).collect::<Vec<_>>();
        assert_eq!(decoded(&utf_16("\u{feff}café 🐈", u16::to_le_bytes), None), "café 🐈".as_bytes());
        assert_eq!(decoded(&utf_16("\u{feff}café 🐈", u16::to_be_bytes), None), "café 🐈".as_bytes());
        assert_eq!(decoded(&utf_16("café", u16::to_le_bytes), Some("utf-16le")), "café".as_bytes());
        assert_eq!(decoded(b"caf\xe9 \x80", Some("windows-1252")), "café €".as_bytes());
        assert_eq!(decoded(b"\xea\xee\xf2", Some("windows-1251")), "кот".as_bytes());
        assert_eq!(decoded(b"\x94\x4c", Some("shift_jis")), "猫".as_bytes());
        // Invalid text stays invalid.
        assert_eq!(decoded(b"a\x81\xff b", Some("shift_jis")), b"a\xff b");
        assert_eq!(of(b"\xef\xbb\xbfa", Encoding::for_label(b"windows-1252")), None);
        assert_eq!(of(b"abc", Some(UTF_8)), None);
    }

    #[test]
    fn the_advice_names_the_byte_and_the_option() {
        assert!(not_text(b"caf\xe9", None).starts_with("not UTF-8 (byte 0xe9): state the encoding"));
        assert!(
            not_text(b"\xff", Encoding::for_label(b"shift_jis")).starts_with("bytes that are not Shift_JIS")
        );
    }
}
