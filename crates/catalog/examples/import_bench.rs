//! Imports a file into a folder and prints how fast that went.
//!
//! `cargo run --release -p catalog --example import_bench -- FOLDER FILE...`

use catalog::import::{ImportInput, ImportOptions};
use catalog::{Catalog, CatalogOptions};
use domain::{Clock, Timestamp};
use std::sync::Arc;

struct NoClock;

impl Clock for NoClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(1_790_000_000_000)
    }
}

#[tokio::main]
#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
#[expect(clippy::print_stdout, reason = "a program's output")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = std::path::PathBuf::from(arguments.next().ok_or("where to")?);
    let files: Vec<ImportInput> = arguments.map(|file| ImportInput::Path(file.into())).collect();
    let store = store::Store::open(&store::StoreOptions::in_folder(&folder)).await?;
    let catalog = Catalog::open(store, CatalogOptions::in_folder(&folder, Arc::new(NoClock))).await?;
    let begin = std::time::Instant::now();
    let report = catalog.import(&files, ImportOptions::default()).await?;
    let seconds = begin.elapsed().as_secs_f64();
    let recorded = report.recorded;
    println!("{recorded:?} rejected {}", report.rejected);
    for note in &report.first_rejects {
        println!("  {note:?}");
    }
    let records = recorded.video_records + recorded.hashtag_records;
    println!("{records} records in {seconds:.2} s: {:.0} a second", records as f64 / seconds);
    let status = std::fs::read_to_string("/proc/self/status")?;
    println!("{}", status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("peak unknown"));
    Ok(())
}
