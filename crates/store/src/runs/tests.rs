//! Runs are packed and read back without loss, in order, whatever lies between them.

use super::*;
use domain::{Source, UtcDay};
use proptest::prelude::*;
use std::collections::BTreeMap;

fn point(at: i64, source: Source, views: Option<i64>) -> Point<3> {
    Point { at, source: source.number(), rounded: 0, counts: [views, Some(1), None] }
}

/// Readings every three hours, all of them the same.
fn regular(count: i64) -> Vec<Point<3>> {
    let begin = 1_704_067_200_000;
    (0..count).map(|n| point(begin + n * DAY_MS / 8, Source::Series, Some(7))).collect()
}

/// The columns of a run as they are read back.
fn columns(run: &Run) -> RunColumns<'_> {
    let Point { at, source, rounded, counts } = run.first;
    RunColumns {
        first: SnapshotColumns { observed_at: at, source: i64::from(source), rounded, counts },
        readings: run.readings,
        last_at: run.last_at,
        later: run.later.as_deref(),
        arrived: run.arrived.as_deref(),
    }
}

/// Readings of which it is not known when they came in.
fn arrived(points: &[Point<3>]) -> Vec<Arrived> {
    points.iter().map(|point| Arrived { point: *point, at: UNKNOWN }).collect()
}

#[test]
fn months_begin_and_end_where_the_calendar_says() {
    for day in (-800_000..2_900_000).step_by(13) {
        let at = day * DAY_MS + 77;
        let month = MonthMs::of(at);
        let date = UtcDay::of(Timestamp::from_ms(month.begin)).to_string();
        assert!(date.ends_with("-01"), "{date}");
        assert_eq!(MonthMs::of(month.end - 1), month);
        assert_eq!(MonthMs::of(month.end).begin, month.end);
        assert!((month.begin..month.end).contains(&at));
        assert!(month.end - month.begin <= SPAN_MS);
    }
    for at in [i64::MIN, i64::MAX] {
        let month = MonthMs::of(at);
        assert!(month.begin <= at && at <= month.end);
    }
}

#[test]
fn regular_readings_take_a_byte_each() {
    let runs = runs_of(&arrived(&regular(248)));
    let [month] = &runs[..] else { panic!("{runs:?}") };
    assert_eq!((month.readings, month.last_at), (248, Some(1_706_734_800_000)));
    assert!(month.later.as_ref().is_some_and(|later| later.len() <= 248 + 8), "{month:?}");
}

#[test]
fn runs_end_with_their_month_and_when_they_are_full() {
    let runs = runs_of(&arrived(&regular(400)));
    assert_eq!(runs.iter().map(|run| run.readings).collect::<Vec<_>>(), [248, 152]);
    let seconds: Vec<_> = (0..3_000).map(|n| point(n * 1_000, Source::Series, Some(7))).collect();
    let runs = runs_of(&arrived(&seconds));
    assert_eq!(runs.iter().map(|run| run.readings).collect::<Vec<_>>(), [1_024, 1_024, 952]);
}

#[test]
fn an_unknown_count_has_no_rounding() {
    let of = |rounded, views| Point { rounded, ..point(rounded, Source::Series, views) };
    let runs = runs_of(&arrived(&[of(0, None), of(1, None), of(4, None), of(8, None)]));
    assert_eq!(runs.len(), 1);
    let runs = runs_of(&arrived(&[of(0, Some(5)), of(1, Some(5))]));
    assert_eq!(runs.len(), 2, "exact and rounded");
}

#[test]
fn damaged_times_are_reported() {
    let first = 1_704_067_200_000;
    for later in [&[0x80][..], &[1], &[2, 3], &[0xff; 11]] {
        let error = times_of(first, Some(later)).expect_err("damaged");
        let StoreError::Inconsistent { column, row, .. } = error else { panic!("{error:?}") };
        assert_eq!((column, &*row), ("later", "2024-01-01T00:00:00Z"), "{later:?}");
    }
}

const SOURCES: [Source; 3] = [Source::WebItem, Source::WebChallenge, Source::Series];

/// Readings of several hashtags by hashtag, time and source.
type Model = BTreeMap<(i64, i64, u8), Option<i64>>;

fn any_readings() -> impl Strategy<Value = Model> {
    // Many in a month, some in another.
    let at = prop_oneof![4 => 0_i64..40, 1 => (0_i64..40).prop_map(|n| n + 40 * 86_400)];
    let key = (1_i64..4, at, 0..SOURCES.len());
    let reading = (key, proptest::option::weighted(0.9, 0_i64..2));
    proptest::collection::vec(reading, 0..80).prop_map(|readings| {
        let reading = |((hashtag, at, source), views): ((_, i64, usize), _)| {
            ((hashtag, at * 1_000, SOURCES[source].number()), views)
        };
        readings.into_iter().map(reading).collect()
    })
}

