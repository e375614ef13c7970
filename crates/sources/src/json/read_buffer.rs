//! A stream behind a buffer that grows to the size of one record and no further.

use super::scan::{NoEnd, skip_space, value_end};
use std::io::{self, Read};

/// Bytes requested from the stream at a time.
const READ_BYTES: usize = 256 * 1024;

/// A stream with its buffered, unread part.
pub(crate) struct ReadBuffer<R> {
    stream: R,
    buffer: Vec<u8>,
    /// Range of unread bytes in `buffer`; free space follows it.
    start: usize,
    end: usize,
    /// Largest buffer, in bytes.
    cap: usize,
    is_at_end: bool,
    damage: Option<io::Error>,
    /// Number of the line at `start`, from 1.
    line: u64,
}

/// A line or value of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Whole.
    Whole(&'a [u8]),
    /// The beginning of a piece longer than the cap. The rest was skipped.
    TooLong(Vec<u8>),
}

/// Bytes of an oversized piece that are retained for its reject.
const BEGINNING_BYTES: usize = 1024;

impl<R: Read> ReadBuffer<R> {
    /// Wraps a stream, with a buffer of about `cap` bytes.
    pub(crate) fn new(stream: R, cap: usize) -> Self {
        Self { stream, buffer: Vec::new(), start: 0, end: 0, cap, is_at_end: false, damage: None, line: 1 }
    }

    /// Returns the buffered, unread bytes.
    pub(crate) fn buffered(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Returns true if the buffer is at its cap.
    pub(crate) fn is_full(&self) -> bool {
        self.end - self.start >= self.cap
    }

    /// Returns the number of the line at the start of the buffer.
    pub(crate) const fn line(&self) -> u64 {
        self.line
    }

    /// Returns true if reading failed before the end of the stream.
    pub(crate) const fn has_damage(&self) -> bool {
        self.damage.is_some()
    }

    /// Changes the cap.
    pub(crate) fn set_cap(&mut self, cap: usize) {
        self.cap = cap;
    }

    /// Skips the rest of the line. Returns false if there is none.
    pub(crate) fn skip_line(&mut self) -> bool {
        self.skip_to_line_end();
        !self.buffered().is_empty() || self.grow()
    }

    /// Returns the error that ended the stream early, if any.
    pub(crate) fn take_damage(&mut self) -> Option<io::Error> {
        self.damage.take()
    }

    /// Reads more into the buffer. Returns false at the end of the stream or at the cap.
    pub(crate) fn grow(&mut self) -> bool {
        if self.is_at_end || self.is_full() {
            return false;
        }
        if self.start > 0 && self.buffer.len() - self.end < READ_BYTES {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let buffered = self.end - self.start;
        let room = buffered.min(self.cap - buffered).max(READ_BYTES);
        if self.buffer.len() < self.end + room {
            self.buffer.resize(self.end + room, 0);
        }
        loop {
            match self.stream.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.is_at_end = true,
                Ok(bytes) => self.end += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.is_at_end = true;
                    self.damage = Some(error);
                }
            }
            return !self.is_at_end;
        }
    }

    /// Buffers at least `bytes`, if the stream has as many.
    pub(crate) fn fill(&mut self, bytes: usize) -> &[u8] {
        while self.end - self.start < bytes && self.grow() {}
        self.buffered()
    }

    /// Consumes `bytes` of the buffer.
    pub(crate) fn consume(&mut self, bytes: usize) {
        let passed = &self.buffer[self.start..self.start + bytes];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.start += bytes;
    }

