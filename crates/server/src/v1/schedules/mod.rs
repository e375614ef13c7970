//! `/v1/schedules`: reports of campaigns and hashtags by mail, every week or month.

pub(crate) mod run;

pub(crate) mod show;

use super::json_reply::answer;
use super::measured::Pagination;
use super::shares::{self, BrandAsked};
use super::{json_body, json_reply};
use crate::apart::apart;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::quote::key_of_other_request;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, idempotency_key, serve_free};
use crate::openapi::{CreateScheduleErrors, FreeErrors};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use charts::report::LOGO_BYTES_MAX;
use domain::Zone;
use domain::rhythm::{Days, Rhythm, WeekDay};
use domain::{KeyScope, ScheduleId};
use http::{Response, StatusCode};
use measure::parameters::{Whole, by};
use measure::{CampaignError, ReportSpan};
use reports::Format;
use scheduling::{
    ATTACHMENTS, DAYS_DEFAULT, HOUR_DEFAULT, ScheduleDetailView, ScheduleError, ScheduleOrder,
    SchedulePlanView, ScheduleView,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sharing::{ShareError, Subject};
use std::sync::Arc;
use store::idempotency::Fingerprint;
use utoipa::{IntoParams, ToSchema};

const PATH: &str = "/v1/schedules";
/// Place of the id among the segments of a path.
const ID_SEGMENT: usize = 3;
/// Most bytes of an order: a logo as base64, and the rest.
const ORDER_BYTES_MAX: usize = LOGO_BYTES_MAX * 4 / 3 + 64 * 1024;

/// Days of a link.
type LinkDays = Whole<1, { scheduling::DAYS_MAX as u64 }>;

/// The order for a schedule.
#[derive(Deserialize, Serialize, ToSchema)]
#[schema(as = NewSchedule)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleAsked {
    /// Name or id of the campaign; or `hashtags`.
    #[schema(example = "summer")]
    campaign: Option<String>,
    /// Hashtags in place of a campaign, 1 to 10: names, with or without `#`, or ids. Each report is of its period.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 10, example = json!([]))]
    hashtags: Vec<String>,
    /// Day of the week on which reports are sent; or `monthly`.
    #[schema(value_type = Option<String>, example = "monday", pattern = "^(monday|tuesday|wednesday|thursday|friday|saturday|sunday)$")]
    weekly: Option<WeekDay>,
    /// Day of the month on which reports are sent. A shorter month has its report on the last day.
    #[serde(skip_serializing)]
    #[schema(value_type = Option<u8>, minimum = 1, maximum = 31, example = json!(null))]
    monthly: Option<Whole<1, 31>>,
    /// Hour of the local day.
    #[serde(skip_serializing)]
    #[schema(value_type = Option<u8>, minimum = 0, maximum = 23, default = 8, example = 8)]
    hour: Option<Whole<0, 23>>,
    /// Time zone of days and hour, of the IANA database.
    #[serde(default)]
    #[schema(value_type = Option<String>, default = "UTC", example = "Europe/Berlin", max_length = 100)]
    tz: Zone,
    /// Addresses of recipients, 1 to 20.
    #[schema(min_items = 1, max_items = 20, example = json!(["client@example.com"]))]
    to: Vec<String>,
    /// Formats of attachments: `pdf`, `xlsx`, `zip`, `html`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 4, example = json!(["pdf", "xlsx"]))]
    attach: Vec<String>,
    /// Days until the link of a report expires.
    #[serde(skip_serializing)]
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 365, default = 90, example = 90)]
    days: Option<LinkDays>,
    /// Heading of the reports. Without it, that of the campaign, or the names of the hashtags.
    #[schema(max_length = 200)]
    title: Option<String>,
    /// Look of the reports.
    #[serde(default)]
    #[schema(value_type = Option<BrandAsked>)]
    brand: BrandAsked,
    /// True to return what it would do, and to create nothing.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false, example = false)]
    dry_run: bool,
}

/// Query parameters of the list.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct SchedulesQuery {
    /// `pagination.next_cursor` of the previous page.
    #[serde(deserialize_with = "by::text")]
    #[param(value_type = Option<String>, pattern = "^(sch_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    cursor: Option<ScheduleId>,
}

answer! {
    /// One schedule.
    ScheduleAnswer: ScheduleView
}
answer! {
    /// One schedule with its last reports.
    ScheduleDetailAnswer: ScheduleDetailView
}
answer! {
    /// Effect of an order.
    SchedulePlanAnswer: SchedulePlanView
}
answer! {
    /// Schedules, newest first.
    with pages ScheduleList: Vec<ScheduleView>
}

/// Converts an error of schedules.
fn problem(error: ScheduleError) -> Problem {
    let detail = error.to_string();
    match error {
        ScheduleError::Report(error) => shares::problem(error),
        ScheduleError::Store(error) => error.into(),
        ScheduleError::Field { field, .. } => Problem::parameter(field, detail),
        ScheduleError::Recipient(_) | ScheduleError::NoMail => Problem::parameter("to", detail),
        ScheduleError::NotFound => Problem::new(ErrorCode::ScheduleNotFound, detail),
        ScheduleError::TooMany => Problem::new(ErrorCode::LimitReached, detail),
        ScheduleError::KeyOfOtherRequest => key_of_other_request(),
        ScheduleError::Busy | ScheduleError::NoChance => Problem::unavailable(detail),
        error @ ScheduleError::Stored { .. } => Problem::internal(error),
    }
}

