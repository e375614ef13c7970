//! A stream seen through a buffer that grows to one record and no further.

use super::scan::{NoEnd, skip_space, value_end};
use std::io::{self, Read};

/// Bytes asked of the stream at a time.
const READ_BYTES: usize = 256 * 1024;

/// A stream and the part of it that is held.
pub(crate) struct Window<R> {
    stream: R,
    buffer: Vec<u8>,
    /// Where the unread part of the buffer begins and ends; room lies after it.
    start: usize,
    end: usize,
    /// Most bytes held.
    cap: usize,
    is_at_end: bool,
    damage: Option<io::Error>,
    /// Number of the line at `start`, from 1.
    line: u64,
}

/// One line or value of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Whole.
    Whole(&'a [u8]),
    /// Longer than the cap: its beginning. The stream is past it.
    TooLong(Vec<u8>),
}

/// How much of a piece that is too long is kept for its reject.
const BEGINNING_BYTES: usize = 1024;

impl<R: Read> Window<R> {
    /// Looks at a stream, holding at most about `cap` bytes of it.
    pub(crate) fn new(stream: R, cap: usize) -> Self {
        Self { stream, buffer: Vec::new(), start: 0, end: 0, cap, is_at_end: false, damage: None, line: 1 }
    }

    /// What is held and not yet passed.
    pub(crate) fn held(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Whether as much is held as may be.
    pub(crate) fn is_full(&self) -> bool {
        self.end - self.start >= self.cap
    }

    /// The number of the line that begins what is held.
    pub(crate) const fn line(&self) -> u64 {
        self.line
    }

    /// Whether the stream ended before its end.
    pub(crate) const fn has_damage(&self) -> bool {
        self.damage.is_some()
    }

    /// Holds more or less from now on.
    pub(crate) fn set_cap(&mut self, cap: usize) {
        self.cap = cap;
    }

    /// Passes the rest of the line. False when there is none.
    pub(crate) fn skip_line(&mut self) -> bool {
        self.pass_line();
        !self.held().is_empty() || self.grow()
    }

    /// Why the stream ended before its end, if it did.
    pub(crate) fn take_damage(&mut self) -> Option<io::Error> {
        self.damage.take()
    }

    /// Holds more, up to the cap. False when there is no more or no more may be held.
    pub(crate) fn grow(&mut self) -> bool {
        if self.is_at_end || self.is_full() {
            return false;
        }
        if self.start > 0 && self.buffer.len() - self.end < READ_BYTES {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        let held = self.end - self.start;
        let room = held.min(self.cap - held).max(READ_BYTES);
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

    /// Holds at least `bytes`, if there are so many.
    pub(crate) fn hold(&mut self, bytes: usize) -> &[u8] {
        while self.end - self.start < bytes && self.grow() {}
        self.held()
    }

    /// Goes on by `bytes` of what is held.
    pub(crate) fn pass(&mut self, bytes: usize) {
        let passed = &self.buffer[self.start..self.start + bytes];
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.start += bytes;
    }

    /// The next byte that is not white space, not passed.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        loop {
            let space = skip_space(self.held(), 0);
            self.pass(space);
            if let Some(byte) = self.held().first() {
                return Some(*byte);
            }
            if !self.grow() {
                return None;
            }
        }
    }

    /// The bytes up to and without the next newline that ends a record; passes them. `ends` is asked at each newline
    /// and given what lies between the one before and this one. `None` at the end of the stream.
    pub(crate) fn line_where(&mut self, mut ends: impl FnMut(&[u8]) -> bool) -> Option<Piece<'_>> {
        let (mut asked, mut looked) = (0, 0);
        loop {
            let held = &self.buffer[self.start..self.end];
            if let Some(at) = memchr::memchr(b'\n', &held[looked..]) {
                looked += at + 1;
                if ends(&held[asked..looked - 1]) {
                    return Some(self.take_line(looked - 1, looked));
                }
                asked = looked;
                continue;
            }
            looked = held.len();
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

    /// The next line, without its newline.
    pub(crate) fn next_line(&mut self) -> Option<Piece<'_>> {
        self.line_where(|_| true)
    }

    fn take_line(&mut self, len: usize, passed: usize) -> Piece<'_> {
        let start = self.start;
        self.pass(passed);
        Piece::Whole(&self.buffer[start..start + len])
    }

