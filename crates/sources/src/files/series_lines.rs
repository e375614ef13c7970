//! View-count series as one text file per tag: lines of `YYYY-MM-DD HH:MM:SS<TAB>views`, with the tag in the file
//! name.

use super::format::{Format, Kind, ReadLine, Text};
use crate::json::number::{self, Number};
use crate::reading::{Reading, Refusal};
use domain::observation::{HashtagCounts, HashtagDetails, HashtagObservation, TagRef};
use domain::{Count, Source, Tag, Timestamp};

pub(crate) static FORMAT: Format = Format {
    source: Source::Series,
    shape: "`TAG.txt` of lines `YYYY-MM-DD HH:MM:SS<TAB>views`, also in archives",
    made_by: "trackers",
    kind: Kind::Text(Text {
        first_line: "YYYY-MM-DD HH:MM:SS, a tab, and a number of views",
        // A number too large to store is a reject of its line, not a sign of another format.
        fits: |line| {
            parts(line).is_ok_and(|(_, views)| views.starts_with(|digit: char| digit.is_ascii_digit()))
        },
        open: |_, file| Ok(Box::new(Points { tag: tag_of(file)? })),
    }),
};

struct Points {
    tag: Tag,
}

impl ReadLine for Points {
    fn read(&mut self, line: &str, reading: &mut Reading<'_>) -> Result<(), Refusal> {
        let (at, views) = point(line)?;
        reading.hashtag(HashtagObservation {
            tag: TagRef { tag: self.tag.clone(), id: None },
            source: Source::Series,
            observed_at: Some(at),
            counts: HashtagCounts { views: Some(views), ..HashtagCounts::default() },
            details: HashtagDetails::default(),
        });
        Ok(())
    }
}

/// Parses the time and views of a line. Some views, such as 16399999, were truncated by a float; they are
/// stored as read.
fn point(line: &str) -> Result<(Timestamp, Count), String> {
    let (time, views) = parts(line)?;
    let count = Number(number::from_text(views)).web("views")?;
    Ok((time, count.ok_or_else(|| format!("{views:?} is not a number of views"))?))
}

/// Splits a line into its time and the text of its views.
fn parts(line: &str) -> Result<(Timestamp, &str), String> {
    let (at, views) = line.trim_end().split_once('\t').ok_or("there is no tab between time and views")?;
    let time =
        Timestamp::parse(at).filter(|_| at.len() > 10).ok_or_else(|| format!("{at:?} is not a time"))?;
    Ok((time, views))
}

/// Returns the tag that a file is named after: the last part of its path, without `.txt` and compression
/// suffixes.
fn tag_of(file: &str) -> Result<Tag, String> {
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let name = name.strip_suffix(".gz").or(name.strip_suffix(".zst")).unwrap_or(name);
    let name = name.strip_suffix(".txt").unwrap_or(name);
    match Tag::new(name) {
        Ok(tag) if name != "-" => Ok(tag),
        _ => Err("a series of lines is named after its tag (cat.txt), and this one has no name".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_time_and_a_number() {
        let (at, views) = point("2025-03-25 12:30:23\t16399999\r").expect("a point");
        assert_eq!(at.to_rfc3339(), "2025-03-25T12:30:23Z");
        assert_eq!((views.value(), views.is_rounded()), (16_399_999, false));
        let is_rounded = |line| point(line).map(|(_, views)| views.is_rounded());
        assert_eq!(is_rounded("2025-03-25 12:30:23\t1200000"), Ok(true));
        assert_eq!(is_rounded("2025-03-25 12:30:23\t1001000"), Ok(false));
        for line in
            ["", "2025-03-25 12:30:23", "2025-03-25\t1", "2025-03-25 12:30:23\t", "a\t1", "lange -- #titles"]
        {
            assert!(point(line).is_err(), "{line}");
        }
    }

    #[test]
    fn a_file_is_named_after_its_tag() {
        for (file, want) in [
            ("x.tar.gz/data/good spirits.txt", "good spirits"),
            ("AuranChronicles.txt.gz", "AuranChronicles"),
            ("x.zip/AuranChronicles.txt.zst", "AuranChronicles"),
            ("lange", "lange"),
        ] {
            assert_eq!(tag_of(file).expect("a tag").name(), want);
        }
        assert!(tag_of("-").is_err());
    }
}
