//! The parts of a workbook, which is a ZIP archive of XML: found by name, unpacked as they are read. What an archive
//! claims of its sizes is never believed.

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

/// Most bytes of one piece of XML: a tag with its attributes, or a text. A cell of Excel holds 32,767 characters.
const PIECE_BYTES_MAX: u64 = 4 << 20;

/// Most bytes of the names of parts that are remembered. A thousand sheets have some 40 KB of them.
const NAMES_BYTES_MAX: usize = 8 << 20;

/// Why a workbook cannot be read on.
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

/// Where a part lies in the archive.
struct Part {
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    is_encrypted: bool,
}

/// An archive and the names of its parts.
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
            // Of two parts of a name, office programs take the first.
            parts.entry(name).or_insert(part);
        }
        Ok(Self { archive, parts, counted })
    }

    /// Whether there is a part of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&part_name(name))
    }

    /// Opens a part that is XML.
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
        // What does not close is noticed where it matters: at the end of the sheet.
        config.check_end_names = false;
        Ok(Xml { reader, buffer: Vec::new(), meter })
    }

    /// The relationships of a part: what each id stands for, and of which kind it is.
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

/// What an id in a part stands for.
pub(super) struct Relationship {
    pub(super) id: String,
    /// A URI, whose end says what it is.
    pub(super) kind: String,
    /// The name of a part.
    pub(super) target: String,
}

/// The name of a part: letter case, a slash before it and the wrong kind of slash make no difference.
fn part_name(name: &str) -> String {
    name.replace('\\', "/").trim_start_matches('/').to_ascii_lowercase()
}

/// A target, which stands relative to the folder of the part that names it unless it begins with a slash.
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

/// A part as the pieces of its XML.
pub(super) struct Xml<'p> {
    reader: Reader<BufReader<Metered<'p>>>,
    buffer: Vec<u8>,
    meter: Rc<Cell<u64>>,
}

impl Xml<'_> {
    /// The next piece.
    pub(super) fn next(&mut self) -> Result<Event<'_>, Broken> {
        self.buffer.clear();
        self.meter.set(0);
        Ok(self.reader.read_event_into(&mut self.buffer)?)
    }

    /// Reads the rest unseen: at the end of a part, its checksum tells whether it was whole.
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

/// Ends a stream that gives more than one piece of XML may have.
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

/// The attributes of a tag, as they stand. What is no attribute is passed over.
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

/// The value of an attribute, by its name without the namespace.
pub(super) fn attribute<'t>(tag: &'t BytesStart<'_>, name: &str) -> Option<&'t str> {
    let local = |key: &'t str| key.rsplit_once(':').map_or(key, |(_, local)| local);
    attributes(tag).find(|(key, _)| local(key) == name).map(|(_, value)| value)
}

/// The text of an attribute or of a text: entities resolved.
pub(super) fn unescaped(text: &str) -> String {
    quick_xml::escape::unescape(text).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned)
}

/// Adds what a reference such as `&amp;` or `&#233;` stands for. Others are none of XML and stay as they are.
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
