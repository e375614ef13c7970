//! Puts documents in order of rank - greatest reach first, then hashtag number - in bounded memory: chunks are sorted
//! and set aside in temporary files, then merged.

use crate::bytes::Reader;
use crate::documents::Record;
use crate::storage::damaged;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};
use std::path::PathBuf;

/// Bytes of text and of sort entries in memory before a chunk is written to a temporary file.
pub(super) const CHUNK_BYTES_MAX: usize = 24 << 20;

const BUFFER_BYTES: usize = 256 << 10;

/// One document of the chunk in memory; its text is `bytes` bytes at `start` of the chunk's text, key behind form.
struct Entry {
    order: (Reverse<u64>, u32),
    start: usize,
    form_bytes: u16,
    key_bytes: u16,
}

/// Takes documents in any order and gives them back in order of rank.
pub(super) struct Sorter {
    /// Folder of temporary files; without it everything stays in memory.
    folder: Option<PathBuf>,
    chunk_bytes_max: usize,
    entries: Vec<Entry>,
    texts: Vec<u8>,
    runs: Vec<File>,
    count: u64,
}

impl Sorter {
    pub(super) fn new(folder: Option<PathBuf>, chunk_bytes_max: usize) -> Self {
        Self { folder, chunk_bytes_max, entries: Vec::new(), texts: Vec::new(), runs: Vec::new(), count: 0 }
    }

    /// Returns the number of documents pushed.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Takes a document; form and key have at most `u16::MAX` bytes each, and the key is empty where it is the form.
    pub(super) fn push(&mut self, reach: u64, hashtag: u32, form: &str, key: &str) -> io::Result<()> {
        let start = self.texts.len();
        self.texts.extend_from_slice(form.as_bytes());
        self.texts.extend_from_slice(key.as_bytes());
        let (form_bytes, key_bytes) = (form.len() as u16, key.len() as u16);
        self.entries.push(Entry { order: (Reverse(reach), hashtag), start, form_bytes, key_bytes });
        self.count += 1;
        if self.texts.len() + self.entries.len() * size_of::<Entry>() >= self.chunk_bytes_max {
            self.set_aside()?;
        }
        Ok(())
    }

    fn set_aside(&mut self) -> io::Result<()> {
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, tempfile::tempfile_in(folder)?);
        self.entries.sort_unstable_by_key(|entry| entry.order);
        for entry in self.entries.drain(..) {
            let mut head = [0; HEAD_BYTES];
            head[..8].copy_from_slice(&entry.order.0.0.to_le_bytes());
            head[8..12].copy_from_slice(&entry.order.1.to_le_bytes());
            head[12..14].copy_from_slice(&entry.form_bytes.to_le_bytes());
            head[14..].copy_from_slice(&entry.key_bytes.to_le_bytes());
            out.write_all(&head)?;
            let bytes = usize::from(entry.form_bytes) + usize::from(entry.key_bytes);
            out.write_all(&self.texts[entry.start..entry.start + bytes])?;
        }
        self.texts.clear();
        self.runs.push(out.into_inner().map_err(io::IntoInnerError::into_error)?);
        Ok(())
    }

    /// Gives every document in order of rank.
    pub(super) fn finish(mut self, mut next: impl FnMut(&Record) -> io::Result<()>) -> io::Result<()> {
        let mut record = Record::default();
        if self.runs.is_empty() {
            self.entries.sort_unstable_by_key(|entry| entry.order);
            for entry in &self.entries {
                (record.reach, record.hashtag) = (entry.order.0.0, entry.order.1);
                set_texts(&mut record, &self.texts[entry.start..], entry.form_bytes, entry.key_bytes)?;
                next(&record)?;
            }
            return Ok(());
        }
        self.set_aside()?;
        (self.entries, self.texts) = Default::default();
        let mut runs = Vec::new();
        let mut heads = BinaryHeap::new();
        for (number, file) in self.runs.drain(..).enumerate() {
            let mut run = Run::open(file)?;
            if run.advance()? {
                heads.push(Reverse((run.order(), number)));
            }
            runs.push(run);
        }
        while let Some(mut head) = heads.peek_mut() {
            let Reverse((_, number)) = *head;
            let run = &mut runs[number];
            next(&run.record)?;
            if run.advance()? {
                *head = Reverse((run.order(), number));
            } else {
                std::collections::binary_heap::PeekMut::pop(head);
            }
        }
        Ok(())
    }
}

const HEAD_BYTES: usize = 8 + 4 + 2 + 2;

/// A file that was set aside, being read.
struct Run {
    input: BufReader<File>,
    record: Record,
    text: Vec<u8>,
}

impl Run {
    fn open(mut file: File) -> io::Result<Self> {
        file.rewind()?;
        let input = BufReader::with_capacity(BUFFER_BYTES, file);
        Ok(Self { input, record: Record::default(), text: Vec::new() })
    }

    fn order(&self) -> (Reverse<u64>, u32) {
        (Reverse(self.record.reach), self.record.hashtag)
    }

    /// Reads the next record; `false` at the end.
    fn advance(&mut self) -> io::Result<bool> {
        if io::BufRead::fill_buf(&mut self.input)?.is_empty() {
            return Ok(false);
        }
        let mut head = [0; HEAD_BYTES];
        self.input.read_exact(&mut head)?;
        let mut head = Reader(&head);
        (self.record.reach, self.record.hashtag) = (head.u64()?, head.u32()?);
        let (form_bytes, key_bytes) = (u16::from_le_bytes(head.array()?), u16::from_le_bytes(head.array()?));
        self.text.resize(usize::from(form_bytes) + usize::from(key_bytes), 0);
        self.input.read_exact(&mut self.text)?;
        set_texts(&mut self.record, &self.text, form_bytes, key_bytes)?;
        Ok(true)
    }
}

fn set_texts(record: &mut Record, text: &[u8], form_bytes: u16, key_bytes: u16) -> io::Result<()> {
    let mut text = Reader(text);
    let utf8 = |bytes| std::str::from_utf8(bytes).map_err(|_| damaged("temporary file"));
    record.form.clear();
    record.form.push_str(utf8(text.take(usize::from(form_bytes))?)?);
    let key = utf8(text.take(usize::from(key_bytes))?)?;
    record.key = (!key.is_empty()).then(|| key.to_owned());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_the_same_with_files_and_without() {
        let input: Vec<(u64, u32)> =
            (0..2000u32).map(|i| (u64::from(i.wrapping_mul(7919) % 300), i)).collect();
        let mut want = input.clone();
        want.sort_by_key(|(reach, hashtag)| (Reverse(*reach), *hashtag));
        for (folder, bytes) in
            [(None, 100), (Some(std::env::temp_dir()), 5000), (Some(std::env::temp_dir()), 1 << 30)]
        {
            let mut sorter = Sorter::new(folder, bytes);
            for (reach, hashtag) in &input {
                let key = if hashtag % 3 == 0 { format!("key{hashtag}") } else { String::new() };
                sorter.push(*reach, *hashtag, &format!("form{hashtag}"), &key).unwrap();
            }
            let mut got = Vec::new();
            sorter
                .finish(|record| {
                    assert_eq!(record.form, format!("form{}", record.hashtag));
                    assert_eq!(record.key.is_some(), record.hashtag % 3 == 0);
                    got.push((record.reach, record.hashtag));
                    Ok(())
                })
                .unwrap();
            assert_eq!(got, want);
        }
    }
}
