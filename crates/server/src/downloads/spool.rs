//! The folder of large answers, of bounded size. Dropping a file removes it unless it is retained: answers that
//! were paid for are retained for a while, so that interrupted downloads can be resumed.
//!
//! A retained answer has a record beside its file (`ID.json`) and survives a restart. A record with `is_paid:
//! false` was written before its charge, and counts only if the ledger refers to it.

use super::record::Record;
use domain::{AccountId, RequestId, Timestamp};
use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::file_age::untouched_ms;
use store::private;
use tempfile::TempDir;
use xxhash_rust::xxh3::Xxh3;

/// Divisor of the folder's size: the limit for the retained answers of one account.
const ACCOUNT_PART: u64 = 4;
/// Age, since its last write, at which a file without a record counts as left by a process that has ended.
const ABANDONED_MS: i64 = 24 * 60 * 60 * 1000;
/// Extension of a record.
const RECORD: &str = "json";

/// The folder and its retained answers.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    /// The folder, if none was configured; removed when dropped.
    _temporary: Option<TempDir>,
    room: Arc<Room>,
    retention_ms: i64,
    retained: Mutex<Answers>,
}

/// The retained answers of each account, the newest last.
type Answers = BTreeMap<AccountId, VecDeque<Arc<Retained>>>;

/// Disk space of all files together.
#[derive(Debug)]
struct Room {
    bytes_max: u64,
    taken: AtomicU64,
}

impl Room {
    fn take(&self, bytes: u64) -> bool {
        let fits = |taken: u64| taken.checked_add(bytes).filter(|taken| *taken <= self.bytes_max);
        self.taken.fetch_update(Relaxed, Relaxed, fits).is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.taken.fetch_sub(bytes, Relaxed);
    }
}

/// A file of the folder. Dropping it removes it and its record, unless it is retained.
#[derive(Debug)]
pub(crate) struct Stored {
    path: PathBuf,
    bytes: u64,
    room: Arc<Room>,
    is_retained: AtomicBool,
}

/// An answer that was paid for.
#[derive(Debug)]
pub(crate) struct Retained {
    pub(crate) record: Record,
    pub(crate) stored: Arc<Stored>,
    /// Start of its retention, in milliseconds since 1970.
    since_ms: AtomicI64,
}

impl Retained {
    fn new(record: Record, stored: Arc<Stored>) -> Self {
        let since_ms = AtomicI64::new(record.paid_at_ms);
        Self { record, stored, since_ms }
    }

    /// Returns the milliseconds since its retention began. If it was paid while the clock was ahead, that is
    /// now.
    fn age_ms(&self, now: Timestamp) -> i64 {
        let since_ms = self.since_ms.fetch_min(now.as_ms(), Relaxed).min(now.as_ms());
        now.as_ms().saturating_sub(since_ms)
    }
}

/// A file that is being written.
pub(crate) struct Draft {
    spool: Arc<Spool>,
    file: File,
    stored: Stored,
    hash: Xxh3,
}

impl Stored {
    /// Opens it for reading.
    pub(crate) fn open(&self) -> io::Result<File> {
        File::open(&self.path)
    }

    /// Returns true if it still exists: another process that shares the folder may have removed it.
    pub(crate) fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Returns its size in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.room.give_back(self.bytes);
        if self.is_retained.load(Relaxed) {
            return;
        }
        for path in [&self.path, &self.path.with_extension(RECORD)] {
            if let Err(error) = fs::remove_file(path)
                && error.kind() != ErrorKind::NotFound
            {
                tracing::warn!(%error, "cannot remove a large answer that is no longer needed");
            }
        }
    }
}

impl Draft {
    /// Completes the file. Returns it with the hash of its bytes.
    pub(crate) fn finish(mut self) -> io::Result<(Arc<Stored>, u128)> {
        self.file.flush()?;
        Ok((Arc::new(self.stored), self.hash.digest128()))
    }
}

