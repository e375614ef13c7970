//! The shared texts of a workbook: each is stored once in a part of its own, and cells refer to it by number. A
//! million captions do not fit into memory, so they are spooled to a temporary file, from which groups of texts are
//! read and cached.

use super::package::{Broken, Package, push_reference};
use quick_xml::events::Event;
use std::collections::HashMap;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use tempfile::SpooledTempFile;

/// Texts up to this size stay in memory.
const IN_MEMORY_BYTES_MAX: usize = 8 << 20;

/// Most bytes of all texts, and of the temporary file.
const BYTES_MAX: u64 = 4 << 30;

/// Texts per group: one offset is stored per group.
const GROUP: u64 = 16;

/// Most texts. A sheet of Excel has at most 1,048,576 rows.
const COUNT_MAX: u64 = 1 << 26;

/// Bytes of groups that are cached.
const CACHED_BYTES_MAX: usize = 16 << 20;

/// The shared texts.
pub(super) struct Strings {
    file: SpooledTempFile,
    /// Start offset of each group, and the end of the last one.
    starts: Vec<u64>,
    count: u64,
    cached: HashMap<u64, Box<[u8]>>,
    cached_bytes: usize,
}

impl Strings {
    /// Parses the part with the texts. A workbook may have none.
    pub(super) fn read(package: &Package<'_>, part: Option<&str>) -> Result<Self, Broken> {
        let mut file = BufWriter::with_capacity(256 * 1024, SpooledTempFile::new(IN_MEMORY_BYTES_MAX));
        let (mut starts, mut count, mut end) = (Vec::new(), 0_u64, 0_u64);
        if let Some(part) = part {
            let mut xml = package.xml(part)?;
            let mut text = SharedText::default();
            let mut raw = String::new();
            loop {
                match xml.next()? {
                    Event::Start(tag) => match tag.local_name().as_ref() {
                        "si" => raw.clear(),
                        name => text.start(name),
                    },
                    Event::End(tag) if tag.local_name().as_ref() == "si" => {
                        if count.is_multiple_of(GROUP) {
                            starts.push(end);
                        }
                        let value = unescaped_units(&raw);
                        let bytes =
                            u32::try_from(value.len()).map_err(|_| "a text is too long".to_owned())?;
                        file.write_all(&bytes.to_le_bytes())
                            .and_then(|()| file.write_all(value.as_bytes()))
                            .map_err(|error| {
                                format!("no temporary file can be written for its texts: {error}")
                            })?;
                        end += 4 + u64::from(bytes);
                        count += 1;
                        if end > BYTES_MAX || count > COUNT_MAX {
                            return Err(Broken(format!(
                                "it has more than {} GiB or {COUNT_MAX} of texts; save it as CSV",
                                BYTES_MAX >> 30
                            )));
                        }
                    }
                    Event::End(tag) => text.end(tag.local_name().as_ref()),
                    Event::Text(piece) if text.is_wanted() => raw.push_str(&piece.xml10_content()),
                    Event::CData(piece) if text.is_wanted() => raw.push_str(&piece.xml10_content()),
                    Event::GeneralRef(piece) if text.is_wanted() => push_reference(&piece, &mut raw),
                    Event::Eof => break,
                    _ => {}
                }
                if raw.len() > super::TEXT_BYTES_MAX {
                    return Err(Broken(format!(
                        "one of its texts is longer than {} bytes",
                        super::TEXT_BYTES_MAX
                    )));
                }
            }
        }
        starts.push(end);
        let file = file.into_inner().map_err(|error| error.into_error())?;
        Ok(Self { file, starts, count, cached: HashMap::new(), cached_bytes: 0 })
    }

    /// Appends the text of this number.
    pub(super) fn push(&mut self, number: u64, text: &mut String) -> Result<(), Broken> {
        if number >= self.count {
            return Err(Broken(format!("a cell names text {number} of {}", self.count)));
        }
        let group = number / GROUP;
        if !self.cached.contains_key(&group) {
            self.cache(group)?;
        }
        let mut rest = self.cached.get(&group).map_or(&[][..], |bytes| bytes);
        for _ in 0..number % GROUP {
            rest = take(rest).map_or(&[], |(_, rest)| rest);
        }
        let found = take(rest).and_then(|(bytes, _)| std::str::from_utf8(bytes).ok());
        text.push_str(found.unwrap_or_default());
        Ok(())
    }

    fn cache(&mut self, group: u64) -> io::Result<()> {
        let place = usize::try_from(group).unwrap_or(usize::MAX);
        let (Some(start), Some(end)) = (self.starts.get(place), self.starts.get(place + 1)) else {
            return Ok(());
        };
        let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(0)];
        self.file.seek(SeekFrom::Start(*start))?;
        self.file.read_exact(&mut bytes)?;
        if self.cached_bytes + bytes.len() > CACHED_BYTES_MAX {
            self.cached.clear();
            self.cached_bytes = 0;
        }
        self.cached_bytes += bytes.len();
        self.cached.insert(group, bytes.into());
        Ok(())
    }
}

/// Splits off the first text of a group.
fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}

/// Selects the text of a cell: the content of `t`, but not its pronunciation (`rPh`).
#[derive(Default)]
pub(super) struct SharedText {
    is_text: bool,
    is_phonetic: bool,
}

impl SharedText {
    pub(super) fn start(&mut self, name: &str) {
        match name {
            "t" => self.is_text = true,
            "rPh" => self.is_phonetic = true,
            _ => {}
        }
    }

    pub(super) fn end(&mut self, name: &str) {
        match name {
            "t" => self.is_text = false,
            "rPh" => self.is_phonetic = false,
            _ => {}
        }
    }

    pub(super) const fn is_wanted(&self) -> bool {
        self.is_text && !self.is_phonetic
    }
}

/// Decodes `_x000D_`, Excel's escape for characters that XML cannot contain: four hex digits of a UTF-16
/// unit.
pub(super) fn unescaped_units(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains("_x") {
        return text.into();
    }
    let mut units: Vec<u16> = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        units.extend(rest[..at].encode_utf16());
        let digits =
            rest.get(at + 2..at + 6).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) {
            Some(unit) if rest[at + 6..].starts_with('_') => {
                units.push(unit);
                rest = &rest[at + 7..];
            }
            _ => {
                units.extend("_x".encode_utf16());
                rest = &rest[at + 2..];
            }
        }
    }
    units.extend(rest.encode_utf16());
    String::from_utf16_lossy(&units).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_xml_cannot_hold_come_back() {
        for (text, want) in [
            ("a_x000D_b", "a\rb"),
            ("_xD83D__xDC08_", "🐈"),
            ("_x005F_x000D_", "_x000D_"),
            ("grow_xyz #a_x", "grow_xyz #a_x"),
            ("_x12é_", "_x12é_"),
        ] {
            assert_eq!(unescaped_units(text), want, "{text}");
        }
    }
}
