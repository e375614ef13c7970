//! Reads the query of a request. A parameter that is empty counts as not given; one that is given twice is refused, as
//! nobody can know which was meant; one we do not know is passed over.

use crate::problem::Problem;
use domain::link::{Link, hashtag_text, video_id};
use domain::{Length, Moment, Region, TagKey, Timestamp, VideoId};
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// Rows of a page when `count` is not given.
pub(crate) const COUNT_DEFAULT: u32 = 10;
/// Most rows of a page; a larger `count` is brought down to it.
pub(crate) const COUNT_MAX: u32 = 35;
/// Cursors are below this: programs that read numbers as doubles hold them exactly.
pub(crate) const CURSOR_END: u64 = 1 << 53;
/// Largest number that a parameter of `/v1` takes: the largest that JavaScript calls safe.
pub(crate) const NUMBER_MAX: u64 = CURSOR_END - 1;
/// What a series can be indexed to.
const INDEX: RangeInclusive<f64> = 0.001..=1_000_000_000.0;
/// Characters of a value that an error message repeats.
const SHOWN_CHARS_MAX: usize = 40;

/// The lengths of time that are described; a few more are read.
macro_rules! length_pattern {
    () => {
        "([1-9][0-9]{0,4}(ms|s|min|h)|[1-9][0-9]{0,3}d|[1-9][0-9]{0,2}(w|mo)|[1-9][0-9]?y)"
    };
}

/// What the API description says of points in time; [`Query::moment`] reads them.
pub(crate) const TIME_PATTERN: &str = concat!(
    "^([0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])",
    "([Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?)?",
    "|-?",
    length_pattern!(),
    ")?$"
);

/// What the API description says of lengths of time; [`Query::window`] reads them.
pub(crate) const DURATION_PATTERN: &str = concat!("^", length_pattern!(), "?$");

/// A closed set of words that a parameter takes.
pub(crate) trait Words: Copy {
    /// Each word and what it stands for; the first is the default.
    fn words() -> Vec<(&'static str, Self)>;
}

/// The query of one request.
#[derive(Debug)]
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// Of what stands behind `?`; `""` when nothing does.
    pub(crate) fn new(query: &'a str) -> Self {
        Self(query)
    }

