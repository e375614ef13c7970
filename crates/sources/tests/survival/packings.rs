//! Packed files and archives: read as if they were not packed, whatever they claim to hold.

use super::{gzip, item, read, refused, tar, try_read};
use rawzip::{CompressionMethod, ZipArchiveWriter};
use sources::files::{self, Options};
use std::io::{Cursor, Read, Write};

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("to memory")
}

/// A zip of entries packed by this method; sizes stand after the data, as programs write them that stream.
fn zip(method: CompressionMethod, entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in entries {
        let (mut entry, config) =
            archive.new_file(*name).compression_method(method).start().expect("to memory");
        let packed: Vec<u8> = match method {
            CompressionMethod::DEFLATE => {
                let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(bytes).expect("to memory");
                encoder.finish().expect("to memory")
            }
            CompressionMethod::ZSTD => zstd(bytes),
            _ => bytes.to_vec(),
        };
        let mut sums = config.wrap(std::io::sink());
        sums.write_all(bytes).expect("to nowhere");
        let (_, sums) = sums.finish().expect("to nowhere");
        entry.write_all(&packed).expect("to memory");
        entry.finish(sums).expect("to memory");
    }
    archive.finish().expect("to memory")
}

#[test]
fn zstd_is_unpacked_whatever_frames_it_has() {
    let lines = format!("{}\n{}\n", item(11), item(12));
    let skipped = [&b"\x50\x2a\x4d\x18\x04\0\0\0abcd"[..], &zstd(lines.as_bytes())].concat();
    let two = [zstd(item(11).as_bytes()), zstd(format!("\n{}", item(12)).as_bytes())].concat();
    for bytes in [zstd(lines.as_bytes()), skipped, two, gzip(&zstd(lines.as_bytes()))] {
        let out = read(&bytes);
        assert_eq!((out.ids(), out.rejects.len()), (vec![11, 12], 0));
        assert_eq!(out.report.bytes_read, bytes.len() as u64);
    }
    assert!(read(zstd(b"")).report.is_empty);
}

#[test]
fn a_torn_zstd_gives_what_comes_before() {
    let lines: String = (1..=60_000).map(|id| item(id) + "\n").collect();
    let packed = zstd(lines.as_bytes());
    let out = read(&packed[..packed.len() * 2 / 3]);
    assert!(out.ids().len() > 10_000 && out.report.damage.is_some());
    assert!(out.rejects.last().is_some_and(|last| last.reason.contains("damaged here and ends early")));
}

#[test]
fn a_window_of_gigabytes_is_refused() {
    // A frame of one raw block whose header asks for 2 GiB.
    let out = read(b"\x28\xb5\x2f\xfd\x00\xa8\x29\x00\x00hello");
    assert!(out.reason().contains("window of more than 128 MiB; unpack it first"), "{}", out.reason());
}

#[test]
fn zips_are_read_from_files_and_streams() {
    let points = b"2025-03-25 12:30:23\t4211\n";
    let (items, packed) = (item(11), gzip(item(12).as_bytes()));
    let entries: [(&str, &[u8]); 6] = [
        ("data/items.json", items.as_bytes()),
        ("data/good spirits.txt", points),
        ("data/more.ndjson.gz", &packed),
        ("__MACOSX/data/._items.json", b"\0\x05\x16\x07"),
        ("data/.DS_Store", b"\0\0\0\x01Bud1"),
        ("readme.txt", b"about this"),
    ];
    let folder = tempfile::tempdir().expect("a folder");
    for method in [CompressionMethod::DEFLATE, CompressionMethod::ZSTD, CompressionMethod::STORE] {
        let bytes = zip(method, &entries);
        let path = folder.path().join("x.zip");
        std::fs::write(&path, &bytes).expect("written");
        let stream = try_read("x.zip", Cursor::new(bytes.clone()), 1).expect("a zip");
        let mut items = Vec::new();
        let report =
            files::read(files::open(&path).expect("a file"), Options::default(), &mut items).expect("a zip");
        assert_eq!((stream.ids(), report.observations_total(), report.rejects), (vec![11, 12], 3, 1));
        assert_eq!((stream.report.bytes_read, report.bytes_read), (bytes.len() as u64, bytes.len() as u64));
        assert_eq!(stream.hashtags[0].tag.tag.name(), "good spirits");
        assert!(stream.rejects[0].place.to_string().starts_with("x.zip/readme.txt"), "{:?}", stream.rejects);
        let within = read(gzip(&bytes));
        assert_eq!((within.ids(), within.hashtags.len()), (vec![11, 12], 1));
    }
    assert!(read(zip(CompressionMethod::STORE, &[])).report.is_empty);
}

