//! The files of an import: each regular file once, whatever folders, links and names lead to it. What is neither is
//! skipped and counted.

use super::ImportInput;
use crate::CatalogError;
use serde::Serialize;
use sources::files::MEDIA_HEAD_BYTES;
use std::collections::HashSet;
use std::fs::Metadata;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Why a path that was named and is not there is not read.
const MISSING: &str = "no such file or folder";

/// The files of an import.
#[derive(Debug, Clone, Default)]
pub struct ImportInputs {
    entries: Vec<Entry>,
    passed_over: PassedOver,
    empty_folders: Vec<PathBuf>,
    seen: HashSet<FileId>,
    data_folder: Option<FileId>,
    /// Paths that were named and refuse the import, and why.
    refused: Vec<(PathBuf, &'static str)>,
}

/// One thing to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Entry {
    /// Standard input, or a path that was named: a file, a pipe or a terminal.
    Named(ImportInput),
    /// A file that was found in a folder.
    Found(PathBuf),
    /// A file in a folder that holds nothing. It is not opened: files of the kernel claim to be empty, and some block.
    Empty(PathBuf),
    /// Unreadable paths and reasons.
    Unreadable(PathBuf, String),
}

impl Entry {
    /// The path or `-`.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Named(ImportInput::Stdin) => "-".to_owned(),
            Self::Named(ImportInput::Path(path))
            | Self::Found(path)
            | Self::Empty(path)
            | Self::Unreadable(path, _) => path.display().to_string(),
        }
    }

    /// The path of a file to read.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Self::Named(ImportInput::Path(path)) | Self::Found(path) => Some(path),
            Self::Named(ImportInput::Stdin) | Self::Empty(_) | Self::Unreadable(..) => None,
        }
    }

    /// Bytes of the file; `None` for a stream.
    pub(super) fn bytes(&self) -> Option<u64> {
        match self {
            Self::Named(ImportInput::Stdin) => None,
            Self::Named(ImportInput::Path(path)) | Self::Found(path) => {
                std::fs::metadata(path).ok().filter(Metadata::is_file).map(|file| file.len())
            }
            Self::Empty(_) | Self::Unreadable(..) => Some(0),
        }
    }
}

/// Counts of skipped files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PassedOver {
    /// Files and folders whose names begin with a dot.
    pub hidden: u64,
    /// Files and folders that are read under another name: links, and paths that were named twice.
    pub repeated: u64,
    /// Named pipes, sockets and devices in folders.
    pub special: u64,
    /// Links that lead nowhere, or in a circle.
    pub broken_links: u64,
    /// Tagmeter's own data folder.
    pub data_folder: u64,
    /// Pictures, sounds, films and subtitles in folders, which tools put beside their records.
    pub media: u64,
    /// Links, devices, pipes, hidden files and media in archives.
    pub in_archives: u64,
}

impl PassedOver {
    /// Each kind that occurred: its number, and what one and several are called.
    pub fn kinds(&self) -> impl Iterator<Item = (u64, (&'static str, &'static str))> {
        let kinds = [
            (self.hidden, ("hidden file", "hidden files")),
            (self.repeated, ("link to a file that is read already", "links to files that are read already")),
            (self.special, ("pipe, socket or device", "pipes, sockets or devices")),
            (self.broken_links, ("broken link", "broken links")),
            (self.data_folder, ("data folder of Tagmeter", "data folders of Tagmeter")),
            (self.media, ("media file", "media files")),
            (
                self.in_archives,
                (
                    "link, device, hidden or media file in an archive",
                    "links, devices, hidden or media files in archives",
                ),
            ),
        ];
        kinds.into_iter().filter(|(number, _)| *number > 0)
    }
}

/// Identity of a file, whatever its name: two hard links are one file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct FileId {
    #[cfg(unix)]
    device_and_number: (u64, u64),
    #[cfg(not(unix))]
    path: PathBuf,
}

impl FileId {
    #[cfg(unix)]
    fn of(_: &Path, metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self { device_and_number: (metadata.dev(), metadata.ino()) }
    }

    #[cfg(not(unix))]
    fn of(path: &Path, _: &Metadata) -> Self {
        Self { path: std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()) }
    }

    fn at(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|metadata| Self::of(path, &metadata))
    }
}

impl ImportInputs {
    /// Lists the files of these inputs, folders in order of their names. `data_folder` is skipped where it lies in one
    /// of them. Fails if a path that was named is not there, or is a device or a socket; what else cannot be read is
    /// reported by the import.
    pub fn list(inputs: &[ImportInput], data_folder: Option<&Path>) -> Result<Self, CatalogError> {
        let mut listed = Self { data_folder: data_folder.and_then(FileId::at), ..Self::default() };
        for input in inputs {
            match input {
                ImportInput::Path(path) => listed.named(path),
                ImportInput::Stdin => {
                    // A file that was redirected is known, so that rejects are not written over it.
                    listed.seen.extend(FileId::at(Path::new("/dev/stdin")));
                    listed.entries.push(Entry::Named(ImportInput::Stdin));
                }
            }
        }
        let Some(&(_, why)) = listed.refused.first() else { return Ok(listed) };
        let alike = listed.refused.iter().filter(|(_, other)| *other == why);
        let names: Vec<String> = alike.map(|(path, _)| path.display().to_string()).collect();
        Err(CatalogError::NoInput { name: names.join(", "), why })
    }