    /// A parameter's text without outer white space; `None` when it is not given or empty.
    pub(crate) fn text(&self, param: &'static str) -> Result<Option<Cow<'a, str>>, Problem> {
        let mut values = form_urlencoded::parse(self.0.as_bytes()).filter(|(name, _)| name == param);
        let Some((_, value)) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Problem::parameter(param, format!("{param} is given more than once; give it once")));
        }
        let value = match value {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        };
        Ok((!value.is_empty()).then_some(value))
    }

    /// A parameter that must be given.
    pub(crate) fn required(&self, param: &'static str, example: &str) -> Result<Cow<'a, str>, Problem> {
        self.text(param)?.ok_or_else(|| {
            Problem::parameter(param, format!("{param} is missing; give it, such as {param}={example}"))
        })
    }

    /// An id of digits: TikTok's or an assigned one.
    pub(crate) fn id<T: std::str::FromStr<Err = domain::IdError>>(
        &self,
        param: &'static str,
    ) -> Result<T, Problem> {
        let text = match self.text(param)? {
            Some(text) => text,
            // Clients pass on the `id` of an answer, and some answers of other servers have an empty one.
            None if self.names(param) => {
                let detail = format!(
                    "{param} is empty; give the id of a hashtag, such as {param}=7551: /challenge-info-name/ and \
                     /search-challenge/ answer it"
                );
                return Err(Problem::parameter(param, detail));
            }
            None => self.required(param, "7551")?,
        };
        text.parse().map_err(|why| {
            let detail = match Link::read(&text) {
                Some(Err(link)) => format!("{param} is {}: {link}", shown(&text)),
                Some(Ok(_)) => format!("{param} is {}: a link; give the id alone", shown(&text)),
                None => format!("{param} is {}, but {why}; give one such as {param}=7551", shown(&text)),
            };
            Problem::parameter(param, detail)
        })
    }

    /// Whether a parameter is in the query, empty or not.
    fn names(&self, param: &str) -> bool {
        form_urlencoded::parse(self.0.as_bytes()).any(|(name, _)| name == param)
    }

    /// A tag name, in any spelling.
    pub(crate) fn tag(&self, param: &'static str) -> Result<TagKey, Problem> {
        let text = self.required(param, "cat")?;
        TagKey::of_typed(&text).map_err(|why| {
            Problem::parameter(param, format!("{param} is no tag: {why}; give one such as {param}=cat"))
        })
    }

    /// Rows of a page, brought within 1 and [`COUNT_MAX`].
    pub(crate) fn count(&self) -> Result<u32, Problem> {
        let Some(text) = self.text("count")? else { return Ok(COUNT_DEFAULT) };
        let (is_negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, &*text),
        };
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            let detail = format!("count is {}; give a whole number from 1 to {COUNT_MAX}", shown(&text));
            return Err(Problem::parameter("count", detail));
        }
        // A number too large for us is larger than the most.
        Ok(if is_negative { 1 } else { digits.parse().unwrap_or(COUNT_MAX).clamp(1, COUNT_MAX) })
    }

    /// Where a page begins: the number the page before it named, 0 for the first.
    pub(crate) fn cursor(&self) -> Result<u64, Problem> {
        let Some(text) = self.text("cursor")? else { return Ok(0) };
        let number = if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None };
        number.filter(|cursor| *cursor < CURSOR_END).ok_or_else(|| {
            Problem::parameter(
                "cursor",
                format!("cursor is {}; give 0 or the cursor of the page before", shown(&text)),
            )
        })
    }

    /// A yes or no; no when it is not given.
    pub(crate) fn flag(&self, param: &'static str) -> Result<bool, Problem> {
        match self.text(param)?.as_deref() {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(other) => {
                Err(Problem::parameter(param, format!("{param} is {}; give true or false", shown(other))))
            }
        }
    }

    /// A whole number within bounds, when given.
    pub(crate) fn whole(
        &self,
        param: &'static str,
        bounds: RangeInclusive<u64>,
    ) -> Result<Option<u64>, Problem> {
        let Some(text) = self.text(param)? else { return Ok(None) };
        let number = if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None };
        match number.filter(|number| bounds.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => {
                let (least, most) = (bounds.start(), bounds.end());
                let detail =
                    format!("{param} is {}; give a whole number from {least} to {most}", shown(&text));
                Err(Problem::parameter(param, detail))
            }
        }
    }

    /// A number of 0 or more, when given.
    pub(crate) fn real(&self, param: &'static str) -> Result<Option<f64>, Problem> {
        let Some(text) = self.text(param)? else { return Ok(None) };
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite() && *number >= 0.0);
        number.map(Some).ok_or_else(|| {
            Problem::parameter(param, format!("{param} is {}; give a number of 0 or more", shown(&text)))
        })
    }

    /// What a series is indexed to, when given.
    pub(crate) fn index(&self) -> Result<Option<f64>, Problem> {
        match self.real("index")? {
            Some(index) if !INDEX.contains(&index) => {
                let (least, most) = (INDEX.start(), INDEX.end());
                let detail = format!("index is {index}; give a number from {least} to {most}, such as 100");
                Err(Problem::parameter("index", detail))
            }
            index => Ok(index),
        }
    }

    /// A word of a closed set; its default when it is not given.
    pub(crate) fn word<T: Words>(&self, param: &'static str) -> Result<T, Problem> {
        self.one_of(param, &T::words())
    }

    /// One of a few words; the first one when it is not given.
    pub(crate) fn one_of<T: Copy>(
        &self,
        param: &'static str,
        words: &[(&'static str, T)],
    ) -> Result<T, Problem> {
        let Some(text) = self.text(param)? else {
            return words.first().map(|(_, first)| *first).ok_or_else(|| Problem::internal("no words"));
        };
        words.iter().find(|(word, _)| *word == text).map(|(_, one)| *one).ok_or_else(|| {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let detail = format!("{param} is {}; give one of {}", shown(&text), names.join(", "));
            Problem::parameter(param, detail)
        })
    }

    /// A point in time, when given: a day, a moment, or a length of time back from now.
    pub(crate) fn moment(&self, param: &'static str) -> Result<Option<Moment>, Problem> {
        self.parsed(param)
    }

    /// The beginning of a time, when given: a day from its first millisecond on.
    pub(crate) fn begin(&self, param: &'static str, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
        Ok(self.moment(param)?.map(|moment| moment.begin(now)))
    }

    /// The end of a time, included, when given: a day to its last millisecond.
    pub(crate) fn end(&self, param: &'static str, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
        Ok(self.moment(param)?.map(|moment| moment.end(now)))
    }

    /// The beginning of a window that ends now, when given: `24h`, `30d`, `6mo`.
    pub(crate) fn window(&self, param: &'static str, now: Timestamp) -> Result<Option<Timestamp>, Problem> {
        let length: Option<Length> = self.parsed(param)?;
        match length {
            Some(length) if length.is_zero() => {
                Err(Problem::parameter(param, format!("{param} is 0; give a length of time such as 30d")))
            }
            length => Ok(length.map(|length| length.before(now))),
        }
    }

    /// The id of a video, when given: digits, or the link of its page.
    pub(crate) fn video(&self, param: &'static str) -> Result<Option<VideoId>, Problem> {
        let Some(text) = self.text(param)? else { return Ok(None) };
        let read = video_id(&text);
        read.map(Some).map_err(|why| Problem::parameter(param, format!("{param} is {}: {why}", shown(&text))))
    }

    /// A keyword that must be given. The link of a hashtag's page means its name.
    pub(crate) fn keyword(&self, param: &'static str) -> Result<String, Problem> {
        self.named(param, self.required(param, "cat")?)
    }

    /// The same, when given.
    pub(crate) fn keyword_if_given(&self, param: &'static str) -> Result<Option<String>, Problem> {
        self.text(param)?.map(|text| self.named(param, text)).transpose()
    }

    fn named(&self, param: &'static str, text: Cow<'a, str>) -> Result<String, Problem> {
        let name = hashtag_text(&text);
        name.map(Cow::into_owned)
            .map_err(|why| Problem::parameter(param, format!("{param} is {}: {why}", shown(&text))))
    }

    /// A value that says itself what is wrong with it, when given.
    fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &self,
        param: &'static str,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text(param)? else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|why| Problem::parameter(param, format!("{param} is {}: {why}", shown(&text))))
    }

    /// The parameters without some, in order: what a cursor belongs to.
    pub(crate) fn without(&self, params: &[&str]) -> Vec<(String, String)> {
        let mut rest: Vec<(String, String)> = form_urlencoded::parse(self.0.as_bytes())
            .filter(|(name, _)| !params.contains(&&**name))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        rest.sort_unstable();
        rest
    }

    /// A country, when given.
    pub(crate) fn region(&self) -> Result<Option<Region>, Problem> {
        let Some(text) = self.text("region")? else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|why| Problem::parameter("region", format!("region is {}, but {why}", shown(&text))))
    }
}

