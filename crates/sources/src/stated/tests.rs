//! Names of files, as people and programs date them.

use super::*;
use proptest::prelude::*;

struct At(Timestamp);

impl Clock for At {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn time(name: &str) -> Result<String, NoTime> {
    let now = At(Timestamp::parse("2026-11-30T00:00:00Z").expect("a time"));
    time_in_name(name, Some(&now)).map(Timestamp::to_rfc3339)
}

#[test]
fn times_in_names_are_read_in_every_spelling() {
    for (name, want) in [
        ("tiktok_2026-11-01.json", "2026-11-01T00:00:00Z"),
        ("2026_11_01_cats.ndjson.gz", "2026-11-01T00:00:00Z"),
        ("cats.20261101.csv", "2026-11-01T00:00:00Z"),
        ("20261101-1200", "2026-11-01T12:00:00Z"),
        ("20261101_120005.json", "2026-11-01T12:00:05Z"),
        ("2026-11-01T12_00", "2026-11-01T12:00:00Z"),
        ("2026-11-01T12:00:00Z.json", "2026-11-01T12:00:00Z"),
        ("items-2026-11-01T12-00-05.000Z.json", "2026-11-01T12:00:05Z"),
        ("20261101T120000Z.json", "2026-11-01T12:00:00Z"),
        ("20261101T1200.json", "2026-11-01T12:00:00Z"),
        ("202611011200.json", "2026-11-01T12:00:00Z"),
        ("20261101120005.json", "2026-11-01T12:00:05Z"),
        ("Export 2026-11-01 at 12.00.05.csv", "2026-11-01T12:00:05Z"),
        ("2026-11-01T12_00+0200.json", "2026-11-01T10:00:00Z"),
        ("dump_1699999999.json", "2023-11-14T22:13:19Z"),
        ("dump_1699999999123.json", "2023-11-14T22:13:19.123Z"),
        ("7123452387147721_1699999999.json", "2023-11-14T22:13:19Z"),
        ("cats_1-Nov-2026.json", "2026-11-01T00:00:00Z"),
        ("Nov 1, 2026.csv", "2026-11-01T00:00:00Z"),
        ("31.10.2026.csv", "2026-10-31T00:00:00Z"),
        ("10-31-2026.csv", "2026-10-31T00:00:00Z"),
        ("11.11.2026.csv", "2026-11-11T00:00:00Z"),
        ("20261101_2026-11-01T12_00.json", "2026-11-01T12:00:00Z"),
        ("dataset_tiktok-scraper_2026-11-01_12-00-05-123.json", "2026-11-01T12:00:05Z"),
        ("2026-11-01 (2).json", "2026-11-01T00:00:00Z"),
        ("top100_2026-11-01_v2.json", "2026-11-01T00:00:00Z"),
    ] {
        assert_eq!(time(name).as_deref(), Ok(want), "{name}");
    }
}

#[test]
fn a_name_without_a_time_or_with_several_gives_none() {
    for name in [
        "items.json",
        "",
        "cats_7123452387147721999.json",
        "2026.json",
        "2026-11.json",
        "v1.2.3.json",
        "2026-13-01",
        "2026-02-30.csv",
        "1234567890123456789",
        "12-30.json",
        "report-99999999.csv",
        "week-2026-W45.csv",
    ] {
        assert_eq!(time(name), Err(NoTime::Absent), "{name}");
    }
    for name in [
        "2026-10-01_2026-11-01.json",
        "01-02-2026.csv",
        "20261101T1200_20261101T1300.json",
        "cats_1699999999_2026-11-01.json",
    ] {
        assert!(matches!(time(name), Err(NoTime::Ambiguous(times)) if times.len() == 2), "{name}");
    }
    assert!(matches!(time("2027-01-01.json"), Err(NoTime::Future(_))));
    let message = time("01-02-2026.csv").expect_err("it is ambiguous").to_string();
    assert!(message.contains("2026-01-02T00:00:00Z, 2026-02-01T00:00:00Z"), "{message}");
    assert!(time("items.json").expect_err("there is none").to_string().contains("such as 2026-11-01"));
}

proptest! {
    #[test]
    fn no_name_makes_it_panic(name: String, dates in "[0-9TZ+_. -]{0,40}") {
        let _ = (time(&name), time(&dates));
    }
}
