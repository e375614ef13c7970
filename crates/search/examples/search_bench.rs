//! Measures the search index over made-up hashtags: building, size, latency by kind of keyword, memory, changes; and
//! checks a sample of answers by going through all names.
//!
//! `cargo run --release -p search --example search_bench -- 2000000 [FOLDER]` (default: a temporary folder).
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the monotonic clock")]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use domain::TagKey;
use search::{Builder, DEPTH_MAX, Document, Hit, SearchForm, SearchIndex};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::error::Error;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

const IDENTITY: u128 = 7;
const QUERIES: usize = 4000;
const LIMIT: usize = 20;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn key_of(text: &str) -> Option<String> {
    TagKey::new(text).ok().map(|key| key.as_str().to_owned())
}

/// Splitmix64: the same numbers at every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Small numbers are common, as words are: the nth comes about 1/n as often.
    fn zipf(&mut self, end: usize) -> usize {
        ((self.unit() * (end as f64).ln()).exp() as usize).min(end) - 1
    }
}

const COMMON: &str = "fyp viral cat dog love funny dance comedy street food music art fashion makeup beauty fitness \
    gym travel nature baby kids mom dad family friends school college teacher student life lifestyle motivation \
    quotes sad happy edit anime gaming game minecraft roblox fortnite football soccer basketball nba cars car bike \
    truck diy craft home decor garden plants recipe cooking cake coffee pizza summer winter spring beach ocean sunset \
    party wedding birthday christmas halloween challenge trend trending foryou foryoupage tiktok duet stitch pov asmr \
    satisfying slime hack hacks tips tutorial review unboxing haul outfit ootd style hair nails skincare video the and \
    my your best new of in for you me is to be real day night girl boy man woman usa uk india brasil mexico espana";
const OTHER: &str = "猫 犬 東京 日本 旅行 美食 抖音 搞笑 舞蹈 音乐 ハンドメイド アニメ かわいい 料理 แมว ตลก อาหาร เต้น ความรัก \
    кот любовь юмор рек мем танцы قطة حب ضحك موسيقى رقص 고양이 사랑 먹방 댄스 बिल्ली प्यार 😂 🔥 ❤ 🐱 ✨";

fn words() -> Vec<String> {
    let mut random = Random(1);
    let mut words: Vec<String> =
        COMMON.split_whitespace().chain(OTHER.split_whitespace()).map(str::to_owned).collect();
    let (heads, tails) = (
        "b c d f g h j k l m n p r s t v w y z br ch cl cr dr fl gr pl pr sh sl sp st th tr",
        "a e i o u ai ea ee ou an ar en er in ing on or al el ol and est ight oon ack",
    );
    let (heads, tails): (Vec<&str>, Vec<&str>) = (heads.split(' ').collect(), tails.split(' ').collect());
    let mut seen: HashSet<String> = words.iter().cloned().collect();
    while words.len() < 80_000 {
        let syllables = 1 + random.below(3) + random.below(2);
        let word: String = (0..syllables)
            .map(|_| format!("{}{}", heads[random.zipf(heads.len())], tails[random.zipf(tails.len())]))
            .collect();
        if seen.insert(word.clone()) {
            words.push(word);
        }
    }
    // Han characters two by two: many rare one- and two-character keywords.
    for _ in 0..20_000 {
        let han = |random: &mut Random| char::from_u32(0x4e00 + random.zipf(6000) as u32).unwrap_or('猫');
        words.push([han(&mut random), han(&mut random)].iter().collect());
    }
    words
}

fn name(random: &mut Random, words: &[String]) -> String {
    let mut name = words[random.zipf(words.len())].clone();
    for _ in 0..[0, 1, 1, 1, 2, 2][random.below(6)] {
        if random.below(25) == 0 {
            name.push('_');
        }
        name.push_str(&words[random.zipf(words.len())]);
    }
    if random.below(5) == 0 {
        name.push_str(&(1 + random.zipf(3000)).to_string());
    }
    name
}

/// Writes `count` different names with their reach, a line each.
fn write_names(path: &Path, count: usize, words: &[String]) -> Outcome<()> {
    let (mut random, mut seen) = (Random(2), HashSet::with_capacity(count));
    let mut out = BufWriter::new(File::create(path)?);
    while seen.len() < count {
        let name = name(&mut random, words);
        let print = name
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        if seen.insert(print) {
            let reach = (random.unit().powi(3) * 27.0).exp() as u64;
            writeln!(out, "{reach} {name}")?;
        }
    }
    out.flush()?;
    Ok(())
}

/// Calls `each` with number, reach and name.
fn read_names(path: &Path, mut each: impl FnMut(u32, u64, &str) -> Outcome<()>) -> Outcome<()> {
    let (mut input, mut line, mut number) =
        (BufReader::with_capacity(1 << 20, File::open(path)?), String::new(), 0);
    while input.read_line(&mut line)? > 0 {
        let (reach, name) = line.trim_end().split_once(' ').ok_or("a line is reach and name")?;
        each(number, reach.parse()?, name)?;
        number += 1;
        line.clear();
    }
    Ok(())
}

