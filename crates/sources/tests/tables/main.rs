//! Tables as other programs write them: small made-up ones, each of a kind that people have.

use domain::observation::WindowObservation;
use domain::{HashtagObservation, Observation, VideoObservation};
use sources::files::{self, FileError, FileReport, Item, Mapping, Options, Reject};
use std::io::Cursor;
use std::sync::Arc;

mod cells;
mod encodings;
mod formats;
mod ids;
mod quotes;

#[derive(Default)]
struct Out {
    videos: Vec<VideoObservation>,
    hashtags: Vec<HashtagObservation>,
    windows: Vec<WindowObservation>,
    rejects: Vec<Reject>,
    report: FileReport,
}

impl Out {
    fn plays(&self) -> Vec<Option<u64>> {
        self.videos.iter().map(|video| video.counts.plays.map(|count| count.value())).collect()
    }

    fn tags(&self) -> Vec<Vec<&str>> {
        self.videos.iter().map(|video| video.tags.iter().map(|tag| tag.tag.name()).collect()).collect()
    }

    fn ids(&self) -> Vec<u64> {
        self.videos.iter().map(|video| video.id.get()).collect()
    }

    fn reasons(&self) -> Vec<(Option<u64>, &str)> {
        self.rejects.iter().map(|reject| (reject.place.line, reject.reason.as_str())).collect()
    }
}

fn mapping(columns: &[&str]) -> Options {
    if columns.is_empty() {
        return Options::default();
    }
    let columns: Vec<_> = columns.iter().map(|column| (*column).to_owned()).collect();
    let mapping = Mapping::parse(&columns, &[]).expect("a mapping");
    Options { mapping: Some(Arc::new(mapping)), ..Options::default() }
}

fn try_read(bytes: impl AsRef<[u8]>, options: Options) -> Result<Out, FileError> {
    let mut items: Vec<Item> = Vec::new();
    let input = files::from_reader("t", Box::new(Cursor::new(bytes.as_ref().to_vec())));
    let report = files::read(input, options, &mut items)?;
    let mut out = Out { report, ..Out::default() };
    for item in items {
        match item {
            Item::Observation(Observation::Video(video)) => out.videos.push(*video),
            Item::Observation(Observation::Hashtag(hashtag)) => out.hashtags.push(*hashtag),
            Item::Observation(Observation::Window(window)) => out.windows.push(*window),
            Item::Observation(Observation::Removed(removed)) => panic!("no table here says so: {removed:?}"),
            Item::Reject(reject) => out.rejects.push(reject),
        }
    }
    Ok(out)
}

/// Reads a table; without columns, as a known format.
fn read(bytes: impl AsRef<[u8]>, columns: &[&str]) -> Out {
    try_read(bytes, mapping(columns)).expect("a table")
}

fn refused(bytes: impl AsRef<[u8]>, columns: &[&str]) -> String {
    match try_read(bytes, mapping(columns)) {
        Ok(out) => panic!("read: {:?}", out.report),
        Err(error) => error.to_string(),
    }
}