/// Returns the day of the week or the month; `None` without either.
fn rhythm_days(weekly: Option<WeekDay>, monthly: Option<Whole<1, 31>>) -> Result<Option<Days>, Problem> {
    let day = |day: Whole<1, 31>| Days::Monthly(u8::try_from(day.get()).unwrap_or(1));
    match (weekly, monthly) {
        (Some(_), Some(_)) => {
            Err(Problem::parameter("monthly", "monthly: weekly is given, too; give one of the two"))
        }
        (weekly, monthly) => Ok(weekly.map(Days::Weekly).or(monthly.map(day))),
    }
}

fn hour(asked: Whole<0, 23>) -> u8 {
    u8::try_from(asked.get()).unwrap_or(HOUR_DEFAULT)
}

fn link_days(asked: LinkDays) -> u16 {
    u16::try_from(asked.get()).unwrap_or(DAYS_DEFAULT)
}

fn formats(names: &[String]) -> Result<Vec<Format>, Problem> {
    let known = |name: &String| {
        let unknown = || {
            let known: Vec<&str> = ATTACHMENTS.iter().map(|format| format.name()).collect();
            Problem::parameter("attach", format!("attach: {name:?} is no format; give {}", known.join(", ")))
        };
        name.parse().map_err(|_| unknown())
    };
    names.iter().map(known).collect()
}

impl ScheduleAsked {
    fn order(self) -> Result<ScheduleOrder, Problem> {
        let subject = match self.campaign {
            Some(_) if !self.hashtags.is_empty() => {
                let why = "hashtags: a campaign has its own; give one of the two";
                return Err(Problem::parameter("hashtags", why));
            }
            Some(name) => {
                // A malformed name is as unknown as any other.
                let unknown = |_| shares::problem(ShareError::Campaign(CampaignError::NotFound));
                Subject::Campaign(name.parse().map_err(unknown)?)
            }
            None if self.hashtags.is_empty() => {
                return Err(Problem::parameter("campaign", "campaign: give a campaign or hashtags"));
            }
            None => Subject::Hashtags { names: self.hashtags, span: ReportSpan::default() },
        };
        let days = rhythm_days(self.weekly, self.monthly)?;
        let none = || Problem::parameter("weekly", "weekly: give a day of the week, or monthly and a day");
        Ok(ScheduleOrder {
            subject,
            rhythm: Rhythm {
                days: days.ok_or_else(none)?,
                hour: self.hour.map_or(HOUR_DEFAULT, hour),
                tz: self.tz,
            },
            to: self.to,
            attach: formats(&self.attach)?,
            days: self.days.map_or(DAYS_DEFAULT, link_days),
            title: self.title,
            brand: self.brand.brand()?,
        })
    }

    /// Returns text that is the same for the same order, with a digest for its logo.
    fn identity(&self) -> Result<String, Problem> {
        let order = serde_json::to_vec(self).map_err(Problem::internal)?;
        let digest = base16ct::lower::encode_string(&Sha256::digest(order));
        let (monthly, hour) = (self.monthly.map(Whole::get), self.hour.map(hour));
        Ok(format!("POST {PATH} {digest} {monthly:?} {hour:?} {:?}", self.days.map(link_days)))
    }
}

impl AuthenticatedRequest {
    /// Returns the id of the schedule that the path names.
    fn schedule_id(&self) -> Result<ScheduleId, Problem> {
        let id = self.parts.uri.path().split('/').nth(ID_SEGMENT).unwrap_or("");
        // A malformed id is as unknown as any other.
        id.parse().map_err(|_| problem(ScheduleError::NotFound))
    }
}

/// Create a schedule
///
/// Sends the report of a campaign or of hashtags by mail, every week or month at a local hour, with key sentences, charts, the
/// files that are chosen and a link. Each recipient may unsubscribe. The schedule of a campaign ends with its last report.
/// `dry_run` returns the next moments and creates nothing. Free.
#[utoipa::path(
    post,
    path = "/v1/schedules",
    operation_id = "create_schedule",
    tag = "schedules",
    request_body = ScheduleAsked,
    responses(
        (status = 200, description = "What it would do (`dry_run`)", body = SchedulePlanAnswer),
        (status = 201, description = "The schedule; `Location` is its path", body = ScheduleAnswer),
        CreateScheduleErrors,
    ),
)]
pub(crate) async fn create(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, make).await
}

async fn make(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let asked: ScheduleAsked = json_body::read_up_to(&request, body, ORDER_BYTES_MAX).await?;
    let (app, account_id, dry_run) = (&request.app, request.caller.key.account_id, asked.dry_run);
    let fingerprint = Fingerprint::of(asked.identity()?.as_bytes());
    let idempotency = idempotency_key(&request.parts.headers)?.map(|key| (key, fingerprint));
    let (scheduling, order) = (app.scheduling.clone(), asked.order()?);
    if dry_run {
        let plan = apart(app, async move { scheduling.plan(account_id, order).await.map_err(problem) });
        return json_reply::ok(&plan.await?);
    }
    let made =
        apart(app, async move { scheduling.create(account_id, order, idempotency).await.map_err(problem) });
    let view = made.await?;
    let path = format!("{PATH}/{}", view.id);
    json_reply::created(StatusCode::CREATED, &view, &request.call.public_url, &path)
}

/// List schedules
///
/// Returns the account's schedules, newest first, 20 per page, each with its last report. Free.
#[utoipa::path(
    get,
    path = "/v1/schedules",
    operation_id = "list_schedules",
    tag = "schedules",
    params(SchedulesQuery),
    responses((status = 200, description = "The schedules", body = ScheduleList), FreeErrors),
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let SchedulesQuery { cursor } = request.query()?;
        let account_id = request.caller.key.account_id;
        let page = request.app.scheduling.list(account_id, cursor).await.map_err(problem)?;
        json_reply::page(&page.schedules, Pagination::new(page.next.map(|id| id.to_string())))
    })
    .await
}
