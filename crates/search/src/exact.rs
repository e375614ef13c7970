//! From a search form to the documents that have it: a hash table of five bytes a slot, linear probing.
//!
//! A slot holds a rank and one byte of the hash, so nearly every probe that reads a document finds the right one.

use crate::storage::Storage;
use std::io;
use xxhash_rust::xxh3::xxh3_64;

const SLOT_BYTES: usize = 5;
const EMPTY: u32 = u32::MAX;

/// Slots read at a time; longer runs of full slots are rare at three quarters full.
const SLOTS_READ: u64 = 48;

/// The table while it is built, in memory.
pub(super) struct ExactWriter {
    slots: Vec<u8>,
    count: u64,
}

impl ExactWriter {
    /// For so many documents.
    pub(super) fn new(documents: u64) -> Self {
        let count = documents + documents / 3 + 8;
        Self { slots: vec![0xff; count as usize * SLOT_BYTES], count }
    }

    pub(super) fn insert(&mut self, form: &str, rank: u32) {
        let hash = xxh3_64(form.as_bytes());
        let mut slot = home(hash, self.count);
        loop {
            let at = slot as usize * SLOT_BYTES;
            let here = &mut self.slots[at..at + SLOT_BYTES];
            if here[..4] == EMPTY.to_le_bytes() {
                here[..4].copy_from_slice(&rank.to_le_bytes());
                here[4] = hash as u8;
                return;
            }
            slot = (slot + 1) % self.count;
        }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.slots
    }
}

fn home(hash: u64, count: u64) -> u64 {
    ((u128::from(hash) * u128::from(count)) >> 64) as u64
}

/// Location of a segment's table.
#[derive(Debug)]
pub(super) struct Exact {
    pub(super) offset: u64,
    pub(super) bytes: u64,
}

impl Exact {
    /// Appends the ranks that may have this form; the caller compares the forms themselves.
    pub(super) fn candidates(&self, storage: &Storage, form: &str, ranks: &mut Vec<u32>) -> io::Result<()> {
        let count = self.bytes / SLOT_BYTES as u64;
        if count == 0 {
            return Ok(());
        }
        let hash = xxh3_64(form.as_bytes());
        let mut slot = home(hash, count);
        let mut buffer = [0u8; SLOTS_READ as usize * SLOT_BYTES];
        let mut seen = 0;
        while seen < count {
            let reading = SLOTS_READ.min(count - slot);
            let chunk = &mut buffer[..reading as usize * SLOT_BYTES];
            storage.read(self.offset + slot * SLOT_BYTES as u64, chunk)?;
            for here in chunk.chunks_exact(SLOT_BYTES) {
                let rank = u32::from_le_bytes([here[0], here[1], here[2], here[3]]);
                if rank == EMPTY {
                    return Ok(());
                }
                if here[4] == hash as u8 {
                    ranks.push(rank);
                }
            }
            seen += reading;
            slot = (slot + reading) % count;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_found_in_order_of_rank() {
        for documents in [0u32, 1, 5, 1000] {
            let mut writer = ExactWriter::new(u64::from(documents));
            for rank in 0..documents {
                writer.insert(&format!("tag{}", rank % 400), rank);
            }
            let bytes = writer.into_bytes();
            let exact = Exact { offset: 0, bytes: bytes.len() as u64 };
            let storage = Storage::Memory(bytes);
            for rank in 0..documents {
                let mut ranks = Vec::new();
                exact.candidates(&storage, &format!("tag{}", rank % 400), &mut ranks).unwrap();
                ranks.retain(|other| other % 400 == rank % 400);
                assert!(ranks.contains(&rank) && ranks.is_sorted());
            }
            let mut none = Vec::new();
            exact.candidates(&storage, "missing", &mut none).unwrap();
            assert!(none.len() < 4);
        }
    }
}
