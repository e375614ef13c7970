//! Feeds of what an account has of its own: series of its trackers, events of its alerts, its campaigns.

use super::question::ROWS_MAX;
use crate::apart::apart;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::extract::parameters;
use crate::feeds::Form;
use crate::gate::reply::{Content, JSON};
use crate::problem::Problem;
use crate::v1::measured::problem as measure_problem;
use crate::v1::trackers::series::{self, SeriesView};
use crate::v1::{alerts, campaigns, trackers};
use alerting::AlertingError;
use alerting::view::EventView;
use domain::campaign::CampaignRef;
use domain::{AccountId, AlertId, TagKey, TrackerId};
use measure::{AsOfQuery, CampaignError, MadeOf, campaign_report};
use serde::Serialize;
use serde_json::json;
use tables::{Column, Kind, Options, Table, TableError, Value};
use tracking::TrackingError;
use tracking::series::ReadingView;

/// Place of the id among the segments of a path.
const ID_SEGMENT: usize = 3;

/// A question about what an account has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Own {
    Series,
    Events,
    Campaign,
}

impl Own {
    /// Their paths.
    pub(super) const PATHS: [&'static str; 3] =
        ["/v1/trackers/{id}/series", "/v1/alerts/{id}/events", "/v1/campaigns/{id}"];

    /// Returns the question of a path as documented.
    pub(super) fn of(path: &str) -> Option<Self> {
        let place = Self::PATHS.iter().position(|one| *one == path)?;
        [Self::Series, Self::Events, Self::Campaign].get(place).copied()
    }

    /// Refuses a malformed id and wrong parameters.
    pub(super) fn check(self, path: &str, query: &str) -> Result<(), Problem> {
        let id = id_of(path);
        match self {
            Self::Series => {
                tracker(id)?;
                series::check(query)
            }
            Self::Events => alert(id).map(drop),
            Self::Campaign => {
                parameters::<AsOfQuery>(query)?;
                campaign(id).map(drop)
            }
        }
    }
}

fn id_of(path: &str) -> &str {
    path.split('/').nth(ID_SEGMENT).unwrap_or("")
}

fn tracker(id: &str) -> Result<TrackerId, Problem> {
    id.parse().map_err(|_| trackers::problem(TrackingError::NotFound))
}

fn alert(id: &str) -> Result<AlertId, Problem> {
    id.parse().map_err(|_| alerts::problem(AlertingError::NotFound))
}

fn campaign(id: &str) -> Result<CampaignRef, Problem> {
    id.parse().map_err(|_| campaigns::problem(CampaignError::NotFound))
}

/// Answers a question about what an account has.
pub(super) async fn answer(
    app: &App,
    account_id: AccountId,
    (own, path, query): (Own, &str, &str),
    form: Form,
) -> Result<Content, Problem> {
    let id = id_of(path);
    match own {
        Own::Series => {
            let all = all_series(app, account_id, tracker(id)?, query).await?;
            rows(&json!({"series": &all}), form, || series_tables(&all))
        }
        Own::Events => {
            let found = app.alerting.events_of(account_id, Some(alert(id)?), None).await;
            let events = found.map_err(alerts::problem)?.events;
            rows(&json!({"events": &events}), form, || Ok((events_table(&events)?, Vec::new())))
        }
        Own::Campaign => measured_campaign(app, account_id, (campaign(id)?, query), form).await,
    }
}

/// Returns the series of one hashtag of a tracker, or of all.
async fn all_series(
    app: &App,
    account_id: AccountId,
    id: TrackerId,
    query: &str,
) -> Result<Vec<SeriesView>, Problem> {
    let mut names = vec![series::hashtag(query)?];
    if names == [None] {
        names = hashtags(app, account_id, id).await?.into_iter().map(Some).collect();
    }
    let (mut all, mut left) = (Vec::new(), ROWS_MAX as usize);
    for name in names {
        let view = series::whole(app, (account_id, id), (name, query), left).await?;
        left = left.saturating_sub(view.readings.len());
        all.push(view);
        if left == 0 {
            break;
        }
    }
    Ok(all)
}

async fn hashtags(app: &App, account_id: AccountId, id: TrackerId) -> Result<Vec<String>, Problem> {
    let (mut names, mut after) = (Vec::new(), None);
    loop {
        let page = app.tracking.hashtags(account_id, id, after.as_ref()).await;
        let (tracked, next) = page.map_err(trackers::problem)?;
        names.extend(tracked.into_iter().map(|one| one.hashtag));
        let Some(next) = next else { return Ok(names) };
        after = Some((&TagKey::new(&next).map_err(Problem::internal)?).into());
    }
}

type Tables<'a> = (Table<'a>, Vec<(&'static str, Table<'a>)>);