    /// Passes the rest of a line that is too long. With a newline already held (a quoted cell that never closes), only
    /// up to that.
    fn too_long(&mut self) -> Piece<'static> {
        let beginning = self.held()[..BEGINNING_BYTES.min(self.held().len())].to_vec();
        self.pass_line();
        Piece::TooLong(beginning)
    }

    fn pass_line(&mut self) {
        loop {
            if let Some(at) = memchr::memchr(b'\n', self.held()) {
                return self.pass(at + 1);
            }
            self.pass(self.held().len());
            if !self.grow() {
                return;
            }
        }
    }

    /// Holds on to whole lines: all that are held, or the next one however long it is (up to the cap). The bytes end
    /// after a newline or at the end of the stream; empty when there are none.
    pub(crate) fn lines(&mut self, bytes: usize) -> &[u8] {
        self.hold(bytes.min(self.cap));
        loop {
            let end = memchr::memrchr(b'\n', self.held()).map(|at| at + 1);
            match end {
                Some(end) => return &self.buffer[self.start..self.start + end],
                None if self.is_at_end => return self.held(),
                None if !self.grow() && !self.is_at_end => return &[],
                None => {}
            }
        }
    }

    /// The JSON value at the beginning of what is held (after [`Self::peek`]); passes it.
    pub(crate) fn value(&mut self) -> Result<Piece<'_>, NoEnd> {
        let mut tried = 0;
        loop {
            // Growing by halves keeps looking again from the beginning affordable.
            if self.is_at_end || self.is_full() || self.held().len() > tried + tried / 2 {
                tried = self.held().len();
                match value_end(self.held(), 0) {
                    Ok(end) => {
                        let start = self.start;
                        self.pass(end);
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

    /// Passes a value that is too long to hold, byte by byte.
    fn skip_value(&mut self) -> Result<Vec<u8>, NoEnd> {
        let beginning = self.held()[..BEGINNING_BYTES].to_vec();
        let (mut depth, mut in_string, mut is_escaped) = (0_u64, false, false);
        loop {
            for at in 0..self.held().len() {
                match (self.held()[at], in_string) {
                    (_, true) if is_escaped => is_escaped = false,
                    (b'\\', true) => is_escaped = true,
                    (b'"', _) => in_string = !in_string,
                    (b'{' | b'[', false) => depth += 1,
                    (b'}' | b']', false) => depth = depth.saturating_sub(1),
                    _ => continue,
                }
                if depth == 0 && !in_string && !is_escaped {
                    self.pass(at + 1);
                    return Ok(beginning);
                }
            }
            self.pass(self.held().len());
            if !self.grow() {
                return Err(NoEnd::Incomplete);
            }
        }
    }
}

/// What is held, then the rest of the stream.
impl<R: Read> Read for Window<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.held().is_empty() {
            self.grow();
        }
        let bytes = buffer.len().min(self.held().len());
        buffer[..bytes].copy_from_slice(&self.held()[..bytes]);
        // Lines of packed bytes are not counted.
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

    /// Gives one byte at a time, and an error after the last.
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
        let mut window = Window::new(&text[..], 1 << 20);
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
        let mut window = Window::new(Drops(br#" {"a":[1]} "x" [1,"#), 1 << 20);
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
        let mut window = Window::new(text.as_bytes(), 1 << 20);
        assert!(matches!(window.value(), Ok(Piece::TooLong(_))));
        assert_eq!(window.held().first(), Some(&b','));
    }
}