    /// Returns the next byte that is not white space, without consuming it.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            let space = skip_space(self.buffered(), 0);
            self.consume(space);
            if let Some(byte) = self.buffered().first() {
                return Some(*byte);
            }
            if !self.grow() {
                return None;
            }
        }
    }

    /// Returns the bytes up to the next newline that ends a record, without it, and consumes both. `ends` is
    /// called at each newline with the bytes since the previous one. `None` at the end of the stream.
    pub(crate) fn line_where(&mut self, mut ends: impl FnMut(&[u8]) -> bool) -> Option<Piece<'_>> {
        let (mut checked, mut looked) = (0, 0);
        loop {
            let buffered = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memchr(b'\n', &buffered[looked..]) {
                looked += at + 1;
                if ends(&buffered[checked..looked - 1]) {
                    return Some(self.take_line(looked - 1, looked));
                }
                checked = looked;
                continue;
            }
            looked = buffered.len();
            if self.grow() {
                continue;
            }
            if self.is_at_end {
                let rest = self.end - self.start;
                return (rest > 0).then(|| self.take_line(rest, rest));
            }
            return Some(self.too_long());
        }
    }

    /// Returns the next line, without its newline.
    pub(crate) fn next_line(&mut self) -> Option<Piece<'_>> {
        self.line_where(|_| true)
    }

    fn take_line(&mut self, len: usize, passed: usize) -> Piece<'_> {
        let start = self.start;
        self.consume(passed);
        Piece::Whole(&self.buffer[start..start + len])
    }

    /// Skips the rest of an oversized line. If a newline is already buffered (an unclosed quoted cell), only
    /// up to that one.
    fn too_long(&mut self) -> Piece<'static> {
        let beginning = self.buffered()[..BEGINNING_BYTES.min(self.buffered().len())].to_vec();
        self.skip_to_line_end();
        Piece::TooLong(beginning)
    }

    fn skip_to_line_end(&mut self) {
        loop {
            if let Some(at) = memchr::memchr(b'\n', self.buffered()) {
                return self.consume(at + 1);
            }
            self.consume(self.buffered().len());
            if !self.grow() {
                return;
            }
        }
    }

    /// Buffers whole lines: all that fit, or the next one alone if it is longer (up to the cap). The bytes
    /// end after a newline or at the end of the stream; empty at the end.
    pub(crate) fn lines(&mut self, bytes: usize) -> &[u8] {
        self.fill(bytes.min(self.cap));
        loop {
            let end = memchr::memrchr(b'\n', self.buffered()).map(|at| at + 1);
            match end {
                Some(end) => return &self.buffer[self.start..self.start + end],
                None if self.is_at_end => return self.buffered(),
                None if !self.grow() && !self.is_at_end => return &[],
                None => {}
            }
        }
    }

    /// Returns the JSON value at the start of the buffer (after [`Self::peek`]), and consumes it.
    pub(crate) fn value(&mut self) -> Result<Piece<'_>, NoEnd> {
        let mut tried = 0;
        loop {
            // Each retry scans from the start, so the buffer grows by half to keep the total linear.
            if self.is_at_end || self.is_full() || self.buffered().len() > tried + tried / 2 {
                tried = self.buffered().len();
                match value_end(self.buffered(), 0) {
                    Ok(end) => {
                        let start = self.start;
                        self.consume(end);
                        return Ok(Piece::Whole(&self.buffer[start..start + end]));
                    }
                    Err(NoEnd::Incomplete) if !self.is_at_end => {}
                    Err(error) => return Err(error),
                }
            }
            if !self.grow() && !self.is_at_end {
                return self.skip_value().map(Piece::TooLong);
            }
        }
    }

    /// Skips a value too long to buffer, byte by byte.
    fn skip_value(&mut self) -> Result<Vec<u8>, NoEnd> {
        let beginning = self.buffered()[..BEGINNING_BYTES].to_vec();
        let (mut depth, mut in_string, mut is_escaped) = (0_u64, false, false);
        loop {
            for at in 0..self.buffered().len() {
                match (self.buffered()[at], in_string) {
                    (_, true) if is_escaped => is_escaped = false,
                    (b'\\', true) => is_escaped = true,
                    (b'"', _) => in_string = !in_string,
                    (b'{' | b'[', false) => depth += 1,
                    (b'}' | b']', false) => depth = depth.saturating_sub(1),
                    _ => continue,
                }
                if depth == 0 && !in_string && !is_escaped {
                    self.consume(at + 1);
                    return Ok(beginning);
                }
            }
            self.consume(self.buffered().len());
            if !self.grow() {
                return Err(NoEnd::Incomplete);
            }
        }
    }
}

/// Reads the buffer first, then the rest of the stream.
impl<R: Read> Read for ReadBuffer<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.buffered().is_empty() {
            self.grow();
        }
        let bytes = buffer.len().min(self.buffered().len());
        buffer[..bytes].copy_from_slice(&self.buffered()[..bytes]);
        // Lines of compressed bytes are not counted.
        self.start += bytes;
        match self.damage.take() {
            Some(error) if bytes == 0 => Err(error),
            damage => {
                self.damage = damage;
                Ok(bytes)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns one byte at a time, and an error after the last.
    struct Drops<'a>(&'a [u8]);
    impl Read for Drops<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some((first, rest)) = self.0.split_first() else {
                return Err(io::Error::other("torn"));
            };
            (buffer[0], self.0) = (*first, rest);
            Ok(1)
        }
    }

    #[test]
    fn lines_come_whole_and_long_ones_are_passed_over() {
        let mut text = b"one\n".to_vec();
        text.extend(b"x".repeat(3_000_000));
        text.extend(b"\nlast");
        let mut window = ReadBuffer::new(&text[..], 1 << 20);
        assert_eq!(window.next_line(), Some(Piece::Whole(b"one")));
        let Some(Piece::TooLong(beginning)) = window.next_line() else { panic!("too long") };
        assert_eq!(beginning, b"x".repeat(BEGINNING_BYTES));
        assert_eq!(window.line(), 3);
        assert_eq!(window.next_line(), Some(Piece::Whole(b"last")));
        assert_eq!(window.next_line(), None);
        assert!(window.buffer.len() < 3 << 20, "{}", window.buffer.len());
    }

    #[test]
    fn values_come_whole_from_a_torn_stream() {
        let mut window = ReadBuffer::new(Drops(br#" {"a":[1]} "x" [1,"#), 1 << 20);
        assert_eq!(window.peek(), Some(b'{'));
        assert_eq!(window.value(), Ok(Piece::Whole(br#"{"a":[1]}"#)));
        assert_eq!(window.peek(), Some(b'"'));
        assert_eq!(window.value(), Ok(Piece::Whole(br#""x""#)));
        assert_eq!(window.peek(), Some(b'['));
        assert_eq!(window.value(), Err(NoEnd::Incomplete));
        assert!(window.take_damage().is_some());
    }

    #[test]
    fn a_value_that_is_too_long_is_passed_over() {
        let text = format!(r#"["{}\"]",[{{}}]],17 "#, "x".repeat(3_000_000));
        let mut window = ReadBuffer::new(text.as_bytes(), 1 << 20);
        assert!(matches!(window.value(), Ok(Piece::TooLong(_))));
        assert_eq!(window.buffered().first(), Some(&b','));
    }
}
