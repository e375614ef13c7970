//! The documents of a segment in order of rank: hashtag, reach, search form and, where it differs, the key.
//!
//! They are kept in groups of [`GROUP`], one short read each; a list of where each group begins stays in memory
//! (8 bytes a group). A group is: where its texts begin, the first reach, the length of each text, how much the reach
//! falls from one to the next, the hashtags, the texts. A text is the search form, or form, 0xFF and key.

use crate::bytes::{Reader, put_varint};
use crate::storage::{Storage, damaged};
use std::io;

/// Documents in a group.
pub(super) const GROUP: u32 = 64;

/// Stands between form and key; no byte of UTF-8.
const KEY_FOLLOWS: u8 = 0xff;

/// One document, as sorted and stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) reach: u64,
    pub(super) hashtag: u32,
    pub(super) form: String,
    /// The key where it is not the form.
    pub(super) key: Option<String>,
}

/// Collects documents and gives back full groups as bytes.
#[derive(Default)]
pub(super) struct GroupWriter {
    lengths: Vec<u8>,
    falls: Vec<u8>,
    hashtags: Vec<u8>,
    texts: Vec<u8>,
    first_reach: u64,
    last_reach: u64,
    count: u32,
}

impl GroupWriter {
    /// Takes the next document; `true` when the group is full and has to be written.
    pub(super) fn push(&mut self, record: &Record) -> bool {
        if self.count == 0 {
            self.first_reach = record.reach;
            self.last_reach = record.reach;
        }
        let start = self.texts.len();
        self.texts.extend_from_slice(record.form.as_bytes());
        if let Some(key) = &record.key {
            self.texts.push(KEY_FOLLOWS);
            self.texts.extend_from_slice(key.as_bytes());
        }
        put_varint(&mut self.lengths, (self.texts.len() - start) as u64);
        put_varint(&mut self.falls, self.last_reach.saturating_sub(record.reach));
        self.hashtags.extend_from_slice(&record.hashtag.to_le_bytes());
        self.last_reach = record.reach;
        self.count += 1;
        self.count == GROUP
    }

    /// The bytes of the group so far, which may be none; the next one begins empty.
    pub(super) fn take(&mut self) -> Vec<u8> {
        if self.count == 0 {
            return Vec::new();
        }
        let texts_at = 4 + 8 + self.lengths.len() + self.falls.len() + self.hashtags.len();
        let mut out = Vec::with_capacity(texts_at + self.texts.len());
        out.extend_from_slice(&(texts_at as u32).to_le_bytes());
        out.extend_from_slice(&self.first_reach.to_le_bytes());
        for part in [&mut self.lengths, &mut self.falls, &mut self.hashtags, &mut self.texts] {
            out.append(part);
        }
        self.count = 0;
        out
    }
}

/// The group read last; successive documents are often in the same one.
#[derive(Default)]
pub(super) struct Group {
    number: Option<u32>,
    count: usize,
    bytes: Vec<u8>,
}

/// Location of a segment's documents.
#[derive(Debug)]
pub(super) struct Documents {
    /// Start of each group, and the end of the last.
    pub(super) starts: Vec<u64>,
    pub(super) count: u32,
}

impl Documents {
    /// Makes `group` the one that holds the document of this rank.
    pub(super) fn load(&self, storage: &Storage, rank: u32, group: &mut Group) -> io::Result<()> {
        let number = rank / GROUP;
        if group.number == Some(number) {
            return Ok(());
        }
        let at = number as usize;
        let (Some(start), Some(end)) = (self.starts.get(at), self.starts.get(at + 1)) else {
            return Err(damaged("rank"));
        };
        group.number = None;
        storage.read_into(*start, end.saturating_sub(*start) as usize, &mut group.bytes)?;
        group.count = (self.count - number * GROUP).min(GROUP) as usize;
        group.number = Some(number);
        Ok(())
    }
}

impl Group {
    /// Search form and key of a document of the group that is loaded.
    pub(super) fn text(&self, rank: u32) -> io::Result<(&str, &str)> {
        let mut head = Reader(&self.bytes);
        let mut from = head.u32()? as usize;
        head.u64()?;
        for _ in 0..rank % GROUP {
            from = from.saturating_add(head.varint()? as usize);
        }
        let until = from.saturating_add(head.varint()? as usize);
        let text = self.bytes.get(from..until).ok_or_else(|| damaged("text"))?;
        let (form, key) = match memchr::memchr(KEY_FOLLOWS, text) {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, text),
        };
        let utf8 = |text| std::str::from_utf8(text).map_err(|_| damaged("text"));
        Ok((utf8(form)?, utf8(key)?))
    }

    /// Reach and hashtag of a document of the group that is loaded.
    pub(super) fn numbers(&self, rank: u32) -> io::Result<(u64, u32)> {
        let place = (rank % GROUP) as usize;
        let mut head = Reader(&self.bytes);
        let texts_at = head.u32()? as usize;
        let mut reach = head.u64()?;
        for _ in 0..self.count {
            head.varint()?;
        }
        for _ in 0..=place {
            reach = reach.saturating_sub(head.varint()?);
        }
        let hashtag =
            texts_at.checked_sub(4 * self.count.saturating_sub(place)).ok_or_else(|| damaged("group"))?;
        let hashtag = Reader(self.bytes.get(hashtag..).unwrap_or_default()).u32()?;
        Ok((reach, hashtag))
    }

    /// A document of the group that is loaded.
    pub(super) fn record(&self, rank: u32) -> io::Result<Record> {
        let (form, key) = self.text(rank)?;
        let (reach, hashtag) = self.numbers(rank)?;
        Ok(Record { reach, hashtag, form: form.to_owned(), key: (key != form).then(|| key.to_owned()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_back() {
        let records: Vec<Record> = (0..150u32)
            .map(|i| Record {
                reach: u64::MAX - u64::from(i) * 1_000_003,
                hashtag: i.wrapping_mul(2_654_435_761),
                form: "ก".repeat(i as usize % 60),
                key: (i % 7 == 0).then(|| format!("key{i}")),
            })
            .collect();
        let (mut bytes, mut starts, mut writer) = (Vec::new(), vec![0], GroupWriter::default());
        for record in &records {
            if writer.push(record) {
                bytes.append(&mut writer.take());
                starts.push(bytes.len() as u64);
            }
        }
        bytes.append(&mut writer.take());
        starts.push(bytes.len() as u64);
        let documents = Documents { starts, count: records.len() as u32 };
        let (storage, mut group) = (Storage::Memory(bytes), Group::default());
        for rank in [0, 149, 63, 64, 65, 128, 1, 2] {
            documents.load(&storage, rank, &mut group).unwrap();
            assert_eq!(group.record(rank).unwrap(), records[rank as usize]);
        }
        assert!(documents.load(&storage, 192, &mut group).is_err());
    }
}
