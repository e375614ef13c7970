//! The parts of a workbook, which is a ZIP archive of XML: looked up by name, decompressed as they are read. Sizes
//! claimed by the archive are never trusted.

use crate::packing::{Archive, Counted};
use flate2::read::DeflateDecoder;
use quick_xml::Reader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use rawzip::{CompressionMethod, ZipArchiveEntryWayfinder};
use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Longest piece of XML, in bytes: a tag with its attributes, or a text. A cell of Excel has at most 32,767
/// characters.
const PIECE_BYTES_MAX: u64 = 4 << 20;

/// Most bytes of part names. A thousand sheets have about 40 KB of them.
const NAMES_BYTES_MAX: usize = 8 << 20;

/// Why a workbook cannot be read further.
#[derive(Debug)]
pub(super) struct Broken(pub(super) String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Broken {
    fn from(reason: String) -> Self {
        Self(reason)
    }
}

impl From<quick_xml::Error> for Broken {
    fn from(error: quick_xml::Error) -> Self {
        match error {
            quick_xml::Error::Io(error) => Self(error.to_string()),
            other => Self(format!("its XML is broken: {other}")),
        }
    }
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

/// The location of a part in the archive.
struct Part {
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    is_encrypted: bool,
}

/// An archive and its part names.
pub(super) struct Package<'z> {
    archive: &'z Archive,
    parts: HashMap<String, Part>,
    counted: &'z Arc<AtomicU64>,
}

impl<'z> Package<'z> {
    /// Reads the index of the archive.
    pub(super) fn open(
        archive: &'z Archive,
        buffer: &mut [u8],
        counted: &'z Arc<AtomicU64>,
    ) -> Result<Self, Broken> {
        let (mut parts, mut bytes) = (HashMap::new(), 0);
        let mut records = archive.entries(buffer);
        while let Some(record) = records.next_entry().map_err(|error| error.to_string())? {
            let name = part_name(&String::from_utf8_lossy(record.file_path().as_bytes()));
            bytes += name.len();
            if bytes > NAMES_BYTES_MAX {
                return Err(Broken("it has more parts than any workbook".to_owned()));
            }
            let part = Part {
                place: record.wayfinder(),
                method: record.compression_method(),
                is_encrypted: record.flags().is_encrypted(),
            };
            // If a name occurs twice, office programs use the first.
            parts.entry(name).or_insert(part);
        }
        Ok(Self { archive, parts, counted })
    }

    /// Returns true if there is a part of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&part_name(name))
    }

    /// Opens an XML part.
    pub(super) fn xml(&self, name: &str) -> Result<Xml<'_>, Broken> {
        let part = self.parts.get(&part_name(name)).ok_or_else(|| format!("its part {name} is missing"))?;
        if part.is_encrypted {
            return Err(Broken("it is encrypted; save it without a password".to_owned()));
        }
        let entry = self.archive.get_entry(part.place).map_err(|error| format!("{name}: {error}"))?;
        let packed = Counted { stream: entry.reader(), bytes: Arc::clone(self.counted) };
        let unpacked: Box<dyn Read + '_> = match part.method {
            CompressionMethod::STORE => Box::new(packed),
            CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(packed)),
            other => {
                return Err(Broken(format!("its part {name} is packed by method {}", other.as_u16())));
            }
        };
        let meter = Rc::new(Cell::new(0));
        let stream = Metered { stream: Box::new(entry.verifying_reader(unpacked)), bytes: Rc::clone(&meter) };
        let mut reader = Reader::from_reader(BufReader::with_capacity(64 * 1024, stream));
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        // Unclosed elements are detected where it matters: at the end of the sheet.
        config.check_end_names = false;
        Ok(Xml { reader, buffer: Vec::new(), meter })
    }

    /// Returns the relationships of a part: the target and kind of each id.
    pub(super) fn relationships(&self, part: &str) -> Result<Vec<Relationship>, Broken> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let name = if folder.is_empty() {
            format!("_rels/{file}.rels")
        } else {
            format!("{folder}/_rels/{file}.rels")
        };
        let mut found = Vec::new();
        if !self.has(&name) {
            return Ok(found);
        }
        let mut xml = self.xml(&name)?;
        loop {
            match xml.next()? {
                Event::Start(tag) if tag.local_name().as_ref() == "Relationship" => {
                    let (mut id, mut kind, mut target) = (String::new(), String::new(), String::new());
                    for (key, value) in attributes(&tag) {
                        match key {
                            "Id" => id = unescaped(value),
                            "Type" => kind = unescaped(value),
                            "Target" => target = unescaped(value),
                            _ => {}
                        }
                    }
                    found.push(Relationship { id, kind, target: resolved(folder, &target) });
                }
                Event::Eof => return Ok(found),
                _ => {}
            }
            if found.len() > super::SHEETS_MAX * 2 {
                return Err(Broken(format!("{name} has more entries than any workbook")));
            }
        }
    }
}