/// Runs as the table has them: in order of hashtag, first reading and source. One by one if not `merged`.
fn table(model: &Model, is_merged: impl Fn(i64) -> bool) -> Vec<(i64, Run)> {
    let mut rows = Vec::new();
    for hashtag in 1..4 {
        for source in SOURCES {
            let of_source = model.iter().filter(|((of, _, by), _)| (*of, *by) == (hashtag, source.number()));
            let points: Vec<_> = of_source.map(|((_, at, _), views)| point(*at, source, *views)).collect();
            let runs = match is_merged(hashtag) {
                true => runs_of(&arrived(&points)),
                false => points.iter().map(|point| Run::of(*point, &[point.at], &[UNKNOWN])).collect(),
            };
            rows.extend(runs.into_iter().map(|run| (hashtag, run)));
        }
    }
    rows.sort_by_key(|(hashtag, run)| (*hashtag, run.key()));
    rows
}

/// Reads up to `limit` readings after a place, as both backends do.
fn read(rows: &[(i64, Run)], after: ReadingPlace, limit: u32) -> Model {
    let mut readings = Readings::new(after, limit);
    for (hashtag, run) in rows {
        let last_at = run.last_at.unwrap_or(run.first.at);
        let is_before =
            *hashtag == after.hashtag && (run.first.at < after.runs_from() || last_at < after.observed_at);
        if *hashtag < after.hashtag || is_before {
            continue;
        }
        if !readings.push(*hashtag, columns(run)).expect("a row") {
            break;
        }
    }
    let read = readings.finish();
    let place = |reading: &HashtagReading| {
        let Snapshot { observed_at, source, .. } = reading.snapshot;
        (i64::from(reading.hashtag.0), observed_at.as_ms(), source.number())
    };
    assert!(read.is_sorted_by_key(place));
    let views = |reading: &HashtagReading| reading.snapshot.counts.views.map(|c| c.value().cast_signed());
    read.iter().map(|reading| (place(reading), views(reading))).collect()
}

use crate::snapshots::Snapshot;

#[test]
fn a_series_is_read_as_it_was_known() {
    let reading = |n: i64, at: i64| Arrived { point: regular(9)[usize::try_from(n).expect("a place")], at };
    let unknown = regular(9)[6].at;
    let readings = [reading(0, 50), reading(1, 70), reading(2, 60), reading(3, 60), reading(6, UNKNOWN)];
    let runs = runs_of(&readings);
    let known = |as_of| {
        let mut known = Readings::as_of(HashtagRow(1), Timestamp::from_ms(as_of));
        for run in &runs {
            known.push(1, columns(run)).expect("a row");
        }
        let begin = regular(1)[0].at;
        let place = |reading: HashtagReading| (reading.snapshot.observed_at.as_ms() - begin) * 8 / DAY_MS;
        known.finish().into_iter().map(place).collect::<Vec<_>>()
    };
    assert_eq!([known(49), known(50), known(60), known(69)], [vec![], vec![0], vec![0, 2, 3], vec![0, 2, 3]]);
    assert_eq!(
        [known(70), known(unknown - 1), known(unknown)],
        [vec![0, 1, 2, 3], vec![0, 1, 2, 3], vec![0, 1, 2, 3, 6]]
    );
}

proptest! {
    #[test]
    fn every_reading_comes_back_in_order(model in any_readings()) {
        for is_merged in [|_| true, |_| false, |hashtag| hashtag > 1] {
            let rows = table(&model, is_merged);
            let all = ReadingPlace { hashtag: 1, observed_at: i64::MIN, source: i64::MIN };
            prop_assert_eq!(&read(&rows, all, u32::MAX), &model);
        }
    }

    #[test]
    fn readings_continue_after_any_of_them(model in any_readings(), limit in 1_u32..9) {
        let rows = table(&model, |_| true);
        for (hashtag, observed_at, source) in model.keys() {
            let place = ReadingPlace { hashtag: *hashtag, observed_at: *observed_at, source: i64::from(*source) };
            let after = (std::ops::Bound::Excluded((*hashtag, *observed_at, *source)), std::ops::Bound::Unbounded);
            let expected: Model =
                model.range(after).take(limit as usize).map(|(place, views)| (*place, *views)).collect();
            prop_assert_eq!(read(&rows, place, limit), expected);
        }
    }

    #[test]
    fn any_bytes_are_read_without_harm(first: i64, bytes: Vec<u8>) {
        if let Ok(times) = times_of(first, Some(&bytes)) {
            prop_assert!(times.is_sorted());
        }
    }
}
