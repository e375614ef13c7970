//! Prints how many records of an import have each field, and warnings of missing fields that a file seems to
//! have under another name.

use crate::exit::Failure;
use crate::output::{counted, escaped, grouped, print, quoted, say, table};
use catalog::import::{
    FileSummary, MissingFieldWarning, StoredFieldsReport, StoredOfHashtags, StoredOfVideos, StoredOfWindows,
};

/// Maximum number of warnings printed one by one.
const WARNINGS_SHOWN_MAX: usize = 10;

/// Label of the row that sums all formats up.
const ALL: &str = "all formats";

/// Prints a table for each kind of record: a row for each format, and one for all if there are several.
pub(super) fn show(kept: &StoredFieldsReport) -> Result<(), Failure> {
    let videos = |part: &StoredOfVideos| {
        let StoredOfVideos { records, plays, hashtags, creator, posted_at, read_at } = *part;
        (records, vec![plays, hashtags, creator, posted_at, read_at])
    };
    let hashtags = |part: &StoredOfHashtags| {
        let StoredOfHashtags { records, views, videos, creators, read_at } = *part;
        (records, vec![views, videos, creators, read_at])
    };
    let windows = |part: &StoredOfWindows| {
        let StoredOfWindows { records, views, posts } = *part;
        (records, vec![views, posts])
    };
    let rows = rows(kept.videos.as_ref(), kept.formats.iter().map(|of| (&of.format, &of.videos)), videos);
    show_part(&["videos with", ">records", ">plays", ">hashtags", ">creator", ">posted", ">read at"], rows)?;
    let rows = self::rows(
        kept.hashtags.as_ref(),
        kept.formats.iter().map(|of| (&of.format, &of.hashtags)),
        hashtags,
    );
    show_part(&["hashtags with", ">records", ">views", ">videos", ">creators", ">read at"], rows)?;
    let rows =
        self::rows(kept.windows.as_ref(), kept.formats.iter().map(|of| (&of.format, &of.windows)), windows);
    show_part(&["windows with", ">records", ">views", ">posts"], rows)
}

fn show_part(head: &[&str], rows: Vec<Vec<String>>) -> Result<(), Failure> {
    if rows.is_empty() { Ok(()) } else { print(table(head, rows)) }
}

fn rows<'k, T: 'k>(
    all: Option<&T>,
    formats: impl Iterator<Item = (&'k String, &'k Option<T>)>,
    numbers: impl Fn(&T) -> (u64, Vec<u64>),
) -> Vec<Vec<String>> {
    let row = |name: &str, part: &T| {
        let (records, known) = numbers(part);
        let known = known.into_iter().map(|known| share(known, records));
        [name.to_owned(), grouped(records)].into_iter().chain(known).collect::<Vec<_>>()
    };
    let mut rows: Vec<_> =
        formats.filter_map(|(name, part)| part.as_ref().map(|part| row(name, part))).collect();
    if let (2.., Some(all)) = (rows.len(), all) {
        rows.push(row(ALL, all));
    }
    rows
}

/// Formats a number of records: `all` and `none` are words, so that numbers between them stand out.
fn share(known: u64, records: u64) -> String {
    match known {
        0 => "none".to_owned(),
        known if known == records => "all".to_owned(),
        known => grouped(known),
    }
}

/// The same warning of several files.
struct Warned<'f> {
    file: &'f FileSummary,
    files: u64,
    warning: MissingFieldWarning,
}

/// Warns of missing fields that files seem to have under another name, each once, and prints how to map them.
pub(super) fn warn(files: &[FileSummary]) {
    let mut warned: Vec<Warned<'_>> = Vec::new();
    let mut more = 0_u64;
    for (file, warning) in
        files.iter().flat_map(|file| file.warnings.iter().map(move |warning| (file, warning)))
    {
        let is_same = |known: &&mut Warned<'_>| {
            let of = |warning: &MissingFieldWarning| {
                (warning.format.clone(), warning.of.clone(), warning.field.clone())
            };
            of(&known.warning) == of(warning) && known.warning.looks_like == warning.looks_like
        };
        let has_room = warned.len() < WARNINGS_SHOWN_MAX;
        match warned.iter_mut().find(is_same) {
            Some(known) => {
                known.files += 1;
                known.warning.records += warning.records;
                known.warning.have += warning.have;
            }
            None if has_room => {
                warned.push(Warned { file, files: 1, warning: warning.clone() });
            }
            None => more += 1,
        }
    }
    for Warned { file, files, warning } in &warned {
        let name = escaped(&file.file);
        match files {
            1 => say(format_args!("warning: {name}: {}", escaped(&warning.text))),
            _ => {
                let MissingFieldWarning { format, of, field, records, have, looks_like, .. } = warning;
                say(format_args!(
                    "warning: {name} and {} more: {format}: {} of {} {of} have {}; {:?} looks like it",
                    counted(files - 1, "file"),
                    grouped(*have),
                    grouped(*records),
                    field.replace('_', " "),
                    escaped(looks_like),
                ));
            }
        }
    }
    if more > 0 {
        say(format_args!("warning: ... and {} more; --json lists all", counted(more, "warning")));
    }
    if let Some(file) = files.iter().find(|file| !file.maps.is_empty()) {
        let maps: String = file.maps.iter().map(|map| format!(" --map {}", quoted(map))).collect();
        say(format_args!(
            "hint: tagmeter import {}{} reads it by its columns",
            quoted(&file.file),
            escaped(&maps)
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_and_none_are_words_and_what_lies_between_is_a_number() {
        let shown = [(0, 5), (5, 5), (1200, 5000)].map(|(known, records)| share(known, records));
        assert_eq!(shown, ["none", "all", "1,200"]);
    }

    #[test]
    fn several_formats_are_summed_up_and_one_is_not() {
        let one = StoredOfVideos { records: 2, plays: 1, ..StoredOfVideos::default() };
        let names = ["a".to_owned(), "b".to_owned()];
        let parts = [Some(one), None];
        let numbers = |part: &StoredOfVideos| (part.records, vec![part.plays]);
        assert_eq!(rows(Some(&one), names.iter().zip(&parts), numbers), [["a", "2", "1"]]);
        let both = [Some(one), Some(one)];
        let rows = rows(Some(&one), names.iter().zip(&both), numbers);
        assert_eq!(rows.last().map(|row| row[0].as_str()), Some(ALL));
    }
}