#[test]
fn what_cannot_be_read_of_a_zip_is_reported_by_entry() {
    let (first, last) = (item(11), item(12));
    let entries: [(&str, &[u8]); 2] = [("a.json", first.as_bytes()), ("b.json", last.as_bytes())];
    let whole = zip(CompressionMethod::STORE, &entries);
    // A bit of the first entry is flipped, so that its sum is another.
    let mut wrong = whole.clone();
    let at = wrong.windows(6).position(|bytes| bytes == b"\"desc\"").expect("in the entry");
    wrong[at + 1] ^= 1;
    let out = read(&wrong);
    assert_eq!(out.ids(), [12]);
    assert!(out.reason().contains("damaged here"), "{}", out.reason());

    let lzma = read(zip(CompressionMethod::LZMA, &entries));
    assert!(
        lzma.rejects.iter().all(|r| r.reason.contains("packed by method 14 of zip")),
        "{:?}",
        lzma.rejects
    );
    assert_eq!(lzma.rejects.len(), 2);

    let encrypted: Vec<u8> = {
        let mut bytes = whole.clone();
        for magic in [&b"PK\x01\x02"[..], b"PK\x03\x04"] {
            let at = bytes.windows(4).position(|four| four == magic).expect("a header");
            bytes[at + if magic[2] == 1 { 8 } else { 6 }] |= 1;
        }
        bytes
    };
    let out = read(encrypted);
    assert_eq!((out.ids(), out.reason()), (vec![12], "encrypted; unpack it first"));
    assert!(refused(&whole[..whole.len() - 40]).contains("index, at its end, cannot be read"));
}

#[test]
fn a_bomb_is_read_in_bounded_memory_and_packings_have_a_limit() {
    // 200 MB of spaces, packed twice: passed over and empty.
    let bomb = gzip(&gzip(&vec![b' '; 200 << 20]));
    assert!(read(zip(CompressionMethod::DEFLATE, &[("bomb.gz", &bomb)])).report.is_empty);
    let deep = (0..5).fold(item(11).into_bytes(), |bytes, _| zip(CompressionMethod::STORE, &[("x", &bytes)]));
    let out = read(deep);
    assert_eq!((out.ids().len(), out.reason()), (0, "packed more than 4 times"));
}

#[test]
fn entries_that_overlap_are_not_read_over_and_over() {
    let bytes = "x".repeat(10_000);
    let mut archive = zip(CompressionMethod::STORE, &[("a", bytes.as_bytes()), ("b", b""), ("c", b"")]);
    // The index says that all three are the first.
    let heads: Vec<_> =
        (0..archive.len() - 4).filter(|at| archive[*at..].starts_with(b"PK\x01\x02")).collect();
    let first = archive[heads[0]..heads[1]].to_vec();
    for head in &heads[1..] {
        archive[*head..*head + first.len()].copy_from_slice(&first);
    }
    let out = read(archive);
    assert!(out.rejects.iter().any(|reject| reject.reason.contains("overlap")), "{:?}", out.rejects);
}

#[test]
fn three_thousand_entries_are_read_one_after_another() {
    let files: Vec<_> = (1..=3000).map(|id| (format!("d/{id}.json"), item(id))).collect();
    let entries: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
    for bytes in [zip(CompressionMethod::DEFLATE, &entries), gzip(&tar(&entries))] {
        let out = read(bytes);
        assert_eq!((out.ids().len(), out.rejects.len()), (3000, 0));
        assert!((1..).zip(out.ids()).all(|(want, id)| want == id));
    }
}

#[test]
fn a_stream_that_breaks_while_a_zip_is_put_aside_says_so() {
    let whole = zip(CompressionMethod::STORE, &[("a.json", item(11).as_bytes())]);
    let broken = Cursor::new(whole[..30].to_vec()).chain(Broken);
    let out = try_read("-", broken, 1).expect("told");
    assert!(out.reason().contains("damaged here") && out.reason().contains("torn"), "{}", out.reason());
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("torn"))
    }
}

#[test]
fn hidden_entries_of_a_tar_are_passed_over() {
    let out = read(tar(&[("._items.json", b"\0\x05"), ("items.json", item(11).as_bytes())]));
    assert_eq!((out.ids(), out.rejects.len()), (vec![11], 0));
}
