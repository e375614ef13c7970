//! Detection of the kinds of JSON, on small made-up files.

mod har;
mod kinds;
mod shapes;
mod times;

use domain::observation::WindowObservation;
use domain::{HashtagObservation, Observation, Timestamp, VideoObservation};
use sources::files::{self, FileError, Item, Options, Reject};
use std::io::Cursor;
use std::num::NonZeroUsize;

#[derive(Default)]
struct Out {
    videos: Vec<VideoObservation>,
    hashtags: Vec<HashtagObservation>,
    windows: Vec<WindowObservation>,
    rejects: Vec<Reject>,
    notes: Vec<String>,
}

fn read_with(text: impl AsRef<[u8]>, options: Options) -> Result<Out, FileError> {
    let mut items: Vec<Item> = Vec::new();
    let input = files::from_reader("x", Box::new(Cursor::new(text.as_ref().to_vec())));
    let report = files::read(input, options, &mut items)?;
    let mut out = Out { notes: report.notes, ..Out::default() };
    for item in items {
        match item {
            Item::Observation(Observation::Video(video)) => out.videos.push(*video),
            Item::Observation(Observation::Hashtag(hashtag)) => out.hashtags.push(*hashtag),
            Item::Observation(Observation::Window(window)) => out.windows.push(*window),
            Item::Observation(Observation::Removed(removed)) => {
                panic!("no test here is of removals: {removed:?}")
            }
            Item::Reject(reject) => out.rejects.push(reject),
        }
    }
    Ok(out)
}

fn read(text: impl AsRef<[u8]>) -> Out {
    read_with(text, Options::default()).expect("a known format")
}

fn refused(text: impl AsRef<[u8]>) -> String {
    match read_with(text.as_ref(), Options::default()) {
        Err(why) => why.to_string(),
        Ok(out) => {
            let text = String::from_utf8_lossy(text.as_ref()).into_owned();
            panic!("{text}: {} videos, {:?}", out.videos.len(), out.rejects)
        }
    }
}

/// The same on several threads.
fn together(text: impl AsRef<[u8]>) -> Out {
    let options = Options { threads: NonZeroUsize::new(3).expect("three"), ..Options::default() };
    read_with(text, options).expect("a known format")
}

impl Out {
    fn ids(&self) -> Vec<u64> {
        self.videos.iter().map(|video| video.id.get()).collect()
    }

    fn plays(&self) -> Vec<Option<u64>> {
        self.videos.iter().map(|video| video.counts.plays.map(|count| count.value())).collect()
    }

    fn times(&self) -> Vec<Option<String>> {
        self.videos.iter().map(|video| video.observed_at.map(Timestamp::to_rfc3339)).collect()
    }

    fn reason(&self) -> &str {
        assert_eq!(self.rejects.len(), 1, "{:?}", self.rejects);
        &self.rejects[0].reason
    }
}

fn tags(video: &VideoObservation) -> Vec<&str> {
    video.tags.iter().map(|tag| tag.tag.name()).collect()
}

/// A web item of this id.
fn item(id: u64) -> String {
    format!(
        r##"{{"id":"{id}","desc":"bed #kale","createTime":1700000000,"author":{{"id":"6800000000000000123","uniqueId":"maker"}},"challenges":[{{"id":"77","title":"kale"}}],"stats":{{"playCount":{id},"diggCount":1}},"video":{{"id":"{id}","duration":9}}}}"##
    )
}
