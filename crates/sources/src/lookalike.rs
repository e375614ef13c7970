//! Finds columns of a table, or keys of JSON records, that look like a field an import did not find: by name, in many
//! languages and spellings, and by value. Runs only if a field is lacking, over the first few hundred records.

mod value;

mod words;

use crate::json::keys::Keys;
use crate::json::scan::elements;
use crate::stored_fields::quoted;
use domain::Source;
use std::collections::BTreeMap;
use value::Value;
use words::{BETWEEN, Listed, Words};

pub(crate) use words::Meaning;

/// Records sampled.
const RECORDS_MAX: usize = 300;
/// Bytes sampled.
const BYTES_MAX: usize = 1 << 20;
/// A larger object is searched for the list of records in it.
const RECORD_BYTES_MAX: usize = 64 << 10;
/// Deepest nesting that is searched.
const DEPTH_MAX: usize = 6;
/// Different columns or keys examined.
const PLACES_MAX: usize = 2048;
/// Longest column name or key path in a message, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Most unknown words in a name.
const UNKNOWN_WORDS_MAX: usize = 1;

/// The first records of a content.
#[derive(Debug, Default)]
pub(crate) struct Sample {
    records: Vec<Record>,
    header: Vec<String>,
    bytes: usize,
    is_full: bool,
}

#[derive(Debug)]
struct Record {
    /// Format they were parsed as. `None` if unknown or mixed.
    source: Option<Source>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// JSON, with the path of its list: `data.videos[]`.
    Json(String, Box<[u8]>),
    /// Cells of a row.
    Row(Vec<String>),
}

impl Sample {
    /// Returns true if no more records are needed.
    pub(crate) const fn is_full(&self) -> bool {
        self.is_full
    }

    /// Returns the number of records, for [`Self::settle`].
    pub(crate) const fn mark(&self) -> usize {
        self.records.len()
    }

