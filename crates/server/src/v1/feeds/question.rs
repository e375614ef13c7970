//! Saved questions: checked when a feed is created, and answered by the code that answers the paid question.

use super::own::{self, Own};
use crate::app::App;
use crate::feeds::{Form, Rendered, rss};
use crate::gate::cursor::CursorKey;
use crate::gate::reply::Content;
use crate::gate::{Paid, RequestContext};
use crate::http::routes::{Routes, V1};
use crate::options::PublicUrl;
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::{Query, shown};
use crate::v1::hashtags::{self, benchmark, creators, history, related, show, videos};
use crate::v1::question::{Measuring, OfHashtag, Question};
use crate::v1::{compare, trending};
use catalog::FreshnessRequirement;
use domain::{AccountId, KeyId, RequestId};
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method};
use store::feeds::Feed;

/// Most characters of a question.
const QUESTION_LENGTH_MAX: usize = 2_000;
/// Most rows of a feed; the number of rows of a question without a `limit` of its own, if it may have so many.
pub(super) const ROWS_MAX: u32 = 10_000;
/// Parameters that the link decides, or that only a paid call has.
const NOT_SAVED: [(&str, &str); 4] = [
    ("fresh", "a feed answers from stored data alone; leave it out"),
    ("format", "the ending of the link chooses it: .csv, .xlsx, .json or .rss; leave it out"),
    ("cursor", "a feed is one page; leave it out and give a limit or a time"),
    ("bom", "a feed has no byte order mark; leave it out"),
];

/// A question of the measurements that may be saved.
pub(super) struct Measurement {
    path: &'static str,
    most: Option<u32>,
    check: fn(&RequestContext<'_>) -> Result<(), Problem>,
    answer: for<'a> fn(&'a App, &RequestContext<'_>, bool) -> Result<Answering<'a>, Problem>,
}

/// An answer that is being made.
type Answering<'a> = BoxFuture<'a, Result<Content, Problem>>;

impl Measurement {
    const fn of<Q: Question>() -> Self {
        let most = match Q::PAGING {
            Paging::None => None,
            paging => Some(paging.limits().1),
        };
        Self { path: Q::DESCRIBED.path, most, check: check::<Q>, answer: answer::<Q> }
    }
}

static MEASUREMENTS: [Measurement; 9] = [
    Measurement::of::<hashtags::Hashtags>(),
    Measurement::of::<OfHashtag<show::Show>>(),
    Measurement::of::<OfHashtag<videos::Videos>>(),
    Measurement::of::<OfHashtag<history::History>>(),
    Measurement::of::<OfHashtag<benchmark::Benchmark>>(),
    Measurement::of::<OfHashtag<related::Related>>(),
    Measurement::of::<OfHashtag<creators::Creators>>(),
    Measurement::of::<trending::Trending>(),
    Measurement::of::<compare::Compare>(),
];

fn check<Q: Question>(context: &RequestContext<'_>) -> Result<(), Problem> {
    Measuring::<Q>::read(context).map(drop)
}

fn answer<'a, Q: Question>(
    app: &'a App,
    context: &RequestContext<'_>,
    is_for_sheets: bool,
) -> Result<Answering<'a>, Problem> {
    let (request, shape) = Measuring::<Q>::read(context)?;
    let shape = if is_for_sheets { shape.for_sheets() } else { shape };
    // No upstream is called for a free answer.
    let stored = FreshnessRequirement { only_stored: true, ..FreshnessRequirement::default() };
    Ok(Box::pin(Measuring::<Q>::answer(app, (request, shape), stored)))
}

enum Kind {
    Measurement(&'static Measurement),
    Own(Own),
}

/// A checked question.
pub(crate) struct FeedQuestion {
    path: String,
    query: String,
    kind: Kind,
}

impl FeedQuestion {
    /// Checks a question: path and query under `/v1`.
    pub(crate) fn check(text: &str, routes: &Routes) -> Result<Self, Problem> {
        let text = text.trim();
        if text.len() > QUESTION_LENGTH_MAX {
            return Err(wrong(format!("it has {} bytes, of at most {QUESTION_LENGTH_MAX}", text.len())));
        }
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let path = path.trim_end_matches('/');
        if !path.starts_with(V1) || text.contains(['#', ' ']) || !text.is_ascii() {
            let why = "give path and query of a question, percent-encoded, such as /v1/hashtags/cat/history?step=day";
            return Err(wrong(format!("it is {}: {why}", shown(text))));
        }
        let route = routes.find(path).ok_or_else(|| unknown(path))?;
        let kind = MEASUREMENTS
            .iter()
            .find(|one| one.path == route.template())
            .map(Kind::Measurement)
            .or_else(|| Own::of(route.template()).map(Kind::Own))
            .ok_or_else(|| unknown(path))?;
        route.check_query(&Method::GET, query).map_err(|problem| wrong(problem.detail()))?;
        let given = Query::new(query);
        for (name, why) in NOT_SAVED {
            if given.text(name)?.is_some() {
                return Err(wrong(format!("{name}: {why}")));
            }
        }
        let question = Self { path: path.to_owned(), query: query.to_owned(), kind };
        question.check_parameters().map_err(|problem| wrong(problem.detail()))?;
        Ok(question)
    }

    /// Returns the question as it is saved.
    pub(crate) fn text(&self) -> String {
        let joint = if self.query.is_empty() { "" } else { "?" };
        format!("{}{joint}{}", self.path, self.query)
    }

