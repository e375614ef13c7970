//! What the fuzz targets share: bytes are read as a file would be, and what comes out is held to what must always hold.

use domain::Observation;
use sources::files::{self, Item, Mapping, Options, RAW_BYTES_MAX};
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::sync::Arc;

/// Reads bytes as a file of this name, on one thread and on two, and checks that both tell the same.
pub fn import(name: &str, bytes: &[u8], mapping: Option<Arc<Mapping>>) {
    let one = read(name, bytes, 1, mapping.clone());
    let two = read(name, bytes, 2, mapping);
    assert_eq!(one, two, "threads change what is read");
}

/// Ids of videos and reasons of rejects in their order. `None` if the content is refused as a whole.
fn read(name: &str, bytes: &[u8], threads: usize, mapping: Option<Arc<Mapping>>) -> Option<Vec<String>> {
    let mut items: Vec<Item> = Vec::new();
    let input = files::from_reader(name, Box::new(Cursor::new(bytes.to_vec())));
    let threads = NonZeroUsize::new(threads).expect("not 0");
    let report = files::read(input, Options { threads, mapping }, &mut items).ok()?;
    let rejects = items.iter().filter(|item| matches!(item, Item::Reject(_))).count() as u64;
    assert_eq!(report.rejects, rejects);
    assert_eq!(report.observations_total(), items.len() as u64 - rejects);
    // Descriptions are told once for each thread, so they may differ in number.
    let told = items.iter().filter_map(|item| match item {
        Item::Observation(Observation::Video(video)) => Some(video.id.to_string()),
        Item::Observation(Observation::Hashtag(_) | Observation::Window(_)) => None,
        Item::Reject(reject) => {
            assert!(!reject.reason.is_empty() && reject.raw.len() <= RAW_BYTES_MAX);
            Some(reject.reason.clone())
        }
    });
    Some(told.collect())
}