    /// Sets the header of a table.
    pub(crate) fn header<'n>(&mut self, names: impl Iterator<Item = &'n str>) {
        self.header = names.take(PLACES_MAX).map(|name| shortened(name).to_owned()).collect();
    }

    /// Adds a row of a table.
    pub(crate) fn row<'c>(&mut self, cells: impl Iterator<Item = &'c str>) {
        if self.is_full {
            return;
        }
        let cells: Vec<_> = cells.take(PLACES_MAX).map(|cell| shortened(cell).to_owned()).collect();
        let bytes = cells.iter().map(|cell| cell.len() + size_of::<String>()).sum();
        self.add(Content::Row(cells), bytes);
    }

    /// Adds a JSON record, or a document with records inside.
    pub(crate) fn json(&mut self, raw: &[u8]) {
        self.json_at("", raw, 0);
    }

    fn json_at(&mut self, way: &str, raw: &[u8], depth: usize) {
        if self.is_full || depth == DEPTH_MAX {
            return;
        }
        match raw.first() {
            Some(b'[') => {
                for element in elements(raw).take(RECORDS_MAX) {
                    let Ok(element) = element else { return };
                    if self.is_full {
                        return;
                    }
                    self.json_at(way, element, depth + 1);
                }
            }
            Some(b'{') if raw.len() <= RECORD_BYTES_MAX => {
                self.add(Content::Json(way.to_owned(), raw.into()), raw.len());
            }
            Some(b'{') => {
                for (key, value) in Keys::of(raw).pairs() {
                    let way = joined(way, key);
                    match value.first() {
                        Some(b'[') => self.json_at(&format!("{way}[]"), value, depth + 1),
                        Some(b'{') => self.json_at(&way, value, depth + 1),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, content: Content, bytes: usize) {
        self.bytes += bytes;
        self.records.push(Record { source: None, content });
        self.is_full = self.records.len() >= RECORDS_MAX || self.bytes >= BYTES_MAX;
    }

    /// Sets the format of the records since `mark`; drops them if nothing was parsed.
    pub(crate) fn settle(&mut self, mark: usize, source: Option<Source>) {
        if self.records.len() == mark {
            return;
        }
        match source {
            None => self.records.truncate(mark),
            // With several records at once, it is unknown which was which.
            Some(_) if self.records.len() > mark + 1 => {}
            Some(_) => {
                if let Some(record) = self.records.last_mut() {
                    record.source = source;
                }
            }
        }
    }

    /// Finds the best match of each meaning in the records of a source, without the columns already `used`.
    pub(crate) fn lookalikes(&self, source: Source, used: &[&str]) -> Lookalikes {
        let mut places = Places { used, ..Places::default() };
        for record in &self.records {
            if record.source.is_some_and(|known| known != source) {
                continue;
            }
            match &record.content {
                Content::Json(way, raw) => places.object(way, "", raw, 0),
                Content::Row(cells) => {
                    for (name, cell) in self.header.iter().zip(cells) {
                        places.value("", name, &Value::of_cell(cell));
                    }
                }
            }
        }
        places.best(!self.header.is_empty())
    }
}

fn joined(way: &str, key: &[u8]) -> String {
    let key = String::from_utf8_lossy(&key[..key.len().min(NAME_BYTES_MAX)]);
    if way.is_empty() { key.into_owned() } else { format!("{way}.{key}") }
}

/// Truncates a text at a character boundary.
fn shortened(text: &str) -> &str {
    // A cell may have its tags at the end of a long caption, so this limit is larger than that of a name.
    const BYTES_MAX: usize = 4096;
    let end = (0..=BYTES_MAX.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// The best match of each meaning.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Lookalikes {
    /// True for columns of a table, false for keys.
    pub(crate) are_columns: bool,
    places: BTreeMap<Meaning, Place>,
}

/// A column or key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Path of the enclosing list, such as `data.videos[]`; empty for a single record.
    pub(crate) list: String,
    /// The column, or the keys joined by dots.
    pub(crate) name: String,
    /// True for an id, where that decides the field to map it to.
    is_id: bool,
}

impl Place {
    /// Formats it with its list.
    pub(crate) fn shown(&self) -> String {
        if self.list.is_empty() { self.name.clone() } else { format!("{}.{}", self.list, self.name) }
    }
}

impl Lookalikes {
    pub(crate) fn get(&self, meaning: Meaning) -> Option<&Place> {
        self.places.get(&meaning)
    }

    /// Returns the `--map` argument of a place: `views=plays`. `None` if a mapping cannot reach it.
    pub(crate) fn map(&self, meaning: Meaning, is_of_videos: bool) -> Option<String> {
        let place = self.get(meaning).filter(|place| place.list.is_empty())?;
        let field = match (meaning, is_of_videos) {
            (Meaning::VideoId, true) => "video_id",
            (Meaning::Url, true) => "url",
            (Meaning::Plays, true) => "plays",
            (Meaning::Hashtags, true) => "hashtags",
            (Meaning::Caption, true) => "caption",
            (Meaning::Creator, true) if place.is_id => "author_id",
            (Meaning::Creator, true) => "author_name",
            (Meaning::PostedAt, true) => "create_time",
            (Meaning::HashtagName, false) => "hashtag_name",
            (Meaning::Views, false) => "views",
            (Meaning::Videos, false) => "videos",
            (Meaning::ReadAt, _) => "observed_at",
            _ => return None,
        };
        Some(format!("{}={field}", place.name))
    }

    /// Returns all `--map` arguments that read the records; empty if nothing identifies a record.
    pub(crate) fn maps(&self, is_of_videos: bool) -> Vec<String> {
        let identity: &[Meaning] =
            if is_of_videos { &[Meaning::VideoId, Meaning::Url] } else { &[Meaning::HashtagName] };
        let Some(identity) = identity.iter().find_map(|meaning| self.map(*meaning, is_of_videos)) else {
            return Vec::new();
        };
        let rest = Meaning::ALL
            .into_iter()
            .filter(|meaning| !matches!(meaning, Meaning::VideoId | Meaning::Url | Meaning::HashtagName));
        std::iter::once(identity).chain(rest.filter_map(|meaning| self.map(meaning, is_of_videos))).collect()
    }
}

/// Returns all `--map` arguments for a table with these columns, judged by name; empty if none identifies a
/// row.
pub(crate) fn maps_of_names<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut best: BTreeMap<Meaning, (Fit, Place)> = BTreeMap::new();
    for name in names.take(PLACES_MAX).filter(|name| name.len() <= NAME_BYTES_MAX) {
        for (meaning, fit) in
            Meaning::ALL.into_iter().filter_map(|meaning| Some((meaning, fit(name, meaning)?)))
        {
            let is_id = words_of(name).last().is_some_and(|word| word == "id");
            let place = Place { list: String::new(), name: name.to_owned(), is_id };
            match best.get(&meaning) {
                Some((known, _)) if *known <= fit => {}
                _ => drop(best.insert(meaning, (fit, place))),
            }
        }
    }
    let places = best.into_iter().map(|(meaning, (_, place))| (meaning, place)).collect();
    let found = Lookalikes { are_columns: true, places };
    let of_videos = found.maps(true);
    if of_videos.is_empty() { found.maps(false) } else { of_videos }
}

/// Formats them as advice at the end of a message.
pub(crate) fn advice<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let maps: String = maps_of_names(names).iter().map(|map| format!(" --map {}", quoted(map))).collect();
    if maps.is_empty() { maps } else { format!("; perhaps{maps}") }
}

/// All places seen, with their possible meanings.
#[derive(Default)]
struct Places<'u> {
    used: &'u [&'u str],
    /// By list and name: possible meanings, with their fit (lower is better).
    seen: BTreeMap<(String, String), Vec<(Meaning, Fit)>>,
    /// Confirmed matches, with the number of the place.
    suited: BTreeMap<Meaning, Vec<(Fit, usize, Place)>>,
}

