//! A posting list: the ranks that have a gram, ascending, so the tags of greatest reach come first.
//!
//! Full blocks of [`BLOCK`] ranks are bit-packed differences; the rest are varints. In front stands a skip table with
//! the last rank and the end of each block (8 bytes a block), so that a cursor can jump.

use crate::bytes::{Reader, put_varint};
use crate::storage::{Storage, damaged};
use bitpacking::{BitPacker, BitPacker4x};
use std::io;

const BLOCK: usize = BitPacker4x::BLOCK_LEN;
const SKIP_BYTES: usize = 8;

/// Bytes of blocks read at a time.
const READ_BYTES: u64 = 4096;

/// Ranks of a block that a seek passes at a time.
const STRIDE: usize = 16;

/// Skip entries read at a time.
const SKIPS_READ: usize = 64;

/// Writes posting lists.
pub(super) struct PostingWriter {
    packer: BitPacker4x,
    blocks: Vec<u8>,
}

impl PostingWriter {
    pub(super) fn new() -> Self {
        Self { packer: BitPacker4x::new(), blocks: Vec::new() }
    }

    /// Appends the list of these ranks, which ascend strictly.
    pub(super) fn write(&mut self, ranks: &[u32], out: &mut Vec<u8>) {
        self.blocks.clear();
        let mut before = None;
        let (blocks, tail) = ranks.as_chunks::<BLOCK>();
        for block in blocks {
            let bits = self.packer.num_bits_strictly_sorted(before, block);
            let start = self.blocks.len() + 1;
            self.blocks.push(bits);
            self.blocks.resize(start + usize::from(bits) * BLOCK / 8, 0);
            self.packer.compress_strictly_sorted(before, block, &mut self.blocks[start..], bits);
            before = block.last().copied();
            out.extend_from_slice(&block[BLOCK - 1].to_le_bytes());
            out.extend_from_slice(&(self.blocks.len() as u32).to_le_bytes());
        }
        out.extend_from_slice(&self.blocks);
        let mut last = before.unwrap_or(0);
        for rank in tail {
            put_varint(out, u64::from(rank - last));
            last = *rank;
        }
    }
}

/// Location and length of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ListAt {
    pub(super) offset: u64,
    pub(super) bytes: u32,
    /// Ranks in the list.
    pub(super) count: u32,
}

/// Part of the storage that was read ahead.
#[derive(Default)]
struct Window {
    offset: u64,
    bytes: Vec<u8>,
}

impl Window {
    /// `bytes` bytes from `offset` on; reads up to `ahead` bytes, never past `end`, where they are not there yet.
    fn get(
        &mut self,
        storage: &Storage,
        offset: u64,
        bytes: usize,
        ahead: u64,
        end: u64,
    ) -> io::Result<&[u8]> {
        let buffered =
            offset >= self.offset && offset + bytes as u64 <= self.offset + self.bytes.len() as u64;
        if !buffered {
            let reading = ahead.max(bytes as u64).min(end.saturating_sub(offset)) as usize;
            if reading < bytes {
                return Err(damaged("posting list"));
            }
            self.offset = offset;
            storage.read_into(offset, reading, &mut self.bytes)?;
        }
        let from = (offset - self.offset) as usize;
        Ok(&self.bytes[from..from + bytes])
    }
}

/// Goes through a list in ascending order.
pub(super) struct Cursor<'s> {
    storage: &'s Storage,
    packer: BitPacker4x,
    at: ListAt,
    skips: Window,
    window: Window,
    ranks: [u32; BLOCK],
    /// Ranks of the block that is loaded, and the place in it.
    buffered: usize,
    place: usize,
    /// The block that is loaded; the tail counts as the last.
    block: usize,
}

impl<'s> Cursor<'s> {
    /// At the first rank of a list.
    pub(super) fn open(storage: &'s Storage, at: ListAt) -> io::Result<Self> {
        let mut cursor = Self {
            storage,
            packer: BitPacker4x::new(),
            at,
            skips: Window::default(),
            window: Window::default(),
            ranks: [0; BLOCK],
            buffered: 0,
            place: 0,
            block: 0,
        };
        cursor.load(0)?;
        Ok(cursor)
    }

    /// Returns the current rank; `None` past the last one.
    pub(super) fn rank(&self) -> Option<u32> {
        (self.place < self.buffered).then(|| self.ranks[self.place])
    }

    /// Goes to the next rank.
    pub(super) fn advance(&mut self) -> io::Result<()> {
        self.place += 1;
        if self.place >= self.buffered && self.block < self.full_blocks() {
            self.load(self.block + 1)?;
        }
        Ok(())
    }

    /// Goes forward to the first rank that is `target` or greater.
    pub(super) fn seek(&mut self, target: u32) -> io::Result<()> {
        if self.buffered > 0 && self.ranks[self.buffered - 1] < target {
            if self.block >= self.full_blocks() {
                self.place = self.buffered;
                return Ok(());
            }
            let block = self.block_of(target)?;
            self.load(block)?;
        }
        // Most often the target is near, so strides and a count, which has no branches, beat a binary search.
        while self.place + STRIDE <= self.buffered && self.ranks[self.place + STRIDE - 1] < target {
            self.place += STRIDE;
        }
        let stride = &self.ranks[self.place.min(self.buffered)..self.buffered.min(self.place + STRIDE)];
        self.place += stride.iter().filter(|rank| **rank < target).count();
        Ok(())
    }

