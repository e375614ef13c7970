//! The part of Thrift's compact protocol that is needed to check, before the library does, that a footer or page
//! header claims no excessive sizes.

use std::io::{self, Read};

/// Deepest nesting of skipped structs.
const DEPTH_MAX: u32 = 32;

/// Largest skipped value, in bytes.
const VALUE_BYTES_MAX: u64 = 16 << 20;

/// Field types used here.
pub(super) const I32: u8 = 5;
pub(super) const LIST: u8 = 9;
pub(super) const STRUCT: u8 = 12;

/// Parses Thrift, and counts its bytes.
pub(super) struct Compact<R> {
    stream: R,
    pub(super) bytes: u64,
}

fn invalid(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

impl<R: Read> Compact<R> {
    pub(super) const fn new(stream: R) -> Self {
        Self { stream, bytes: 0 }
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.stream.read_exact(&mut byte)?;
        self.bytes += 1;
        Ok(byte[0])
    }

    fn varint(&mut self) -> io::Result<u64> {
        let (mut number, mut shift) = (0_u64, 0);
        loop {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            shift += 7;
            if shift > 63 {
                return Err(invalid("a number that is too long"));
            }
        }
    }

    /// Parses a signed integer.
    pub(super) fn integer(&mut self) -> io::Result<i64> {
        let number = self.varint()?;
        Ok((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    /// Parses a list header: length and element type.
    pub(super) fn list(&mut self) -> io::Result<(u64, u8)> {
        let head = self.byte()?;
        let length = if head >> 4 == 15 { self.varint()? } else { u64::from(head >> 4) };
        Ok((length, head & 0x0f))
    }

    /// Iterates over the fields of a struct. `on` gets the number and type of each; fields that it does not
    /// read are skipped.
    pub(super) fn fields(
        &mut self,
        on: &mut dyn FnMut(&mut Self, i64, u8) -> io::Result<bool>,
    ) -> io::Result<()> {
        self.fields_within(0, on)
    }

    fn fields_within(
        &mut self,
        depth: u32,
        on: &mut dyn FnMut(&mut Self, i64, u8) -> io::Result<bool>,
    ) -> io::Result<()> {
        if depth == DEPTH_MAX {
            return Err(invalid("structs too deep inside one another"));
        }
        let mut field = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Ok(());
            }
            field = match head >> 4 {
                0 => self.integer()?,
                delta => field.saturating_add(i64::from(delta)),
            };
            let kind = head & 0x0f;
            if !on(self, field, kind)? {
                self.pass(kind, depth)?;
            }
        }
    }

    /// Skips a value. Booleans of a struct are in the field header.
    fn pass(&mut self, kind: u8, depth: u32) -> io::Result<()> {
        match kind {
            1 | 2 => Ok(()),
            3 => self.byte().map(drop),
            4..=6 => self.varint().map(drop),
            7 => self.pass_bytes(8),
            8 => {
                let bytes = self.varint()?;
                self.pass_bytes(bytes)
            }
            LIST | 10 => {
                let (length, kind) = self.list()?;
                (0..length).try_for_each(|_| self.pass_element(kind, depth))
            }
            11 => {
                let length = self.varint()?;
                let kinds = if length == 0 { 0 } else { self.byte()? };
                (0..length).try_for_each(|_| {
                    self.pass_element(kinds >> 4, depth)?;
                    self.pass_element(kinds & 0x0f, depth)
                })
            }
            STRUCT => self.fields_within(depth + 1, &mut |_, _, _| Ok(false)),
            _ => Err(invalid("an unknown type")),
        }
    }

    fn pass_element(&mut self, kind: u8, depth: u32) -> io::Result<()> {
        if depth == DEPTH_MAX {
            return Err(invalid("lists too deep inside one another"));
        }
        // Booleans of a list take a byte each.
        if matches!(kind, 1 | 2) { self.byte().map(drop) } else { self.pass(kind, depth + 1) }
    }

    fn pass_bytes(&mut self, bytes: u64) -> io::Result<()> {
        if bytes > VALUE_BYTES_MAX {
            return Err(invalid("a value that is too long"));
        }
        let passed = io::copy(&mut self.stream.by_ref().take(bytes), &mut io::sink())?;
        self.bytes += passed;
        if passed < bytes { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
    }
}