/// A figure of `/proc/self/status`, in MB.
fn memory(field: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let kilobytes = line.and_then(|line| line.trim_matches([':', ' ', '\t', 'k', 'B']).parse::<u64>().ok());
    kilobytes.map_or("unknown".to_owned(), |kilobytes| format!("{} MB", kilobytes / 1024))
}

fn build(path: &Path, names: &Path, count: usize) -> Outcome<()> {
    // Forgets the peak so far, where that is allowed.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let started = Instant::now();
    let mut builder = Builder::new(path, IDENTITY, 1);
    read_names(names, |hashtag, reach, key| Ok(builder.push(Document { hashtag, key, reach })?))?;
    let pushed = started.elapsed();
    drop(builder.finish()?);
    let bytes = std::fs::metadata(path)?.len();
    println!(
        "build: {:.1} s, of which taking the names {:.1} s; {:.1} bytes a tag, {:.0} MB; peak memory {}",
        started.elapsed().as_secs_f64(),
        pushed.as_secs_f64(),
        bytes as f64 / count as f64,
        bytes as f64 / 1e6,
        memory("VmHWM"),
    );
    Ok(())
}

fn chars(text: &str, from: usize, count: usize) -> String {
    text.chars().skip(from).take(count).collect()
}

/// Keywords of one kind: label, keywords, offset.
type Kind = (&'static str, Vec<String>, usize);

/// So many keywords, each made by `one`.
fn made(label: &'static str, count: usize, mut one: impl FnMut(&mut Random) -> String) -> Kind {
    let mut random = Random(3);
    (label, (0..count).map(|_| one(&mut random)).collect(), 0)
}

fn letters(random: &mut Random, count: usize) -> String {
    (0..count).map(|_| char::from(b'a' + random.below(26) as u8)).collect()
}

fn keywords(sample: &[String], words: &[String]) -> Vec<Kind> {
    let any = |r: &mut Random| sample[r.below(sample.len())].clone();
    let beginning = |r: &mut Random| {
        let count = 1 + r.below(3);
        chars(&any(r), 0, count)
    };
    let inner = |r: &mut Random| {
        let (from, count) = (1 + r.below(3), 4 + r.below(6));
        chars(&any(r), from, count)
    };
    let mut kinds = vec![
        made("1-3 characters, as names begin", QUERIES, beginning),
        made("1-3 characters, last page", QUERIES, beginning),
        made("words", QUERIES, |r| words[r.zipf(words.len())].clone()),
        made("words, uniform", QUERIES, |r| words[r.below(words.len())].clone()),
        made("long names", QUERIES, any),
        made("inner parts of names", QUERIES, inner),
        made("two words", QUERIES, |r| {
            format!("{} {}", words[r.zipf(words.len())], words[r.zipf(words.len())])
        }),
    ];
    kinds[1].2 = DEPTH_MAX - LIMIT;
    kinds.extend(odd_keywords(words));
    kinds
}

fn odd_keywords(words: &[String]) -> Vec<Kind> {
    let han = |r: &mut Random| {
        let count = 1 + r.below(2);
        chars(&words[80_000 + r.below(20_000)], 0, count)
    };
    let some_letters = |count_min: usize, more: usize| {
        move |r: &mut Random| {
            let count = count_min + r.below(more);
            letters(r, count)
        }
    };
    let grams = ["ing", "the", "and", "ear", "ant", "er", "ee", "ara", "an", "te", "si", "in"];
    let repeated = ('a'..='z').flat_map(|c| [2, 3, 4, 8, 128].map(|n| c.to_string().repeat(n)));
    let long = ["a ", "the", "\0", "  "].map(|piece| piece.repeat(5000));
    let oddities = ["an er in on", "a e i o u", "q x z j", "_ 1 2"].map(str::to_owned);
    vec![
        made("Han, 1-2 characters", QUERIES, han),
        made("1-3 letters, any", QUERIES, some_letters(1, 3)),
        made("misses", QUERIES, some_letters(5, 10)),
        made("common grams at random", QUERIES / 10, |r| {
            (0..2 + r.below(12)).map(|_| grams[r.below(grams.len())]).collect()
        }),
        ("one letter repeated", repeated.collect(), 0),
        ("10 KB and other oddities", long.into_iter().chain(oddities).collect(), 0),
    ]
}

/// Prints latencies of the first time that each keyword is asked, and of the best of three times, which other work on
/// the machine disturbs less.
fn measure(index: &SearchIndex, sample: &[String], words: &[String]) -> Outcome<()> {
    println!(
        "{:32} {:>7} {:>9} {:>9} {:>9} {:>9} {:>9} {:>6}",
        "keywords, top 20, one thread, ms", "queries", "p50", "p99", "max", "best p99", "best max", "hits"
    );
    for (label, keywords, offset) in keywords(sample, words) {
        let (mut first, mut best, mut hits) = (Vec::new(), Vec::new(), 0);
        for keyword in &keywords {
            let mut times = [0.0; 3];
            for time in &mut times {
                let started = Instant::now();
                hits += index.query(&SearchForm::new(keyword, key_of), offset, LIMIT)?.hits.len();
                *time = started.elapsed().as_secs_f64() * 1000.0;
            }
            first.push(times[0]);
            best.push((times[0].min(times[1]).min(times[2]), keyword));
        }
        first.sort_by(f64::total_cmp);
        best.sort_by(|a, b| a.0.total_cmp(&b.0));
        let last = first.len() - 1;
        println!(
            "{label:32} {:>7} {:>9.4} {:>9.4} {:>9.4} {:>9.4} {:>9.4} {:>6.1}  slowest: {:.24}",
            first.len(),
            first[last / 2],
            first[last * 99 / 100],
            first[last],
            best[last * 99 / 100].0,
            best[last].0,
            hits as f64 / 3.0 / first.len() as f64,
            best[last].1,
        );
    }
    Ok(())
}

fn check(index: &SearchIndex, names: &Path, sample: &[String], words: &[String]) -> Outcome<()> {
    let mut queries = Vec::new();
    for (_, keywords, offset) in keywords(sample, words) {
        let step = (keywords.len() / 6).max(1);
        queries.extend(
            keywords
                .into_iter()
                .step_by(step)
                .map(|keyword| (SearchForm::new(&keyword, key_of), offset, Vec::<Hit>::new())),
        );
    }
    read_names(names, |hashtag, reach, key| {
        for (form, _, hits) in &mut queries {
            if let Some(class) = form.classify(key) {
                hits.push(Hit { hashtag, class, reach });
            }
        }
        Ok(())
    })?;
    let count = queries.len();
    for (form, offset, mut want) in queries {
        want.sort_unstable_by_key(|hit| (hit.class, Reverse(hit.reach), hit.hashtag));
        let want: Vec<Hit> = want.into_iter().skip(offset).take(LIMIT).collect();
        if index.query(&form, offset, LIMIT)?.hits != want {
            return Err(format!("the answer to {form:?} differs from a scan").into());
        }
    }
    println!("check: {count} answers are those of a scan");
    Ok(())
}

fn change(index: &SearchIndex, sample: &[String]) -> Outcome<()> {
    let mut random = Random(4);
    let (changes, batch) = (sample.len().min(100_000), 100);
    let mut times = Vec::new();
    let started = Instant::now();
    for (sequence, names) in sample[..changes].chunks(batch).enumerate() {
        let documents = names.iter().enumerate().map(|(i, key)| {
            let hashtag = if i % 2 == 0 {
                u32::MAX - 1 - (sequence * batch + i) as u32
            } else {
                (sequence * batch + i) as u32
            };
            Document { hashtag, key, reach: random.next() >> 34 }
        });
        let documents: Vec<Document<'_>> = documents.collect();
        let began = Instant::now();
        index.apply(documents, sequence as u64)?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    println!(
        "changes: {changes} in batches of {batch}: {:.0} a second; a batch p50 {:.2} ms, p99 {:.2} ms, max {:.1} ms",
        changes as f64 / started.elapsed().as_secs_f64(),
        times[times.len() / 2],
        times[times.len() * 99 / 100],
        times[times.len() - 1],
    );
    Ok(())
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let count: usize = arguments.next().as_deref().unwrap_or("200000").parse()?;
    let temporary = tempfile::tempdir()?;
    let folder = arguments.next().map_or(temporary.path().to_owned(), Into::into);
    let (names, path) =
        (folder.join(format!("names-{count}.txt")), folder.join(format!("search-{count}.idx")));
    let words = words();
    if !names.exists() {
        write_names(&names, count, &words)?;
    }
    println!("{count} hashtags, {:.1} bytes a name", std::fs::metadata(&names)?.len() as f64 / count as f64);
    build(&path, &names, count)?;
    let started = Instant::now();
    let index = SearchIndex::open(&path, IDENTITY)?;
    println!("open and check: {:.3} s; memory {}", started.elapsed().as_secs_f64(), memory("VmRSS"));
    let mut sample = Vec::new();
    let step = (count / 200_000).max(1) as u32;
    read_names(&names, |number, _, name| {
        if number % step == 0 {
            sample.push(name.to_owned());
        }
        Ok(())
    })?;
    println!("memory with the benchmark's own sample of names: {}", memory("VmRSS"));
    measure(&index, &sample, &words)?;
    println!("memory after the queries: {}", memory("VmRSS"));
    check(&index, &names, &sample, &words)?;
    change(&index, &sample)?;
    println!("memory with the changes: {}; wants a rebuild: {}", memory("VmRSS"), index.wants_rebuild());
    measure(&index, &sample, &words)
}
