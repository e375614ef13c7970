//! Two threads read what one reads: the same observations, rejects and places, in the same order, and the same report. The
//! files are longer than the beginning that one thread always reads.

use domain::{Clock, Timestamp};
use proptest::prelude::*;
use sources::files::{self, Item, Options};
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Records that the beginning is certain to end within.
const BEGINNING: usize = 320;

fn options(threads: usize) -> Options {
    Options { threads: NonZeroUsize::new(threads).expect("not 0"), ..Options::default() }
}

/// All that comes out of a file, for comparison.
fn read(name: &str, bytes: &[u8], options: Options) -> (Vec<String>, String) {
    let mut items: Vec<Item> = Vec::new();
    let input = files::from_reader(name, Box::new(Cursor::new(bytes.to_vec())));
    let report = files::read(input, options, &mut items);
    (items.iter().map(|item| format!("{item:?}")).collect(), format!("{report:?}"))
}

/// Lines of a table of view counts: rows, and what damages tables.
fn any_row() -> impl Strategy<Value = String> {
    let row = |tag: u8, views: u32, second: u32| {
        format!("2024-03-{:02} 10:00:{:02},{views},tag{tag},text", 1 + second % 28, second % 60)
    };
    prop_oneof![
        12 => (any::<u8>(), any::<u32>(), any::<u32>()).prop_map(move |(tag, views, second)| row(tag, views, second)),
        2 => any::<u8>().prop_map(|tag| format!("2024-03-01,\"1\",\"tag{tag}\",\"a \"\"quote\"\"\nand a line\"")),
        1 => Just("2024-03-01,many,cat,".to_owned()),
        1 => Just("2024-03-01,5".to_owned()),
        1 => Just("2024-03-01,5,cat,,,too many".to_owned()),
        1 => Just("snapshot_utc,views,title,description".to_owned()),
        1 => Just(String::new()),
        1 => Just(",,,".to_owned()),
        1 => Just("2024-03-01,5,cat,\"a quote that never ends".to_owned()),
    ]
}

/// Records on lines, some of which are none.
fn any_line() -> impl Strategy<Value = String> {
    let video = |id: u16, plays: u32| {
        format!(
            r#"{{"id":"{}","desc":"a","createTime":1700000000,"stats":{{"playCount":{plays}}},"challenges":[{{"id":"7551","title":"cat","desc":"x"}}]}}"#,
            7_000_000_000_000_000_000_u64 + u64::from(id)
        )
    };
    prop_oneof![
        8 => (any::<u16>(), any::<u32>()).prop_map(move |(id, plays)| video(id, plays)),
        1 => Just(r#"{"id":"7000000000000000001","authorMeta":{"name":"a"},"playCount":10100}"#.to_owned()),
        1 => Just(r#"{"cha_name":"cat","cid":"7551","user_count":5,"view_count":9}"#.to_owned()),
        1 => Just("{\"id\":".to_owned()),
        1 => Just("[1,2]".to_owned()),
        1 => Just(String::new()),
    ]
}

/// A beginning of one line many times, then others, repeated until there are several batches of them.
fn file(header: &str, first: &str, lines: &[String]) -> Vec<u8> {
    let mut all = vec![header; usize::from(!header.is_empty())];
    all.extend(std::iter::repeat_n(first, BEGINNING));
    all.extend(lines.iter().map(String::as_str).cycle().take(1500));
    all.join("\n").into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn tables_are_read_the_same(rows in prop::collection::vec(any_row(), 1..200)) {
        let bytes = file("snapshot_utc,views,title,description", "2024-03-01,5,cat,", &rows);
        let one = read("x.csv", &bytes, options(1));
        prop_assert!(one.0.len() > BEGINNING, "{}", one.1);
        prop_assert_eq!(read("x.csv", &bytes, options(2)), one);
    }

    #[test]
    fn lines_are_read_the_same(lines in prop::collection::vec(any_line(), 1..200)) {
        let first = r#"{"id":"7000000000000000001","desc":"a","createTime":1700000000,"stats":{"playCount":5}}"#;
        let bytes = file("", first, &lines);
        let one = read("x.ndjson", &bytes, options(1));
        prop_assert!(one.0.len() >= BEGINNING, "{}", one.1);
        prop_assert_eq!(read("x.ndjson", &bytes, options(2)), one);
    }
}

/// A clock that panics at the nth call.
struct Panics(AtomicUsize);

impl Clock for Panics {
    fn now(&self) -> Timestamp {
        assert!(self.0.fetch_sub(1, Ordering::Relaxed) > 1, "a clock that panics");
        Timestamp::from_ms(0)
    }
}

/// Whoever reads sees a panic of the other thread: nothing ends early as if it were whole.
#[test]
fn a_panic_beside_is_passed_on() {
    let tables =
        file("snapshot_utc,views,title,description", "2024-03-01,5,cat,", &["2024-03-02,6,dog,".to_owned()]);
    let video = r#"{"id":"7000000000000000001","desc":"a","createTime":1700000000,"stats":{"playCount":5}}"#;
    let lines = file("", video, &[video.to_owned()]);
    for (name, bytes) in [("x.csv", tables), ("x.ndjson", lines)] {
        for threads in [1, 2] {
            // Each record is ahead of this clock, which is read for each.
            let clock: Arc<dyn Clock> = Arc::new(Panics(AtomicUsize::new(BEGINNING + 1000)));
            let options = Options { clock: Some(clock), ..options(threads) };
            let read = catch_unwind(AssertUnwindSafe(|| read(name, &bytes, options)));
            assert!(read.is_err(), "{name} on {threads} threads");
        }
    }
}

/// Stops after so many items.
struct Few(usize);

impl files::Sink for Few {
    fn item(&mut self, _: Item) -> ControlFlow<()> {
        self.0 -= 1;
        if self.0 == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn progress(&mut self, _: files::Progress) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// A sink that stops also ends the other thread.
#[test]
fn a_sink_that_is_full_stops_both() {
    let rows =
        file("snapshot_utc,views,title,description", "2024-03-01,5,cat,", &["2024-03-02,6,dog,".to_owned()]);
    let video = r#"{"id":"7000000000000000001","desc":"a","createTime":1700000000,"stats":{"playCount":5}}"#;
    let lines = file("", video, &[video.to_owned()]);
    for (name, bytes) in [("x.csv", rows), ("x.ndjson", lines)] {
        for items in [1, BEGINNING + 1, BEGINNING + 900] {
            let input = files::from_reader(name, Box::new(Cursor::new(bytes.clone())));
            let report = files::read(input, options(2), &mut Few(items)).expect("known");
            assert!(report.is_stopped, "{name} after {items}");
        }
    }
}