    /// One file.
    pub fn of_file(path: &Path) -> Self {
        Self { entries: vec![Entry::Named(ImportInput::Path(path.to_owned()))], ..Self::default() }
    }

    /// Returns the number of files.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the counts of files skipped in folders.
    pub const fn passed_over(&self) -> &PassedOver {
        &self.passed_over
    }

    /// Folders that were named and hold no file.
    pub fn empty_folders(&self) -> &[PathBuf] {
        &self.empty_folders
    }

    /// Returns whether this path is one of the files, under any name.
    pub fn contain(&self, path: &Path) -> bool {
        FileId::at(path).is_some_and(|id| self.seen.contains(&id))
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn named(&mut self, path: &Path) {
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(cause) if is_missing(&cause) => return self.refused.push((path.to_owned(), MISSING)),
            Err(cause) => return self.unreadable(path, &cause.to_string()),
        };
        if !self.seen.insert(FileId::of(path, &metadata)) {
            self.passed_over.repeated += 1;
            return;
        }
        if metadata.is_dir() {
            let before = self.entries.len();
            self.folder(path);
            if self.entries.len() == before {
                self.empty_folders.push(path.to_owned());
            }
            return;
        }
        match stream_refused(path, &metadata) {
            Some(why) => self.refused.push((path.to_owned(), why)),
            None => self.entries.push(Entry::Named(ImportInput::Path(path.to_owned()))),
        }
    }

    fn unreadable(&mut self, path: &Path, why: &str) {
        self.entries.push(Entry::Unreadable(path.to_owned(), why.to_owned()));
    }

    /// Lists what is in a folder and below it.
    fn folder(&mut self, folder: &Path) {
        let paths = std::fs::read_dir(folder)
            .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
        let mut paths: Vec<PathBuf> = match paths {
            Ok(paths) => paths,
            Err(cause) => return self.unreadable(folder, &format!("the folder cannot be listed: {cause}")),
        };
        paths.sort();
        for path in paths {
            self.found(path);
        }
    }

    fn found(&mut self, path: PathBuf) {
        if path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b".")) {
            self.passed_over.hidden += 1;
            return;
        }
        let metadata = match std::fs::metadata(&path) {
            Ok(metadata) => metadata,
            // An existing link is broken; without one the file vanished.
            Err(_) if std::fs::symlink_metadata(&path).is_ok_and(|link| link.is_symlink()) => {
                self.passed_over.broken_links += 1;
                return;
            }
            Err(cause) => return self.unreadable(&path, &cause.to_string()),
        };
        let id = FileId::of(&path, &metadata);
        if self.data_folder.as_ref() == Some(&id) {
            self.passed_over.data_folder += 1;
        } else if !metadata.is_dir() && !metadata.is_file() {
            self.passed_over.special += 1;
        } else if !self.seen.insert(id) {
            self.passed_over.repeated += 1;
        } else if metadata.is_dir() {
            self.folder(&path);
        } else if metadata.len() == 0 {
            self.entries.push(Entry::Empty(path));
        } else if is_media(&path) {
            self.passed_over.media += 1;
        } else {
            self.entries.push(Entry::Found(path));
        }
    }
}

/// Returns whether a file is an image, audio or video. One that cannot be opened is not: the import reports it.
fn is_media(path: &Path) -> bool {
    let mut head = Vec::with_capacity(MEDIA_HEAD_BYTES);
    let opened = std::fs::File::open(path);
    let read = opened.and_then(|file| file.take(MEDIA_HEAD_BYTES as u64).read_to_end(&mut head));
    read.is_ok() && sources::files::is_media(&head)
}

fn is_missing(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Why something that was named and is no folder is not read. A pipe is: that is how a shell hands over `<(zcat x)`.
#[cfg(unix)]
fn stream_refused(path: &Path, metadata: &Metadata) -> Option<&'static str> {
    use std::io::IsTerminal;
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    let is_terminal = || std::fs::File::open(path).is_ok_and(|file| file.is_terminal());
    if kind.is_file() || kind.is_fifo() {
        None
    } else if kind.is_socket() {
        Some("a socket, not a file")
    } else if kind.is_char_device() && is_terminal() {
        None
    } else {
        Some("a device, not a file")
    }
}

