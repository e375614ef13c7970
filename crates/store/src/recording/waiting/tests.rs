//! Rewriting stored runs gives what a map of single readings would, and rows that depend on the readings alone.

use super::*;
use proptest::prelude::*;

/// Two of them in each of two months, and one in each of two years.
const TIMES_MS: [i64; 8] = [
    0,
    1,
    31 * 86_400_000 - 1,
    31 * 86_400_000,
    1_704_067_199_999,
    1_704_067_200_000,
    1_704_067_200_001,
    1_704_067_200_002,
];

/// One change: a reading, or zeros to be cleared.
#[derive(Debug, Clone)]
enum Step {
    Reading(Point<3>),
    Zeros { n: usize, times: Times },
}

fn any_step() -> impl Strategy<Value = Step> {
    let counts = proptest::array::uniform3(proptest::option::weighted(0.7, 0_i64..2));
    let reading = (0..TIMES_MS.len(), 1_u8..3, 0_i64..8, counts)
        .prop_filter("nothing reported", |(.., counts)| counts.iter().any(Option::is_some))
        .prop_map(|(at, source, rounded, counts)| {
            let point = Point { at: TIMES_MS[at], source, rounded, counts };
            // 0 is never rounded.
            Step::Reading(Point { rounded: rounded & i64::from(point.positive()), ..point })
        });
    let time = || prop_oneof![Just(i64::MIN), Just(i64::MAX), (0..TIMES_MS.len()).prop_map(|n| TIMES_MS[n])];
    let zeros = (0..3_usize, time(), time()).prop_map(|(n, one, other)| Step::Zeros {
        n,
        times: Times { after: one.min(other), until: one.max(other) },
    });
    prop_oneof![8 => reading, 1 => zeros]
}

/// Stored readings, each on its own.
type Model = BTreeMap<(u8, i64), Point<3>>;

fn apply(model: &mut Model, step: &Step) {
    match step {
        Step::Reading(point) => {
            let key = (point.source, point.at);
            model.entry(key).and_modify(|stored| stored.fill(point)).or_insert(*point);
        }
        Step::Zeros { n, times } => {
            for point in model.values_mut() {
                if times.contains(point.at) && point.counts[*n] == Some(0) {
                    point.counts[*n] = None;
                    point.rounded &= i64::from(point.known());
                }
            }
            model.retain(|_, point| point.known() != 0);
        }
    }
}

/// A table of one hashtag.
#[derive(Default)]
struct Table(BTreeMap<(i64, u8), Run>);

impl Table {
    /// Writes what waits, as both backends do.
    fn write(&mut self, waiting: &mut Waiting<3>) -> Rewritten {
        let (zeros, points) = (waiting.take_zeros(), waiting.take_points());
        let zeros = zeros.get(&1).copied().unwrap_or_default();
        let is_hit = |run: &Run| {
            let last_at = run.last_at.unwrap_or(run.first.at);
            let mut each = zeros.iter().enumerate();
            each.any(|(n, times)| {
                times.is_some_and(|times| {
                    run.first.counts[n] == Some(0) && run.first.at <= times.until && last_at > times.after
                })
            })
        };
        let hits: Vec<(u32, i64)> =
            self.0.values().filter(|run| is_hit(run)).map(|run| (1, run.first.at)).collect();
        let parts = parts(&points, &hits);
        let is_read = |run: &&Run| parts.iter().any(|part| (part.from..part.until).contains(&run.first.at));
        let stored: Vec<Run> = self.0.values().filter(is_read).cloned().collect();
        let none = Points::new();
        let rewritten =
            rewrite(stored, &zeros, points.get(&1).unwrap_or(&none), UNKNOWN).expect("sound rows");
        self.change(&rewritten);
        rewritten
    }

    fn change(&mut self, rewritten: &Rewritten) {
        for key in rewritten.gone.iter().chain(&rewritten.replaced) {
            assert!(self.0.remove(key).is_some());
        }
        for run in &rewritten.made {
            assert!(self.0.insert(run.key(), run.clone()).is_none());
        }
    }

