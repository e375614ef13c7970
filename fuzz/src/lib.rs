//! Shared code of the fuzz targets: reads bytes like a file, and checks invariants of the output.

use domain::Observation;
use rawzip::ZipArchiveWriter;
use sources::files::{self, Item, Mapping, Options, RAW_BYTES_MAX};
use std::io::{Cursor, Write};
use std::num::NonZeroUsize;
use std::sync::Arc;

/// Reads bytes as a file of this name, on one thread and on two, and checks that both tell the same.
pub fn import(name: &str, bytes: &[u8], mapping: Option<Arc<Mapping>>) {
    import_with(name, bytes, &Options { mapping, ..Options::default() });
}

/// The same with other options.
pub fn import_with(name: &str, bytes: &[u8], options: &Options) {
    let one = read(name, bytes, 1, options);
    let two = read(name, bytes, 2, options);
    assert_eq!(one, two, "threads change what is read");
}

/// Columns of a video, for tables of any make.
pub fn mapping(columns: &[&str]) -> Arc<Mapping> {
    let columns: Vec<_> = columns.iter().map(|text| (*text).to_owned()).collect();
    Arc::new(Mapping::parse(&columns, &[]).expect("it makes sense"))
}

/// A workbook whose parts have these bytes: its sheet, its texts and its styles.
pub fn workbook(sheet: &[u8], strings: &[u8], styles: &[u8]) -> Vec<u8> {
    const RELATIONS: &[u8] = br#"<R><Relationship Id="a" Type="x/worksheet" Target="a.xml"/>
        <Relationship Id="s" Type="x/sharedStrings" Target="s.xml"/><Relationship Id="t" Type="x/styles" Target="t.xml"/></R>"#;
    let mut archive = ZipArchiveWriter::new(Vec::new());
    for (name, bytes) in [
        ("[Content_Types].xml", &b"<Types/>"[..]),
        ("xl/workbook.xml", br#"<workbook><sheets><sheet name="a" r:id="a"/></sheets></workbook>"#),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/a.xml", sheet),
        ("xl/s.xml", strings),
        ("xl/t.xml", styles),
    ] {
        let (mut entry, config) = archive.new_file(name).start().expect("to memory");
        let mut writer = config.wrap(&mut entry);
        writer.write_all(bytes).expect("to memory");
        let (_, sums) = writer.finish().expect("to memory");
        entry.finish(sums).expect("to memory");
    }
    archive.finish().expect("to memory")
}

/// Lets panics of a library pass that the importer catches: those of the parquet crate, in damaged files.
pub fn pass_caught_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_caught = panic.location().is_some_and(|place| place.file().contains("/parquet-"));
        if !is_caught {
            report(panic);
        }
    }));
}

/// Ids of videos and reasons of rejects in their order. `None` if the content is refused as a whole.
fn read(name: &str, bytes: &[u8], threads: usize, options: &Options) -> Option<Vec<String>> {
    let mut items: Vec<Item> = Vec::new();
    let input = files::from_reader(name, Box::new(Cursor::new(bytes.to_vec())));
    let threads = NonZeroUsize::new(threads).expect("not 0");
    let report = files::read(input, Options { threads, ..options.clone() }, &mut items).ok()?;
    let rejects = items.iter().filter(|item| matches!(item, Item::Reject(_))).count() as u64;
    assert_eq!(report.rejects, rejects);
    assert_eq!(report.observations_total(), items.len() as u64 - rejects);
    // Descriptions are deduplicated per thread, so their number may differ.
    let told = items.iter().filter_map(|item| match item {
        Item::Observation(Observation::Video(video)) => Some(video.id.to_string()),
        Item::Observation(Observation::Hashtag(_) | Observation::Window(_) | Observation::Removed(_)) => None,
        Item::Reject(reject) => {
            assert!(!reject.reason.is_empty() && reject.raw.len() <= RAW_BYTES_MAX);
            Some(reject.reason.clone())
        }
    });
    Some(told.collect())
}