    fn check_parameters(&self) -> Result<(), Problem> {
        match &self.kind {
            Kind::Measurement(one) => {
                let cursors = CursorKey::of_store(0);
                (one.check)(&context(
                    &self.path,
                    &self.query,
                    AccountId(0),
                    &cursors,
                    &PublicUrl::default(),
                    &HeaderMap::new(),
                ))
            }
            Kind::Own(own) => own.check(&self.path, &self.query),
        }
    }

    /// Returns the query with the number of rows and the format of a feed.
    fn query_of(&self, most: Option<u32>, form: Form) -> Result<String, Problem> {
        let given = Query::new(&self.query);
        let mut pairs = given.without(&[]);
        // `points` is another name of `limit`.
        let has_limit = given.text("limit")?.is_some() || given.text("points")?.is_some();
        if let Some(most) = most.filter(|_| !has_limit) {
            pairs.push(("limit".to_owned(), most.min(ROWS_MAX).to_string()));
        }
        pairs.push(("format".to_owned(), form.of_rows().name().to_owned()));
        Ok(form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish())
    }
}

/// Answers the question of a feed in a format.
pub(super) async fn render(app: &App, feed: &Feed, form: Form) -> Rendered {
    // Checked again: what a question may ask differs between versions.
    let question = FeedQuestion::check(&feed.question, &app.routes)?;
    let content = match &question.kind {
        Kind::Measurement(one) => {
            let query = question.query_of(one.most, form)?;
            let (headers, url) = (HeaderMap::new(), &app.options.public_url);
            let context = context(&question.path, &query, feed.account_id, &app.cursors, url, &headers);
            (one.answer)(app, &context, form == Form::Sheets)?.await?
        }
        Kind::Own(own) => {
            own::answer(app, feed.account_id, (*own, &question.path, &question.query), form).await?
        }
    };
    let (kind, body) = content.into_feed();
    if form == Form::Rss { rss::render(app, feed, &body) } else { Ok((kind, body)) }
}

fn context<'a>(
    path: &'a str,
    query: &'a str,
    account_id: AccountId,
    cursors: &'a CursorKey,
    public_url: &'a PublicUrl,
    headers: &'a HeaderMap,
) -> RequestContext<'a> {
    RequestContext {
        query: Query::new(query),
        path,
        headers,
        account_id,
        key_id: KeyId::new(0),
        request_id: RequestId::from_bytes([0; 16]),
        cursors,
        public_url,
    }
}

fn wrong(why: impl std::fmt::Display) -> Problem {
    Problem::parameter("question", format!("question: {why}"))
}

fn unknown(path: &str) -> Problem {
    let paths: Vec<&str> = MEASUREMENTS.iter().map(|one| one.path).chain(Own::PATHS).collect();
    wrong(format!("a feed cannot save {}; it saves one of {}", shown(path), paths.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::super::feed_question;

    #[test]
    fn a_question_is_saved_as_it_was_typed() {
        for text in [
            "/v1/hashtags/cat/history?step=day",
            "/v1/hashtags/%23Katze/videos?sort=plays&limit=100",
            "/v1/hashtags?query=cat",
            "/v1/hashtags/cat",
            "/v1/hashtags/cat/benchmark",
            "/v1/hashtags/cat/related",
            "/v1/hashtags/cat/creators",
            "/v1/trending?window=7d",
            "/v1/compare?tags=cat,dog&as_of=2026-01-01",
            "/v1/trackers/trk_01kb3x8m7q0000000000000000/series?from=30d",
            "/v1/alerts/alr_01kb3x8m7q0000000000000000/events",
            "/v1/campaigns/summer",
        ] {
            assert_eq!(feed_question(text).as_deref(), Ok(text), "{text}");
        }
        assert_eq!(feed_question(" /v1/trending/ ").as_deref(), Ok("/v1/trending"));
    }

    #[test]
    fn what_a_feed_cannot_save_is_named() {
        for (text, part) in [
            ("cat", "such as /v1/hashtags/cat/history?step=day"),
            ("/v1/hashtags/a b", "percent-encoded"),
            ("https://example.com/v1/trending", "give path and query"),
            ("/v1/balance", "cannot save \"/v1/balance\"; it saves one of /v1/hashtags, "),
            ("/v1/nothing", "it saves one of"),
            ("/v1/export?what=videos", "it saves one of"),
            ("/v1/hashtags/cat/history?setp=day", "did you mean step?"),
            ("/v1/hashtags/cat/history?step=month", "give one of raw, hour, day, week"),
            ("/v1/hashtags/cat/history?fresh=true", "fresh: a feed answers from stored data alone"),
            ("/v1/hashtags/cat/history?format=csv", "format: the ending of the link"),
            ("/v1/hashtags/cat/history?cursor=x", "cursor: a feed is one page"),
            ("/v1/hashtags", "query is missing"),
            ("/v1/compare?tags=cat", "tags"),
            ("/v1/trackers/x/series", "no such tracker"),
            ("/v1/alerts/x/events", "no such alert"),
            ("/v1/campaigns/a%20b", "no such campaign"),
            (&format!("/v1/trending?sort={}", "x".repeat(2_000)), "of at most 2000"),
        ] {
            let why = feed_question(text).expect_err(text);
            assert!(why.starts_with("question: ") && why.contains(part), "{text}: {why}");
        }
    }
}