impl Write for Draft {
    /// Fails with `StorageFull` if the folder is full and no retained answer can be removed.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.spool.make_room(bytes.len() as u64)?;
        self.stored.bytes += bytes.len() as u64;
        self.file.write_all(bytes)?;
        self.hash.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Spool {
    /// Opens a folder with the answers retained in it, or a temporary folder if none is given.
    pub(crate) fn open(
        folder: Option<PathBuf>,
        bytes_max: u64,
        retention_ms: i64,
        now: Timestamp,
    ) -> io::Result<Arc<Self>> {
        let temporary = if folder.is_none() { Some(tempfile::tempdir()?) } else { None };
        let in_temporary = || temporary.as_ref().map(|folder| folder.path().to_owned());
        let folder = folder.or_else(in_temporary).unwrap_or_default();
        let room = Arc::new(Room { bytes_max, taken: AtomicU64::new(0) });
        let spool = Self { folder, _temporary: temporary, room, retention_ms, retained: Mutex::default() };
        spool.take_up(now)?;
        Ok(Arc::new(spool))
    }

    /// Checks that the folder is writable, by writing a small file. Blocks on the disk.
    pub(crate) fn probe(&self) -> io::Result<()> {
        store::probe::write_to_folder(&self.folder)
    }

    /// Creates a file named after the id of its call. Blocks on the disk.
    pub(crate) fn draft(self: &Arc<Self>, id: RequestId) -> io::Result<Draft> {
        private::make_folder(&self.folder)?;
        let path = self.folder.join(id.to_string());
        let file = private::options().write(true).create_new(true).open(&path)?;
        let is_retained = AtomicBool::new(false);
        let stored = Stored { path, bytes: 0, room: Arc::clone(&self.room), is_retained };
        Ok(Draft { spool: Arc::clone(self), file, stored, hash: Xxh3::new() })
    }

    /// Writes the record of a file beside it. Blocks on the disk.
    fn write_record(record: &Record, stored: &Stored) -> io::Result<()> {
        let path = stored.path.with_extension(RECORD);
        let part = stored.path.with_extension("part");
        let json = serde_json::to_vec(record)?;
        let written = private::options()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&part)
            .and_then(|mut file| file.write_all(&json))
            .and_then(|()| fs::rename(&part, path));
        if written.is_err() {
            // If this fails too, it is removed with the abandoned files.
            let _ = fs::remove_file(&part);
        }
        written
    }

    /// Retains an answer, and writes its record. Blocks on the disk.
    pub(crate) fn retain(&self, record: Record, stored: Arc<Stored>) -> io::Result<()> {
        Self::write_record(&record, &stored)?;
        self.insert(Retained::new(record, stored));
        Ok(())
    }

    fn insert(&self, retained: Retained) {
        retained.stored.is_retained.store(true, Relaxed);
        let mut all = self.lock();
        let of_account = all.entry(retained.record.account_id()).or_default();
        // Replaces the record from before its charge.
        of_account.retain(|other| other.record.id != retained.record.id);
        of_account.push_back(Arc::new(retained));
        of_account.make_contiguous().sort_by_key(|retained| retained.record.paid_at_ms);
        // The newest stays, however large it is.
        while of_account.len() > 1
            && of_account.iter().map(|retained| retained.stored.bytes).sum::<u64>()
                > self.room.bytes_max / ACCOUNT_PART
        {
            of_account.pop_front().iter().for_each(release);
        }
    }

    /// Returns the newest answer of an account that `fits`.
    pub(crate) fn find(
        &self,
        account_id: AccountId,
        now: Timestamp,
        fits: impl Fn(&Record) -> bool,
    ) -> Option<Arc<Retained>> {
        let mut all = self.lock();
        self.drop_old(&mut all, now);
        all.get(&account_id)?.iter().rev().find(|retained| fits(&retained.record)).cloned()
    }

    /// Loads an account's answer of this id if another process that shares the folder stored it. Blocks on the
    /// disk.
    pub(crate) fn look_for(&self, account_id: AccountId, id: RequestId, now: Timestamp) {
        let name = id.to_string();
        let is_known = |all: &Answers| all.values().flatten().any(|retained| retained.record.id == name);
        if is_known(&self.lock()) {
            return;
        }
        let path = self.folder.join(&name);
        let Some(record) = read_record(&path.with_extension(RECORD)) else { return };
        let bytes = fs::metadata(&path).map_or(0, |metadata| metadata.len());
        let is_whole = record.id == name && record.account_id() == account_id && record.bytes == bytes;
        if is_whole && record.age_ms(now) < self.retention_ms && self.room.take(bytes) {
            let (room, is_retained) = (Arc::clone(&self.room), AtomicBool::new(true));
            let stored = Stored { path, bytes, room, is_retained };
            self.insert(Retained::new(record, Arc::new(stored)));
        }
    }

    /// Removes an answer that was not charged.
    pub(crate) fn withdraw(&self, account_id: AccountId, id: RequestId) {
        let (mut all, id) = (self.lock(), id.to_string());
        if let Some(of_account) = all.get_mut(&account_id) {
            of_account.iter().filter(|retained| retained.record.id == id).for_each(release);
            of_account.retain(|retained| retained.record.id != id);
        }
    }

