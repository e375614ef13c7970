//! Reads the query of a request. A parameter that is empty counts as not given; one that is given twice is refused, as
//! nobody can know which was meant; one we do not know is passed over.

use crate::problem::Problem;
use domain::{Region, TagKey};
use std::borrow::Cow;

/// Rows of a page when `count` is not given.
pub(crate) const COUNT_DEFAULT: u32 = 10;
/// Most rows of a page; a larger `count` is brought down to it.
pub(crate) const COUNT_MAX: u32 = 35;
/// Cursors are below this: programs that read numbers as doubles hold them exactly.
pub(crate) const CURSOR_END: u64 = 1 << 53;
/// Characters of a value that an error message repeats.
const SHOWN_CHARS_MAX: usize = 40;

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

    /// An id of digits.
    pub(crate) fn id<T: std::str::FromStr<Err = domain::IdError>>(
        &self,
        param: &'static str,
    ) -> Result<T, Problem> {
        let text = self.required(param, "7551")?;
        text.parse().map_err(|why| {
            Problem::parameter(
                param,
                format!("{param} is {}, but {why}; give one such as {param}=7551", shown(&text)),
            )
        })
    }

    /// A tag name, in any spelling.
    pub(crate) fn tag(&self, param: &'static str) -> Result<TagKey, Problem> {
        let text = self.required(param, "cat")?;
        TagKey::new(&text).map_err(|why| {
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

    /// A country, when given.
    pub(crate) fn region(&self) -> Result<Option<Region>, Problem> {
        let Some(text) = self.text("region")? else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|why| Problem::parameter("region", format!("region is {}, but {why}", shown(&text))))
    }
}

/// A client's text in quotes and within bounds, fit for an answer and a log line.
fn shown(text: &str) -> String {
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
