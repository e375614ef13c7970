//! Parses the query of a request. An empty parameter counts as absent, a repeated one is refused as ambiguous,
//! and an unknown one is ignored.

use crate::problem::Problem;
use domain::link::{Link, hashtag_text};
use domain::{Region, TagKey};
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// Rows of a page without `count`.
pub(crate) const COUNT_DEFAULT: u32 = 10;
/// Most rows of a page; a larger `count` is clamped to it.
pub(crate) const COUNT_MAX: u32 = 35;
/// Exclusive upper bound of cursors: programs that read numbers as doubles lose no digit.
pub(crate) const CURSOR_END: u64 = 1 << 53;
/// Characters of a value that an error message repeats.
const SHOWN_CHARS_MAX: usize = 40;

/// The query of one request.
#[derive(Debug)]
pub(crate) struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    /// Wraps the text after `?`, which may be empty.
    pub(crate) fn new(query: &'a str) -> Self {
        Self(query)
    }

    /// Returns the text after `?`.
    pub(crate) const fn as_str(&self) -> &'a str {
        self.0
    }

    /// Returns a parameter's text without outer white space; `None` if it is absent or empty.
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

    /// Returns a required parameter.
    pub(crate) fn required(&self, param: &'static str, example: &str) -> Result<Cow<'a, str>, Problem> {
        self.text(param)?.ok_or_else(|| {
            Problem::parameter(param, format!("{param} is missing; give it, such as {param}={example}"))
        })
    }

    /// Parses an id of digits: TikTok's or an assigned one.
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

    /// Returns true if a parameter is in the query, empty or not.
    fn names(&self, param: &str) -> bool {
        form_urlencoded::parse(self.0.as_bytes()).any(|(name, _)| name == param)
    }

    /// Parses a tag name, in any spelling.
    pub(crate) fn tag(&self, param: &'static str) -> Result<TagKey, Problem> {
        let text = self.required(param, "cat")?;
        TagKey::of_typed(&text).map_err(|why| {
            Problem::parameter(param, format!("{param} is no tag: {why}; give one such as {param}=cat"))
        })
    }

    /// Parses `count`, clamped to 1 to [`COUNT_MAX`].
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
        // A number that does not fit is above the maximum.
        Ok(if is_negative { 1 } else { digits.parse().unwrap_or(COUNT_MAX).clamp(1, COUNT_MAX) })
    }

    /// Parses `cursor`: 0 for the first page, else the one of the previous page.
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

    /// Parses a flag; false if it is absent.
    pub(crate) fn flag(&self, param: &'static str) -> Result<bool, Problem> {
        match self.text(param)?.as_deref() {
            None | Some("false" | "0") => Ok(false),
            Some("true" | "1") => Ok(true),
            Some(other) => {
                Err(Problem::parameter(param, format!("{param} is {}; give true or false", shown(other))))
            }
        }
    }

    /// Parses an optional whole number within bounds.
    pub(crate) fn whole(
        &self,
        param: &'static str,
        bounds: RangeInclusive<u32>,
    ) -> Result<Option<u32>, Problem> {
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

    /// Parses a required keyword. The link of a hashtag's page stands for its name.
    pub(crate) fn keyword(&self, param: &'static str) -> Result<String, Problem> {
        let text = self.required(param, "cat")?;
        let name = hashtag_text(&text);
        name.map(Cow::into_owned)
            .map_err(|why| Problem::parameter(param, format!("{param} is {}: {why}", shown(&text))))
    }

    /// Returns the parameters without some, sorted: a cursor belongs to these.
    pub(crate) fn without(&self, params: &[&str]) -> Vec<(String, String)> {
        let mut rest: Vec<(String, String)> = form_urlencoded::parse(self.0.as_bytes())
            .filter(|(name, _)| !params.contains(&&**name))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        rest.sort_unstable();
        rest
    }

    /// Parses an optional country.
    pub(crate) fn region(&self) -> Result<Option<Region>, Problem> {
        let Some(text) = self.text("region")? else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|why| Problem::parameter("region", format!("region is {}, but {why}", shown(&text))))
    }
}

/// Quotes and shortens a client's text, for an answer or a log line.
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
    fn empty_parameters_are_absent_and_repeated_ones_are_refused() {
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
    fn counts_are_clamped() {
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
    fn links_stand_for_their_hashtag() {
        let tag = "name=https%3A%2F%2Fwww.tiktok.com%2Ftag%2FCat%3Flang%3Den";
        assert_eq!(Query::new(tag).tag("name").expect("a tag").as_str(), "cat");
        assert_eq!(Query::new(tag).keyword("name").expect("a keyword"), "#Cat");
        let detail = |query: &str| {
            let problem = Query::new(query).tag("name").expect_err("a refusal");
            problem.detail().to_owned()
        };
        assert!(
            detail("name=https://www.tiktok.com/@a/video/7622263851152706848").contains("a link to a video")
        );
        assert!(detail("name=https://vm.tiktok.com/ZMabc/").contains("a short link"));
        let id =
            Query::new("id=https://www.tiktok.com/tag/cat").id::<HashtagId>("id").expect_err("a refusal");
        assert!(id.detail().contains("a link; give the id alone"), "{}", id.detail());
    }

    #[test]
    fn whole_numbers_are_checked_against_their_bounds() {
        assert_eq!(Query::new("limit=7").whole("limit", 1..=100).expect("a number"), Some(7));
        for query in ["limit=0", "limit=101", "limit=x", "limit=1.5", "limit=-1"] {
            assert_eq!(refused(Query::new(query).whole("limit", 1..=100)), Some("limit"), "{query}");
        }
        let rest = Query::new("b=2&cursor=x&a=1").without(&["cursor"]);
        assert_eq!(rest, [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "2".to_owned())]);
    }

    #[test]
    fn cursors_are_whole_numbers_exact_as_doubles() {
        assert_eq!(Query::new("cursor=").cursor().expect("the start"), 0);
        assert_eq!(Query::new("cursor=9007199254740991").cursor().expect("the last"), CURSOR_END - 1);
        for query in ["cursor=-1", "cursor=9007199254740992", "cursor=abc", "cursor=1.0", "cursor=+1%2B"] {
            assert_eq!(refused(Query::new(query).cursor()), Some("cursor"), "{query}");
        }
    }

    proptest! {
        #[test]
        fn no_query_panics(query in "\\PC{0,60}|[a-z%=&+0-9]{0,60}") {
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