/// Returns data as JSON, or its tables as a file.
fn rows<'a>(
    data: &impl Serialize,
    form: Form,
    tables: impl FnOnce() -> Result<Tables<'a>, TableError>,
) -> Result<Content, Problem> {
    let format = form.of_rows();
    if matches!(form, Form::Json | Form::Rss) {
        let body = serde_json::to_vec(&json!({"data": data})).map_err(Problem::internal)?;
        return Ok(Content::new(JSON, body));
    }
    let (table, others) = tables().map_err(Problem::internal)?;
    let written = table.write_with(&others, Vec::new(), format, &[], &Options::default());
    Ok(Content::new(format.content_type(), written.map_err(Problem::internal)?))
}

const READINGS: [Column; 8] = [
    Column::new("hashtag", Kind::Text),
    Column::new("at", Kind::Time),
    Column::new("views", Kind::Integer),
    Column::new("views_step", Kind::Integer),
    Column::new("creators", Kind::Integer),
    Column::new("videos", Kind::Integer),
    Column::new("source", Kind::Text),
    Column::new("late", Kind::Flag),
];
const GAPS: [Column; 5] = [
    Column::new("hashtag", Kind::Text),
    Column::new("from", Kind::Time),
    Column::new("until", Kind::Time),
    Column::new("hours", Kind::Real),
    Column::new("reason", Kind::Text),
];
const EVENTS: [Column; 8] = [
    Column::new("at", Kind::Time),
    Column::new("type", Kind::Text),
    Column::new("title", Kind::Text),
    Column::new("sentence", Kind::Text),
    Column::new("number", Kind::Text),
    Column::new("basis", Kind::Text),
    Column::new("alert", Kind::Text),
    Column::new("event", Kind::Text),
];

fn series_tables(all: &[SeriesView]) -> Result<Tables<'_>, TableError> {
    let (mut readings, mut gaps) = (Table::new(&READINGS)?, Table::new(&GAPS)?);
    let count = |count: Option<u64>| count.map_or(Value::Absent, Value::count);
    for one in all {
        let name = || Value::text(one.hashtag.as_str());
        for ReadingView { at, views, views_step, creators, videos, source, late } in &one.readings {
            let counts = [*views, *views_step, *creators, *videos].map(count);
            let mut row = vec![name(), Value::Time(*at)];
            row.extend(counts);
            row.extend([Value::text(*source), Value::Flag(*late)]);
            readings.push(row)?;
        }
        for gap in &one.gaps {
            let span = [Value::Time(gap.from), Value::Time(gap.until)];
            let mut row = vec![name()];
            row.extend(span);
            row.extend([Value::Real(gap.hours), Value::text(gap.reason)]);
            gaps.push(row)?;
        }
    }
    Ok((readings, vec![("gaps", gaps)]))
}

fn events_table(events: &[EventView]) -> Result<Table<'_>, TableError> {
    let mut table = Table::new(&EVENTS)?;
    for event in events {
        let fact = |name: &str| event.data.get(name).and_then(serde_json::Value::as_str);
        let mut row = vec![Value::Time(event.at), Value::text(event.event_type.as_str())];
        let facts = ["title", "sentence", "number", "basis"].map(fact);
        row.extend(
            facts
                .into_iter()
                .chain([event.alert.as_deref()])
                .map(|one| one.map_or(Value::Absent, Value::text)),
        );
        row.push(Value::text(event.id.as_str()));
        table.push(row)?;
    }
    Ok(table)
}

async fn measured_campaign(
    app: &App,
    account_id: AccountId,
    (which, query): (CampaignRef, &str),
    form: Form,
) -> Result<Content, Problem> {
    let is_workbook = match form {
        Form::Json => false,
        Form::Xlsx => true,
        Form::Csv | Form::Sheets | Form::Rss => {
            let detail = "a campaign is a feed of .xlsx or .json: it has no rows of one kind, and no events";
            return Err(Problem::new(ErrorCode::NotAcceptable, detail));
        }
    };
    let measure = app.measure.at(parameters(query)?, MadeOf::Videos).await.map_err(measure_problem)?;
    apart(app, async move {
        let campaign = measure.find_campaign(account_id, &which).await.map_err(campaigns::problem)?;
        let view = measure.campaign(&campaign).await.map_err(|error| campaigns::problem(error.into()))?;
        if is_workbook {
            let report = campaign_report(&view, None);
            let format = reports::Format::Xlsx;
            let bytes = reports::write(&report, format).map_err(Problem::internal)?;
            return Ok(Content::new(format.media_type(), bytes));
        }
        let body = serde_json::to_vec(&json!({"data": view})).map_err(Problem::internal)?;
        Ok(Content::new(JSON, body))
    })
    .await
}