/// A client's text in quotes and within bounds, fit for an answer and a log line.
pub(crate) fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{:?}...", &text[..end]),
        None => format!("{text:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::errors::ErrorCode;
    use domain::HashtagId;
    use proptest::prelude::*;

    fn refused<T: std::fmt::Debug>(result: Result<T, Problem>) -> Option<&'static str> {
        let problem = result.expect_err("a refusal");
        assert_eq!(problem.code(), ErrorCode::InvalidParameter);
        problem.param()
    }

    #[test]
    fn empty_means_not_given_and_twice_means_nothing() {
        for query in ["", "region=", "region=%20", "region", "other=US", "region=+"] {
            assert_eq!(Query::new(query).region().expect("none"), None, "{query}");
        }
        assert_eq!(
            Query::new("a=1&region=us&b=2").region().expect("one").map(|r| r.to_string()).as_deref(),
            Some("US")
        );
        assert_eq!(refused(Query::new("region=usa").region()), Some("region"));
        assert_eq!(refused(Query::new("id=1&id=1").id::<HashtagId>("id")), Some("id"));
        assert_eq!(refused(Query::new("id=").id::<HashtagId>("id")), Some("id"));
        assert_eq!(refused(Query::new("id=cat").id::<HashtagId>("id")), Some("id"));
        let said = |query| format!("{:?}", Query::new(query).id::<HashtagId>("id").expect_err("no id"));
        assert!(said("").contains("id is missing") && said("id=").contains("id is empty"));
    }

    #[test]
    fn both_spellings_of_a_space_are_one() {
        for query in ["keyword=street+comedy", "keyword=street%20comedy", "keyword=+street+comedy%20"] {
            assert_eq!(Query::new(query).required("keyword", "cat").expect("a text"), "street comedy");
        }
        for query in ["name=cat", "name=%23Cat", "name=+CAT", "name=c%00at"] {
            assert_eq!(Query::new(query).tag("name").expect("a tag").as_str(), "cat");
        }
        assert_eq!(refused(Query::new("name=%23").tag("name")), Some("name"));
    }

    #[test]
    fn counts_are_brought_within_bounds() {
        for (query, want) in [
            ("", 10),
            ("count=", 10),
            ("count=1", 1),
            ("count=35", 35),
            ("count=36", 35),
            ("count=0", 1),
            ("count=-5", 1),
            ("count=99999999999999999999999", 35),
            ("count=007", 7),
        ] {
            assert_eq!(Query::new(query).count().expect("a count"), want, "{query}");
        }
        for query in ["count=ten", "count=1.5", "count=1e1", "count=-", "count=0x10", "count=%D9%A3"] {
            assert_eq!(refused(Query::new(query).count()), Some("count"), "{query}");
        }
    }

    #[test]
    fn times_are_days_moments_or_how_long_ago() {
        let now = Timestamp::parse("2026-11-25T12:00:00Z").expect("a time");
        let begin = |query| Query::new(query).begin("from", now).expect("a time").map(Timestamp::to_rfc3339);
        let end = |query| Query::new(query).end("from", now).expect("a time").map(Timestamp::to_rfc3339);
        assert_eq!(begin(""), None);
        assert_eq!(begin("from=2026-11-01").as_deref(), Some("2026-11-01T00:00:00Z"));
        assert_eq!(end("from=2026-11-01").as_deref(), Some("2026-11-01T23:59:59.999Z"), "a day is included");
        assert_eq!(begin("from=2026-11-01T08:00:00%2B02:00").as_deref(), Some("2026-11-01T06:00:00Z"));
        for (query, want) in [
            ("from=24h", "2026-11-24T12:00:00Z"),
            ("from=-30d", "2026-10-26T12:00:00Z"),
            ("from=1w", "2026-11-18T12:00:00Z"),
            ("from=90min", "2026-11-25T10:30:00Z"),
            ("from=6mo", "2026-05-25T12:00:00Z"),
            ("from=1y", "2025-11-25T12:00:00Z"),
        ] {
            assert_eq!(begin(query).as_deref(), Some(want), "{query}");
            assert_eq!(end(query).as_deref(), Some(want), "{query}");
        }
        for query in
            ["from=yesterday", "from=0d", "from=3m", "from=d", "from=99999999999999999999d", "from=40000d"]
        {
            assert_eq!(refused(Query::new(query).begin("from", now)), Some("from"), "{query}");
        }
        let ambiguous = Query::new("from=3m").begin("from", now).expect_err("a refusal");
        assert_eq!(
            ambiguous.detail(),
            "from is \"3m\": 3m is ambiguous: write 3min for minutes or 3mo for months"
        );
        let window = |query| Query::new(query).window("window", now);
        assert_eq!(
            window("window=2d").expect("a window").map(Timestamp::to_rfc3339).as_deref(),
            Some("2026-11-23T12:00:00Z")
        );
        for query in ["window=2", "window=3m", "window=0", "window=-2d"] {
            assert_eq!(refused(window(query)), Some("window"), "{query}");
        }
    }

    #[test]
    fn links_stand_for_what_they_lead_to() {
        let tag = "name=https%3A%2F%2Fwww.tiktok.com%2Ftag%2FCat%3Flang%3Den";
        assert_eq!(Query::new(tag).tag("name").expect("a tag").as_str(), "cat");
        assert_eq!(Query::new(tag).keyword("name").expect("a keyword"), "#Cat");
        assert_eq!(Query::new("").keyword_if_given("name").expect("none"), None);
        let video = "video=https://www.tiktok.com/@a/video/7622263851152706848";
        assert_eq!(
            Query::new(video).video("video").expect("a video").map(VideoId::get),
            Some(7_622_263_851_152_706_848)
        );
        let told = |query: &str| {
            let problem = Query::new(query).tag("name").expect_err("a refusal");
            problem.detail().to_owned()
        };
        assert!(
            told("name=https://www.tiktok.com/@a/video/7622263851152706848").contains("a link to a video")
        );
        assert!(told("name=https://vm.tiktok.com/ZMabc/").contains("a short link"));
        let id =
            Query::new("id=https://www.tiktok.com/tag/cat").id::<HashtagId>("id").expect_err("a refusal");
        assert!(id.detail().contains("a link; give the id alone"), "{}", id.detail());
    }

    #[test]
    fn numbers_and_words_are_checked_against_what_there_is() {
        let words = [("day", 1), ("week", 2)];
        assert_eq!(Query::new("").one_of("step", &words).expect("the first"), 1);
        assert_eq!(Query::new("step=week").one_of("step", &words).expect("a word"), 2);
        assert_eq!(refused(Query::new("step=month").one_of("step", &words)), Some("step"));
        assert_eq!(Query::new("limit=7").whole("limit", 1..=100).expect("a number"), Some(7));
        for query in ["limit=0", "limit=101", "limit=x", "limit=1.5", "limit=-1"] {
            assert_eq!(refused(Query::new(query).whole("limit", 1..=100)), Some("limit"), "{query}");
        }
        assert_eq!(Query::new("rate=0.05").real("rate").expect("a number"), Some(0.05));
        for query in ["rate=-1", "rate=nan", "rate=inf", "rate=x"] {
            assert_eq!(refused(Query::new(query).real("rate")), Some("rate"), "{query}");
        }
        assert_eq!(Query::new("index=100").index().expect("a number"), Some(100.0));
        for query in ["index=0", "index=5e-324", "index=1e308", "index=-1"] {
            assert_eq!(refused(Query::new(query).index()), Some("index"), "{query}");
        }
        let rest = Query::new("b=2&cursor=x&a=1").without(&["cursor"]);
        assert_eq!(rest, [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
    }

    #[test]
    fn cursors_are_whole_numbers_that_doubles_hold() {
        assert_eq!(Query::new("cursor=").cursor().expect("the start"), 0);
        assert_eq!(Query::new("cursor=9007199254740991").cursor().expect("the last"), CURSOR_END - 1);
        for query in ["cursor=-1", "cursor=9007199254740992", "cursor=abc", "cursor=1.0", "cursor=+1%2B"] {
            assert_eq!(refused(Query::new(query).cursor()), Some("cursor"), "{query}");
        }
    }

    proptest! {
        #[test]
        fn no_query_is_a_fault_of_ours(query in "\\PC{0,60}|[a-z%=&+0-9]{0,60}") {
            let query = Query::new(&query);
            for param in ["id", "name", "keyword"] {
                let _ = query.text(param);
                let _ = query.tag(param);
            }
            prop_assert!(query.count().map_or(true, |count| (1..=COUNT_MAX).contains(&count)));
            prop_assert!(query.cursor().map_or(true, |cursor| cursor < CURSOR_END));
            let _ = query.region();
        }
    }
}