    /// The first block behind the current one whose last rank is `target` or greater; the tail if none is.
    fn block_of(&mut self, target: u32) -> io::Result<usize> {
        let full = self.full_blocks();
        // Every block before `low` ends too early; steps double until one does not.
        let (mut low, mut step) = (self.block + 1, 1);
        let mut high = full;
        while low < full {
            let probe = (low + step - 1).min(full - 1);
            if self.skip(probe)?.0 >= target {
                high = probe;
                break;
            }
            low = probe + 1;
            step *= 2;
        }
        while low < high {
            let middle = low + (high - low) / 2;
            if self.skip(middle)?.0 >= target {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Ok(low)
    }

    fn full_blocks(&self) -> usize {
        self.at.count as usize / BLOCK
    }

    /// Last rank and end of a full block.
    fn skip(&mut self, block: usize) -> io::Result<(u32, u32)> {
        let first = block - block % SKIPS_READ;
        let table_end = self.at.offset + (self.full_blocks() * SKIP_BYTES) as u64;
        let chunk = SKIPS_READ.min(self.full_blocks() - first) * SKIP_BYTES;
        let offset = self.at.offset + (first * SKIP_BYTES) as u64;
        let bytes = self.skips.get(self.storage, offset, chunk, 0, table_end)?;
        let mut entry = Reader(&bytes[(block - first) * SKIP_BYTES..]);
        Ok((entry.u32()?, entry.u32()?))
    }

    fn load(&mut self, block: usize) -> io::Result<()> {
        let full = self.full_blocks();
        let (before, start) = match block.checked_sub(1) {
            Some(previous) => self.skip(previous).map(|(last, end)| (Some(last), u64::from(end)))?,
            None => (None, 0),
        };
        let offset = self.at.offset + (full * SKIP_BYTES) as u64 + start;
        let end = self.at.offset + u64::from(self.at.bytes);
        if block < full {
            let bytes =
                self.skip(block)?.1.checked_sub(start as u32).ok_or_else(|| damaged("posting list"))?;
            let bytes = self.window.get(self.storage, offset, bytes as usize, READ_BYTES, end)?;
            let (bits, packed) = bytes.split_first().ok_or_else(|| damaged("posting list"))?;
            if *bits > 32 || packed.len() != usize::from(*bits) * BLOCK / 8 {
                return Err(damaged("posting list"));
            }
            self.packer.decompress_strictly_sorted(before, packed, &mut self.ranks, *bits);
            self.buffered = BLOCK;
        } else {
            let bytes = end.checked_sub(offset).ok_or_else(|| damaged("posting list"))? as usize;
            let mut tail = Reader(self.window.get(self.storage, offset, bytes, READ_BYTES, end)?);
            let mut last = before.unwrap_or(0);
            self.buffered = self.at.count as usize % BLOCK;
            for rank in &mut self.ranks[..self.buffered] {
                last = last.wrapping_add(tail.varint()? as u32);
                *rank = last;
            }
        }
        (self.block, self.place) = (block, 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(ranks: &[u32], seeks: &[u32]) {
        let mut bytes = vec![0xaa; 5];
        PostingWriter::new().write(ranks, &mut bytes);
        let at = ListAt { offset: 5, bytes: bytes.len() as u32 - 5, count: ranks.len() as u32 };
        bytes.extend([0xbb; 9]);
        let storage = Storage::Memory(bytes);
        let mut cursor = Cursor::open(&storage, at).unwrap();
        for rank in ranks {
            assert_eq!(cursor.rank(), Some(*rank));
            cursor.advance().unwrap();
        }
        assert_eq!(cursor.rank(), None);
        let mut cursor = Cursor::open(&storage, at).unwrap();
        let mut seeks = seeks.to_vec();
        seeks.sort_unstable();
        for target in seeks {
            cursor.seek(target).unwrap();
            assert_eq!(cursor.rank(), ranks.iter().copied().find(|rank| *rank >= target), "seek {target}");
        }
    }

    #[test]
    fn lists_around_the_block_size() {
        for length in [0, 1, 127, 128, 129, 256, 128 * 70 + 3] {
            let ranks: Vec<u32> = (0..length).map(|i| i * 3).collect();
            check(&ranks, &[0, 1, 5, 300, 384, 900, 20_000, 26_887, u32::MAX]);
        }
        check(&[0, u32::MAX - 1], &[3]);
    }

    proptest! {
        #[test]
        fn any_list(ranks in prop::collection::btree_set(0u32..60_000, 0..3000), seeks in prop::collection::vec(0u32..60_001, 0..40)) {
            check(&ranks.into_iter().collect::<Vec<_>>(), &seeks);
        }
    }
}