    /// Removes expired answers.
    pub(crate) fn sweep(&self, now: Timestamp) {
        self.drop_old(&mut self.lock(), now);
    }

    fn drop_old(&self, all: &mut Answers, now: Timestamp) {
        // Checks each: after the clock was set back, the first of an account need not expire first.
        all.retain(|_, of_account| {
            of_account.retain(|retained| {
                let is_old = retained.age_ms(now) >= self.retention_ms;
                if is_old {
                    release(retained);
                }
                !is_old
            });
            !of_account.is_empty()
        });
    }

    fn lock(&self) -> MutexGuard<'_, Answers> {
        self.retained.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes space for `bytes` bytes, removing retained answers, the oldest first, until there is enough.
    fn make_room(&self, bytes: u64) -> io::Result<()> {
        while !self.room.take(bytes) {
            let mut all = self.lock();
            let oldest = all
                .iter()
                .min_by_key(|(_, of_account)| {
                    of_account.front().map(|retained| retained.since_ms.load(Relaxed))
                })
                .map(|(account_id, _)| *account_id)
                .ok_or(ErrorKind::StorageFull)?;
            if let Some(of_account) = all.get_mut(&oldest) {
                of_account.pop_front().iter().for_each(release);
                if of_account.is_empty() {
                    all.remove(&oldest);
                }
            }
        }
        Ok(())
    }

    /// Loads the answers that earlier processes stored, and removes the files that they abandoned.
    fn take_up(&self, now: Timestamp) -> io::Result<()> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut found: Vec<(Record, Stored)> = Vec::new();
        for path in entries.flatten().map(|entry| entry.path()) {
            let id = path.file_stem().and_then(|stem| stem.to_str()).and_then(RequestId::parse);
            // Other files are not ours.
            let Some(id) = id else { continue };
            if path.extension().is_some_and(|extension| extension == RECORD) {
                found.extend(self.recorded(&path, id, now));
            } else if is_abandoned(&path, now) {
                let _ = fs::remove_file(&path);
            }
        }
        found.sort_by_key(|(record, _)| record.paid_at_ms);
        for (record, stored) in found {
            self.insert(Retained::new(record, Arc::new(stored)));
        }
        Ok(())
    }

    /// Loads a record and its file. Removes both if they are expired, incomplete or do not fit the folder.
    fn recorded(&self, path: &Path, id: RequestId, now: Timestamp) -> Option<(Record, Stored)> {
        let mut record = read_record(path)?;
        let data = path.with_extension("");
        let bytes = fs::metadata(&data).map_or(0, |metadata| metadata.len());
        let (room, is_retained) = (Arc::clone(&self.room), AtomicBool::new(false));
        let stored =
            Stored { path: data, bytes: if room.take(bytes) { bytes } else { 0 }, room, is_retained };
        let is_whole = record.id == id.to_string() && record.bytes == bytes && stored.bytes == bytes;
        if is_whole && record.paid_at_ms > now.as_ms() {
            // Paid while the clock was ahead: its retention begins now, and not at every start.
            record.paid_at_ms = now.as_ms();
            if let Err(error) = Self::write_record(&record, &stored) {
                tracing::warn!(%error, "cannot correct the time of a large answer");
            }
        }
        (is_whole && record.age_ms(now) < self.retention_ms).then_some((record, stored))
    }
}

/// Removes the stored answers of all accounts from a folder and returns their number. Downloads in progress
/// complete, but cannot be resumed.
pub fn remove_retained(folder: &Path) -> io::Result<u64> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut removed = 0;
    for path in entries.flatten().map(|entry| entry.path()) {
        let id = path.file_stem().and_then(|stem| stem.to_str()).and_then(RequestId::parse);
        if id.is_none() || path.extension().is_none_or(|extension| extension != RECORD) {
            continue;
        }
        for path in [&path.with_extension(""), &path] {
            match fs::remove_file(path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        removed += 1;
    }
    Ok(removed)
}

fn read_record(path: &Path) -> Option<Record> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Ends the retention: the file is removed once no response sends it.
fn release(retained: &Arc<Retained>) {
    retained.stored.is_retained.store(false, Relaxed);
}

fn is_abandoned(path: &Path, now: Timestamp) -> bool {
    untouched_ms(path, now).is_some_and(|ms| ms >= ABANDONED_MS)
        && (path.extension().is_some() || !path.with_extension(RECORD).exists())
}

#[cfg(test)]
mod tests;