    fn readings(&self) -> Model {
        let mut points = Vec::new();
        for run in self.0.values() {
            let before = points.len();
            run.expand(&mut points).expect("a sound row");
            assert_eq!(i64::try_from(points.len() - before).ok(), Some(run.readings));
            assert_eq!(run.last_at.is_some(), run.readings > 1);
            let last_at = run.last_at.unwrap_or(run.first.at);
            assert_eq!(points.last().map(|reading: &Arrived| reading.point.at), Some(last_at));
        }
        points.into_iter().map(|Arrived { point, .. }| ((point.source, point.at), point)).collect()
    }
}

/// The rows of these readings, had they come in order.
fn in_order(model: &Model) -> BTreeMap<(i64, u8), Run> {
    let readings: Vec<Arrived> = model.values().map(|point| Arrived { point: *point, at: UNKNOWN }).collect();
    let runs = readings.chunk_by(|one, next| one.point.source == next.point.source).flat_map(runs_of);
    runs.map(|run| (run.key(), run)).collect()
}

/// Writes what waits and compares the table with the model.
fn written(table: &mut Table, waiting: &mut Waiting<3>, model: &Model) -> Result<(), TestCaseError> {
    let before = table.readings();
    let rewritten = table.write(waiting);
    prop_assert_eq!(&table.readings(), model);
    prop_assert_eq!(&table.0, &in_order(model), "rows depend on the readings alone");
    prop_assert_eq!(rewritten.is_changed, before != *model);
    prop_assert_eq!(rewritten.new, model.len() as i64 - before.len() as i64);
    prop_assert_eq!(waiting.readings(), 0);
    Ok(())
}

proptest! {
    #[test]
    fn runs_are_what_single_readings_would_be(
        steps in prop::collection::vec(any_step(), 1..60),
        cut in 1_usize..12,
    ) {
        let (mut table, mut waiting, mut model) = (Table::default(), Waiting::default(), Model::new());
        let (mut since, mut cleared) = (0, [false; 3]);
        for step in &steps {
            // Times of one count are united, which the rules of recording allow for: no more than one here.
            let is_cleared = matches!(step, Step::Zeros { n, .. } if cleared[*n]);
            if since == cut || is_cleared {
                written(&mut table, &mut waiting, &model)?;
                (since, cleared) = (0, [false; 3]);
            }
            match step {
                Step::Reading(point) => waiting.add(1, *point),
                Step::Zeros { n, times } => {
                    waiting.clear_zeros(1, *n, *times);
                    cleared[*n] = true;
                }
            }
            apply(&mut model, step);
            since += 1;
        }
        written(&mut table, &mut waiting, &model)?;
    }

    #[test]
    fn rows_of_an_older_version_become_runs(steps in prop::collection::vec(any_step(), 1..60)) {
        let mut model = Model::new();
        for step in &steps {
            apply(&mut model, step);
        }
        let alone = |point: &Point<3>| {
            let run = Run { first: *point, readings: 1, last_at: None, later: None, arrived: None };
            (run.key(), run)
        };
        let mut table = Table(model.values().map(alone).collect());
        prop_assert_eq!(&table.readings(), &model);
        table.change(&tidied(table.0.values().cloned().collect()).expect("sound rows"));
        prop_assert_eq!(&table.0, &in_order(&model));
        let again = tidied(table.0.values().cloned().collect()).expect("sound rows");
        prop_assert_eq!(again, Rewritten::default());
    }
}

#[test]
fn readings_of_neighbouring_months_are_read_at_once() {
    let at = |days: i64| (days * 86_400_000, 1);
    let point = |(at, source)| Point { at, source, rounded: 0, counts: [Some(1), None, None] };
    let mut points: BTreeMap<u32, Points<3>> = BTreeMap::new();
    for (hashtag, days) in [(1, 0), (1, 40), (1, 100), (2, 100)] {
        points.entry(hashtag).or_default().insert(at(days), point(at(days)));
    }
    let of =
        |hashtag, from: i64, until: i64| Part { hashtag, from: from * 86_400_000, until: until * 86_400_000 };
    let hits = [(1, 41 * 86_400_000), (3, 0)];
    assert_eq!(parts(&points, &hits), [of(1, 0, 59), of(1, 90, 120), of(2, 90, 120), of(3, 0, 31)]);
}