/// The target of an id in a part.
pub(super) struct Relationship {
    pub(super) id: String,
    /// A URI whose last segment is the kind.
    pub(super) kind: String,
    /// Name of the target part.
    pub(super) target: String,
}

/// Normalises a part name: letter case, a leading slash and backslashes make no difference.
fn part_name(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_ascii_lowercase()
}

/// Resolves a target, which is relative to the folder of its part unless it begins with a slash.
fn resolved(folder: &str, target: &str) -> String {
    if let Some(whole) = target.strip_prefix('/') {
        return whole.to_owned();
    }
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "." | "" => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// A part as a sequence of XML events.
pub(super) struct Xml<'p> {
    reader: Reader<BufReader<Metered<'p>>>,
    buffer: Vec<u8>,
    meter: Rc<Cell<u64>>,
}

impl Xml<'_> {
    /// Returns the next event.
    pub(super) fn next(&mut self) -> Result<Event<'_>, Broken> {
        self.buffer.clear();
        self.meter.set(0);
        Ok(self.reader.read_event_into(&mut self.buffer)?)
    }

    /// Reads to the end of the part, whose checksum shows if it was complete.
    pub(super) fn finish(&mut self) -> Result<(), Broken> {
        loop {
            self.meter.set(0);
            let stream = self.reader.get_mut();
            let bytes = stream.fill_buf()?.len();
            if bytes == 0 {
                return Ok(());
            }
            stream.consume(bytes);
        }
    }
}

/// Fails if one piece of XML exceeds its limit.
struct Metered<'p> {
    stream: Box<dyn Read + 'p>,
    bytes: Rc<Cell<u64>>,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.bytes.get() > PIECE_BYTES_MAX {
            return Err(io::Error::other(format!("a text or a tag of more than {PIECE_BYTES_MAX} bytes")));
        }
        let bytes = self.stream.read(buffer)?;
        self.bytes.set(self.bytes.get() + bytes as u64);
        Ok(bytes)
    }
}

/// Lists the raw attributes of a tag. Malformed ones are skipped.
pub(super) fn attributes<'t>(tag: &'t BytesStart<'_>) -> impl Iterator<Item = (&'t str, &'t str)> {
    let mut rest = tag.attributes_raw();
    std::iter::from_fn(move || {
        let (key, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|first| matches!(first, '"' | '\''))?;
        let (value, after) = after[1..].split_once(quote)?;
        rest = after;
        Some((key.trim(), value))
    })
}

/// Returns an attribute by its name without the namespace.
pub(super) fn attribute<'t>(tag: &'t BytesStart<'_>, name: &str) -> Option<&'t str> {
    let local = |key: &'t str| key.rsplit_once(':').map_or(key, |(_, local)| local);
    attributes(tag).find(|(key, _)| local(key) == name).map(|(_, value)| value)
}

/// Decodes the entities of a text or attribute.
pub(super) fn unescaped(text: &str) -> String {
    quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

/// Writes the character of a reference such as `&amp;` or `&#233;`. Unknown ones are not XML and stay
/// unchanged.
pub(super) fn push_reference(reference: &BytesRef<'_>, text: &mut String) {
    match reference.resolve_char_ref() {
        Ok(Some(character)) => text.push(character),
        _ => match quick_xml::escape::resolve_xml_entity(reference) {
            Some(known) => text.push_str(known),
            None => {
                text.push('&');
                text.push_str(reference);
                text.push(';');
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_resolved_beside_the_part_that_names_them() {
        assert_eq!(resolved("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl", "/xl/worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("xl/a", "../worksheets/./sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolved("", "xl/workbook.xml"), "xl/workbook.xml");
    }

    #[test]
    fn attributes_are_found_in_either_quotes() {
        let tag = BytesStart::from_content(r#"c r="A1" x:s = '2' t="a&amp;b" junk"#, 1);
        let found: Vec<_> = attributes(&tag).collect();
        assert_eq!(found, [("r", "A1"), ("x:s", "2"), ("t", "a&amp;b")]);
        assert_eq!((attribute(&tag, "s"), attribute(&tag, "q")), (Some("2"), None));
    }
}
