//! From a gram to its posting list: sorted entries in pages, the first gram of each page in memory.

use crate::bytes::Reader;
use crate::gram::Gram;
use crate::postings::ListAt;
use crate::storage::Storage;
use std::io;

const ENTRY_BYTES: usize = 8 + 8 + 4 + 4;
const PAGE_ENTRIES: usize = 170;
const PAGE_BYTES: usize = PAGE_ENTRIES * ENTRY_BYTES;

/// The dictionary while it is built.
#[derive(Default)]
pub(super) struct DictionaryWriter {
    pub(super) entries: Vec<u8>,
    pub(super) firsts: Vec<u64>,
}

impl DictionaryWriter {
    /// Takes the next gram; they ascend.
    pub(super) fn push(&mut self, gram: Gram, list: ListAt) {
        if self.entries.len().is_multiple_of(PAGE_BYTES) {
            self.firsts.push(gram.0);
        }
        self.entries.extend_from_slice(&gram.0.to_le_bytes());
        self.entries.extend_from_slice(&list.offset.to_le_bytes());
        self.entries.extend_from_slice(&list.bytes.to_le_bytes());
        self.entries.extend_from_slice(&list.count.to_le_bytes());
    }
}

/// Location of a segment's dictionary.
#[derive(Debug)]
pub(super) struct Dictionary {
    pub(super) offset: u64,
    pub(super) bytes: u64,
    /// The first gram of each page.
    pub(super) firsts: Vec<u64>,
}

impl Dictionary {
    /// The posting list of a gram, if any tag has it.
    pub(super) fn find(&self, storage: &Storage, gram: Gram) -> io::Result<Option<ListAt>> {
        let Some(page) = self.firsts.partition_point(|first| *first <= gram.0).checked_sub(1) else {
            return Ok(None);
        };
        let mut buffer = [0u8; PAGE_BYTES];
        let start = (page * PAGE_BYTES) as u64;
        let bytes = &mut buffer[..(self.bytes.saturating_sub(start) as usize).min(PAGE_BYTES)];
        storage.read(self.offset + start, bytes)?;
        let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
        let Ok(found) =
            entries.binary_search_by_key(&gram.0, |entry| Reader(entry).u64().unwrap_or_default())
        else {
            return Ok(None);
        };
        let mut entry = Reader(&entries[found][8..]);
        Ok(Some(ListAt { offset: entry.u64()?, bytes: entry.u32()?, count: entry.u32()? }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grams_are_found_and_others_are_not() {
        for count in [0u64, 1, 169, 170, 171, 1000] {
            let mut writer = DictionaryWriter::default();
            let list = |i: u64| ListAt { offset: i * 1000, bytes: i as u32, count: i as u32 + 1 };
            for i in 0..count {
                writer.push(Gram(i * 2 + 1), list(i));
            }
            let bytes = writer.entries.len() as u64;
            let dictionary = Dictionary { offset: 0, bytes, firsts: writer.firsts };
            let storage = Storage::Memory(writer.entries);
            for i in 0..count {
                assert_eq!(dictionary.find(&storage, Gram(i * 2 + 1)).unwrap(), Some(list(i)));
                assert_eq!(dictionary.find(&storage, Gram(i * 2)).unwrap(), None);
            }
            assert_eq!(dictionary.find(&storage, Gram(count * 2)).unwrap(), None);
        }
    }
}