#[cfg(not(unix))]
fn stream_refused(_: &Path, _: &Metadata) -> Option<&'static str> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    fn listed(inputs: &[&Path]) -> ImportInputs {
        let inputs: Vec<_> = inputs.iter().map(|path| ImportInput::Path(path.to_path_buf())).collect();
        ImportInputs::list(&inputs, None).expect("they are there")
    }

    fn names(inputs: &ImportInputs) -> Vec<String> {
        let name =
            |entry: &Entry| Path::new(&entry.name()).file_name().map(|n| n.to_string_lossy().into_owned());
        inputs.entries().iter().filter_map(name).collect()
    }

    #[test]
    fn each_regular_file_is_listed_once_and_the_rest_is_counted() {
        let place = tempfile::tempdir().expect("a folder");
        let top = place.path();
        fs::create_dir_all(top.join("b/.git")).expect("folders");
        fs::write(top.join("a.json"), "{}").expect("a file");
        fs::write(top.join("b/c.json"), "{}").expect("a file");
        fs::write(top.join("b/none.json"), "").expect("a file");
        fs::hard_link(top.join("a.json"), top.join("b/hard.json")).expect("a link");
        symlink(top.join("a.json"), top.join("soft.json")).expect("a link");
        symlink("..", top.join("b/up")).expect("a circle");
        symlink("self", top.join("self")).expect("a link to itself");
        symlink("nowhere", top.join("gone")).expect("a link");
        symlink("/dev/zero", top.join("zero")).expect("a link");
        let made = std::process::Command::new("mkfifo").arg(top.join("pipe")).status().expect("mkfifo");
        assert!(made.success());
        let _socket = UnixListener::bind(top.join("socket")).expect("a socket");

        let inputs = listed(&[top, &top.join("a.json"), &top.join("b")]);
        assert_eq!(names(&inputs), ["a.json", "c.json", "none.json"]);
        assert_eq!(inputs.entries()[2], Entry::Empty(top.join("b/none.json")));
        let passed =
            PassedOver { hidden: 1, repeated: 5, special: 3, broken_links: 2, ..PassedOver::default() };
        assert_eq!(*inputs.passed_over(), passed);
        assert!(inputs.contain(&top.join("soft.json")) && !inputs.contain(&top.join("new.ndjson")));
    }

    #[test]
    fn media_beside_the_records_are_passed_over_and_counted() {
        let place = tempfile::tempdir().expect("a folder");
        let top = place.path();
        for (name, content) in [
            ("1.info.json", &b"{}"[..]),
            ("1.mp4", b"\0\0\0\x20ftypisom\0\0\x02\0"),
            ("1.jpg", b"\xff\xd8\xff\xe0\0\x10JFIF"),
            ("1.en.vtt", b"WEBVTT\n\n00:00"),
            ("named.mp4", b"{\"id\":1}"),
        ] {
            fs::write(top.join(name), content).expect("a file");
        }
        let inputs = listed(&[top]);
        // The content decides what a file is.
        assert_eq!(names(&inputs), ["1.info.json", "named.mp4"]);
        assert_eq!(inputs.passed_over().media, 3);
        // A file that is named is read, so that the import says what it is.
        assert_eq!(names(&listed(&[&top.join("1.mp4")])), ["1.mp4"]);
    }

    #[test]
    fn a_pipe_that_is_named_is_read_and_a_device_or_a_socket_is_refused() {
        let place = tempfile::tempdir().expect("a folder");
        let pipe = place.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
        assert!(made.success());
        let inputs = listed(&[&pipe]);
        assert_eq!(inputs.entries(), [Entry::Named(ImportInput::Path(pipe.clone()))]);
        let socket = place.path().join("socket");
        let _socket = UnixListener::bind(&socket).expect("a socket");
        for (path, why) in
            [(Path::new("/dev/zero"), "a device, not a file"), (socket.as_path(), "a socket, not a file")]
        {
            let named = [pipe.as_path(), path].map(|path| ImportInput::Path(path.to_path_buf()));
            let refused = ImportInputs::list(&named, None).expect_err("it is no file");
            assert_eq!(refused.to_string(), format!("{}: {why}", path.display()));
        }
    }

    #[test]
    fn what_is_missing_is_refused_and_what_is_empty_or_our_own_is_noted() {
        let place = tempfile::tempdir().expect("a folder");
        let missing = ImportInput::Path(place.path().join("nosuch.json"));
        let there = ImportInput::Path(place.path().into());
        for named in [vec![missing.clone()], vec![missing.clone(), there.clone()], vec![there, missing]] {
            let refused = ImportInputs::list(&named, None).expect_err("it is not there");
            assert!(refused.to_string().ends_with("nosuch.json: no such file or folder"), "{refused}");
        }
        let data = place.path().join("tagmeter-data");
        fs::create_dir(&data).expect("a folder");
        fs::write(data.join("catalog.db"), "data").expect("a file");
        let inputs =
            ImportInputs::list(&[ImportInput::Path(place.path().into())], Some(&data)).expect("a list");
        assert!(inputs.is_empty());
        assert_eq!(inputs.empty_folders(), [place.path()]);
        assert_eq!(inputs.passed_over().data_folder, 1);
    }
}