/// Fit of a name to a meaning: unknown words, rank of the word in its list, depth and order in the file.
type Fit = (usize, usize, usize);

impl Places<'_> {
    /// Visits an object. `list` is the path of the record, `way` the path from the record to the object.
    fn object(&mut self, list: &str, way: &str, raw: &[u8], depth: usize) {
        if depth == DEPTH_MAX {
            return;
        }
        let keys = Keys::of(raw);
        // A list inside a record has comments, mentions and the like; around records there are only
        // envelopes.
        let is_record = keys.pairs().any(|(key, value)| {
            let name = String::from_utf8_lossy(key);
            let is_id =
                fit(&name, Meaning::VideoId).is_some() && Value::of_json(value).suits(Meaning::VideoId);
            is_id || (fit(&name, Meaning::Url).is_some() && Value::of_json(value).suits(Meaning::Url))
        });
        for (key, value) in keys.pairs() {
            let name = joined(way, key);
            if name.len() > NAME_BYTES_MAX {
                continue;
            }
            match value.first() {
                Some(b'{') => self.object(list, &name, value, depth + 1),
                Some(b'[') if !is_record && depth < 3 && list.len() < NAME_BYTES_MAX => {
                    self.value(list, &name, &Value::of_json(value));
                    let inner =
                        if list.is_empty() { format!("{name}[]") } else { format!("{list}.{name}[]") };
                    for element in elements(value).flatten().take(RECORDS_MAX) {
                        if element.first() == Some(&b'{') {
                            self.object(&inner, "", element, depth + 1);
                        }
                    }
                }
                _ => self.value(list, &name, &Value::of_json(value)),
            }
        }
    }

    fn value(&mut self, list: &str, name: &str, value: &Value) {
        if matches!(value, Value::Nothing) || name.len() > NAME_BYTES_MAX || self.used.contains(&name) {
            return;
        }
        let key = (list.to_owned(), name.to_owned());
        if !self.seen.contains_key(&key) {
            if self.seen.len() == PLACES_MAX {
                return;
            }
            let meanings =
                Meaning::ALL.into_iter().filter_map(|meaning| Some((meaning, fit(name, meaning)?)));
            self.seen.insert(key.clone(), meanings.collect());
        }
        let Some(meanings) = self.seen.get_mut(&key) else { return };
        let number = self.suited.values().map(Vec::len).sum();
        // A meaning is confirmed once, by the first suitable value.
        meanings.retain(|(meaning, fit)| {
            let suits = value.suits(*meaning);
            if suits {
                let is_id = match value {
                    Value::Number(..) => true,
                    Value::Text(text) => text.len() > 9 && text.bytes().all(|byte| byte.is_ascii_digit()),
                    _ => false,
                };
                let place = Place { list: list.to_owned(), name: name.to_owned(), is_id };
                self.suited.entry(*meaning).or_default().push((*fit, number, place));
            }
            !suits
        });
    }

    fn best(self, are_columns: bool) -> Lookalikes {
        let best = self.suited.into_iter().filter_map(|(meaning, places)| {
            let best = places.into_iter().min_by(|one, other| (one.0, one.1).cmp(&(other.0, other.1)));
            best.map(|(.., place)| (meaning, place))
        });
        Lookalikes { are_columns, places: best.collect() }
    }
}

