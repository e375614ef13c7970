//! Turns documents into posting lists in bounded memory.
//!
//! Pairs of gram and rank are collected in order of rank until there are [`PAIRS_MAX`], then put in order of gram by
//! counting (which keeps the ranks ascending) and set aside in a temporary file. In the end the files are merged:
//! the list of a gram is its part of each file, one behind the other.

use crate::bytes::{Reader, put_varint};
use crate::gram::Gram;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::fs::File;
use std::hash::{BuildHasherDefault, Hasher};
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;

/// Pairs of gram and rank kept in memory: eight bytes each, and four more while they are sorted.
pub(super) const PAIRS_MAX: usize = 4 << 20;

const BUFFER_BYTES: usize = 256 << 10;

/// Mixes the bits of a gram; grams are no secret and nobody gains from colliding ones.
#[derive(Default)]
struct GramHasher(u64);

impl Hasher for GramHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(self.0 ^ u64::from(*byte));
        }
    }
    fn write_u64(&mut self, number: u64) {
        let product = u128::from(number) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

/// Postings of a gram since the last temporary file.
struct Slot {
    gram: Gram,
    count: u32,
    last_rank: u32,
}

/// Collects documents and gives back posting lists.
pub(super) struct Inverter {
    /// Folder of temporary files; without it everything stays in memory.
    folder: Option<PathBuf>,
    pairs_max: usize,
    numbers: HashMap<u64, u32, BuildHasherDefault<GramHasher>>,
    slots: Vec<Slot>,
    /// Number of the slot and rank.
    pairs: Vec<(u32, u32)>,
    runs: Vec<File>,
}

impl Inverter {
    pub(super) fn new(folder: Option<PathBuf>, pairs_max: usize) -> Self {
        Self {
            folder,
            pairs_max,
            numbers: HashMap::default(),
            slots: Vec::new(),
            pairs: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Notes that the document of this rank, the greatest so far, has the gram; saying so twice is once.
    pub(super) fn push(&mut self, gram: Gram, rank: u32) {
        let slots = &mut self.slots;
        let number = *self.numbers.entry(gram.0).or_insert_with(|| {
            slots.push(Slot { gram, count: 0, last_rank: u32::MAX });
            (slots.len() - 1) as u32
        });
        let slot = &mut slots[number as usize];
        if slot.last_rank != rank {
            slot.last_rank = rank;
            slot.count += 1;
            self.pairs.push((number, rank));
        }
    }

    /// To be called between documents: sets pairs aside when there are many.
    pub(super) fn document_done(&mut self) -> io::Result<()> {
        if self.pairs.len() < self.pairs_max {
            return Ok(());
        }
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile_in(folder)?);
        let mut deltas = Vec::new();
        self.drain(|gram, ranks| {
            deltas.clear();
            let mut last = 0;
            for rank in ranks {
                put_varint(&mut deltas, u64::from(rank - last));
                last = *rank;
            }
            out.write_all(&gram.0.to_le_bytes())?;
            out.write_all(&(ranks.len() as u32).to_le_bytes())?;
            out.write_all(&(deltas.len() as u32).to_le_bytes())?;
            out.write_all(&deltas)
        })?;
        self.runs.push(out.into_inner().map_err(io::IntoInnerError::into_error)?);
        Ok(())
    }

    /// Gives all lists since the last time, grams ascending, and forgets them.
    fn drain(&mut self, mut list: impl FnMut(Gram, &[u32]) -> io::Result<()>) -> io::Result<()> {
        let mut order: Vec<u32> = (0..self.slots.len() as u32).collect();
        order.sort_unstable_by_key(|number| self.slots[*number as usize].gram);
        let mut ends = vec![0usize; self.slots.len()];
        let mut start = 0;
        for number in &order {
            ends[*number as usize] = start;
            start += self.slots[*number as usize].count as usize;
        }
        let mut ranks = vec![0u32; self.pairs.len()];
        for (number, rank) in &self.pairs {
            let end = &mut ends[*number as usize];
            ranks[*end] = *rank;
            *end += 1;
        }
        for number in &order {
            let (slot, end) = (&self.slots[*number as usize], ends[*number as usize]);
            list(slot.gram, &ranks[end - slot.count as usize..end])?;
        }
        self.numbers.clear();
        self.slots.clear();
        self.pairs.clear();
        Ok(())
    }

    /// Gives every list, grams ascending.
    pub(super) fn finish(mut self, mut list: impl FnMut(Gram, &[u32]) -> io::Result<()>) -> io::Result<()> {
        if self.runs.is_empty() {
            return self.drain(list);
        }
        if !self.pairs.is_empty() {
            self.pairs_max = 0;
            self.document_done()?;
        }
        // Free before merging.
        (self.pairs, self.slots, self.numbers) = Default::default();
        let mut runs = Vec::new();
        let mut next = BinaryHeap::new();
        for (number, file) in self.runs.drain(..).enumerate() {
            let mut run = Run::open(file)?;
            if let Some(gram) = run.next_gram()? {
                next.push(Reverse((gram, number)));
            }
            runs.push(run);
        }
        let mut ranks = Vec::new();
        while let Some(Reverse((gram, number))) = next.pop() {
            runs[number].append_ranks(&mut ranks)?;
            if let Some(gram) = runs[number].next_gram()? {
                next.push(Reverse((gram, number)));
            }
            if next.peek().is_none_or(|Reverse((following, _))| *following != gram) {
                list(gram, &ranks)?;
                ranks.clear();
            }
        }
        Ok(())
    }
}

/// A file that was set aside, being read.
struct Run {
    input: BufReader<File>,
    bytes: Vec<u8>,
}

impl Run {
    fn open(mut file: File) -> io::Result<Self> {
        file.rewind()?;
        Ok(Self { input: BufReader::with_capacity(BUFFER_BYTES, file), bytes: Vec::new() })
    }

    fn next_gram(&mut self) -> io::Result<Option<Gram>> {
        if self.input.buffer().is_empty() && io::BufRead::fill_buf(&mut self.input)?.is_empty() {
            return Ok(None);
        }
        let mut number = [0; 8];
        self.input.read_exact(&mut number)?;
        Ok(Some(Gram(u64::from_le_bytes(number))))
    }

    fn append_ranks(&mut self, ranks: &mut Vec<u32>) -> io::Result<()> {
        let mut head = [0; 8];
        self.input.read_exact(&mut head)?;
        let mut head = Reader(&head);
        let (count, bytes) = (head.u32()?, head.u32()?);
        self.bytes.resize(bytes as usize, 0);
        self.input.read_exact(&mut self.bytes)?;
        let mut deltas = Reader(&self.bytes);
        let mut last = 0u32;
        for _ in 0..count {
            last = last.wrapping_add(deltas.varint()? as u32);
            ranks.push(last);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn lists_are_the_same_however_often_they_are_set_aside() {
        let mut naive: BTreeMap<Gram, Vec<u32>> = BTreeMap::new();
        let documents: Vec<Vec<Gram>> = (0..500u64)
            .map(|rank| (0..rank % 9).map(|i| Gram((rank * 31 + i * i * 7) % 97)).collect())
            .collect();
        for (rank, grams) in documents.iter().enumerate() {
            for gram in grams {
                let ranks = naive.entry(*gram).or_default();
                if ranks.last() != Some(&(rank as u32)) {
                    ranks.push(rank as u32);
                }
            }
        }
        for (folder, pairs_max) in
            [(None, 10), (Some(std::env::temp_dir()), 100), (Some(std::env::temp_dir()), 1 << 20)]
        {
            let mut inverter = Inverter::new(folder, pairs_max);
            for (rank, grams) in documents.iter().enumerate() {
                for gram in grams {
                    inverter.push(*gram, rank as u32);
                }
                inverter.document_done().unwrap();
            }
            let mut got = BTreeMap::new();
            inverter
                .finish(|gram, ranks| {
                    assert!(got.last_key_value().is_none_or(|(last, _)| *last < gram));
                    got.insert(gram, ranks.to_vec());
                    Ok(())
                })
                .unwrap();
            assert_eq!(got, naive);
        }
    }
}