/// Returns how well a name fits a meaning; `None` if it does not.
fn fit(name: &str, meaning: Meaning) -> Option<Fit> {
    let words = meaning.words();
    let parts: Vec<Vec<String>> =
        name.split(['.', '/']).map(words_of).filter(|words| !words.is_empty()).collect();
    let (last, before) = parts.split_last()?;
    let is_other = |word: &String| has(words.other, word);
    if parts.iter().flatten().any(is_other) {
        // `username` may be split into words of another meaning.
        return None;
    }
    let is_filler = |word: &String| has(words.filler, word);
    let rank = rank_of(last, words).or_else(|| {
        // `author.name`, `views.total`: the inner key alone is not meaningful.
        let is_filled = last.iter().all(is_filler);
        if is_filled { before.last().and_then(|words_before| rank_of(words_before, words)) } else { None }
    })?;
    let unknown = match is_known_whole(last, words) {
        true => 0,
        false => last.iter().filter(|word| !is_filler(word) && rank_of_word(word, words).is_none()).count(),
    };
    let rank = match meaning {
        Meaning::Creator => creator_rank(&parts, rank),
        _ => rank,
    };
    (unknown <= UNKNOWN_WORDS_MAX).then_some((unknown, rank, parts.len()))
}

/// Ranks creator names: a handle, then a name, then a display name, then a number.
fn creator_rank(parts: &[Vec<String>], rank: usize) -> usize {
    let has = |words: &[&str]| parts.iter().flatten().any(|word| words.contains(&word.as_str()));
    match () {
        () if has(&["username", "unique", "uniqueid", "handle", "screen", "screenname", "login"]) => rank,
        () if has(&["nickname", "nick", "display", "full"]) => 2000 + rank,
        () if has(&["id", "uid"]) => 3000 + rank,
        () => 1000 + rank,
    }
}

/// Returns true if a word is listed.
fn has(list: Listed, word: &str) -> bool {
    list.split(BETWEEN).any(|known| known == word)
}

/// Returns the best rank of a name's words, also joined to one word.
fn rank_of(name: &[String], words: &Words) -> Option<usize> {
    let of_parts = words.exact.len();
    let spaced = name.join(" ");
    let of_spaced =
        || words.parts.split(BETWEEN).position(|part| part.contains(' ') && spaced.contains(part));
    rank_of_word(&name.concat(), words)
        .or_else(|| of_spaced().map(|at| of_parts + at))
        .or_else(|| name.iter().filter_map(|word| rank_of_word(word, words)).min())
}

/// Returns true if the joined words form a known word.
fn is_known_whole(name: &[String], words: &Words) -> bool {
    has(words.exact, &name.concat()) || has(words.parts, &name.join(" "))
}

fn rank_of_word(word: &str, words: &Words) -> Option<usize> {
    let exact = words.exact.split(BETWEEN).position(|known| known == word);
    exact.or_else(|| {
        let at = words.parts.split(BETWEEN).position(|part| !part.is_empty() && word.contains(part))?;
        // After all whole words: their list is shorter than its text.
        Some(words.exact.len() + at)
    })
}

/// Splits a name into lower-case words: `playCount`, `play_count` and `Play count` have two.
fn words_of(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for character in name.chars() {
        let is_new = !before.is_alphanumeric()
            || (before.is_lowercase() && character.is_uppercase())
            || (before.is_numeric() && character.is_uppercase());
        if character.is_alphanumeric() || !character.is_ascii() && !character.is_whitespace() {
            if is_new || words.is_empty() {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(character.to_lowercase());
            }
        }
        before = character;
    }
    words.retain(|word| !word.is_empty() && !word.bytes().all(|byte| byte.is_ascii_digit()));
    words
}

#[cfg(test)]
mod tests;
