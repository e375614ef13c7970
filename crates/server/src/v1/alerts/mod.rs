//! `/v1/alerts`: rules on the number of a hashtag, on its stored readings.

use super::json_reply::answer;
use super::measured::{Pagination, not_a_hashtag, problem as measure_problem};
use super::{json_body, json_reply};
use crate::apart::apart;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::quote::key_of_other_request;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, idempotency_key, serve_free};
use crate::openapi::{CreateAlertErrors, FreeErrors};
use crate::problem::Problem;
use alerting::account::AccountRule;
use alerting::order::{AlertOrder, CreatedAlert, Watches};
use alerting::view::{AlertView, SecretView};
use alerting::{Alerting, AlertingError};
use axum::body::Body;
use axum::extract::{Request, State};
use catalog::CatalogError;
use domain::alerts::{Frequency, Watched};
use domain::metrics::TrendWindow;
use domain::{AlertId, Hashtag, KeyScope};
use http::{Response, StatusCode};
use measure::parameters::{TagText, TrendWindowName, WatchedName, by};
use measure::{AlertPreviewQuery, Measure, MeasureError, Threshold, Wait};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::idempotency::Fingerprint;
use utoipa::{IntoParams, ToSchema};

pub(crate) mod events;

pub(crate) mod preview;

pub(crate) mod show;

pub(crate) mod templates;

const PATH: &str = "/v1/alerts";
/// Place of the id among the segments of a path.
const ID_SEGMENT: usize = 3;
/// Most bytes of an order: [`store::alerts::SUBJECTS_MAX`] names of usual length.
const ORDER_BYTES_MAX: usize = 256 * 1024;

/// The order for an alert.
#[derive(Deserialize, ToSchema)]
#[schema(as = NewAlert)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertAsked {
    /// Names of hashtags, with or without `#`, or ids: each has a threshold of its own where `about` is given. Give either
    /// these and a rule, or `account`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, example = json!(["cat"]), min_items = 1, max_items = 1_000)]
    hashtags: Vec<String>,
    /// Name or id of a campaign in place of hashtags: its own hashtags are watched while it runs, and follow its changes.
    #[schema(example = json!(null))]
    campaign: Option<String>,
    /// Rule on the account in place of hashtags: on its credits, the budgets of its trackers, or trackers that fail.
    #[schema(example = json!(null))]
    account: Option<AccountRule>,
    /// Number to watch: views gained a day (`velocity`), in percent of the views (`growth`), as a deviation from the usual
    /// (`breakout`), the percent of views that falls took (`fell`), the pace in percent a day by which emerging hashtags are
    /// ranked (`emerging`), or the lead over another hashtag in reported views (`overtakes_views`) or in views gained a day
    /// (`overtakes_gain`).
    #[serde(default)]
    #[schema(inline, value_type = Option<WatchedName>, default = "growth", example = "growth")]
    rule: Watched,
    /// Hashtag to compare with, by name or id: for `overtakes_views` and `overtakes_gain`, and for no other rule.
    #[schema(inline, value_type = Option<TagText>, example = json!(null))]
    versus: Option<String>,
    /// Threshold in the unit of the rule.
    #[schema(value_type = Option<f64>)]
    above: Option<Threshold>,
    /// Frequency at which it should have fired: the threshold of each hashtag is found.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, example = "1/week", pattern = "^[0-9]{1,3}([.][0-9]+)?/(day|week|month)$")]
    about: Option<Frequency>,
    /// Time that the number must be above the threshold before it fires.
    #[serde(default, rename = "for", deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, example = "3h", pattern = "^([0-9]{1,4}(ms|s|min|h)|[0-9]{1,2}d|[0-9]{1,2}w)$")]
    pending_for: Option<Wait>,
    /// Value at or below which it recovers, at most `above`: by default 90 % of it.
    #[schema(value_type = Option<f64>)]
    recovers_at: Option<Threshold>,
    /// Time that the number must be low before it recovers.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, example = "6h", pattern = "^([0-9]{1,4}(ms|s|min|h)|[0-9]{1,2}d|[0-9]{1,2}w)$")]
    keep_firing: Option<Wait>,
    /// Time after a message in which no other is sent.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(value_type = Option<String>, example = "1d", pattern = "^([0-9]{1,4}(ms|s|min|h)|[0-9]{1,2}d|[0-9]{1,2}w)$")]
    cooldown: Option<Wait>,
    /// Window that the number is computed over.
    #[serde(default)]
    #[schema(inline, value_type = Option<TrendWindowName>, default = "7d", example = "7d")]
    window: TrendWindow,
    /// Targets of messages: ids of destinations, or `slack:URL`, `mattermost:URL`, `discord:URL`, `telegram:CHAT@TOKEN`,
    /// `ntfy:URL`, `gchat:URL`, `teams:URL`, an https URL (a webhook) or an e-mail address. New ones are created.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 20, example = json!(["https://hooks.example.com/tagmeter"]))]
    to: Vec<String>,
    /// Name.
    #[serde(default)]
    #[schema(value_type = Option<String>, max_length = 100, example = "cats")]
    name: String,
}

impl AlertAsked {
    /// Returns what it watches.
    fn watches(&mut self) -> Result<Watches, Problem> {
        if self.campaign.is_some() && (self.account.is_some() || !self.hashtags.is_empty()) {
            let detail = "campaign: give one of hashtags, campaign and account";
            return Err(Problem::parameter("campaign", detail));
        }
        let Some(account) = self.account else {
            if let Some(campaign) = self.campaign.take() {
                return Ok(Watches::Campaign { campaign, rule: self.query() });
            }
            return Ok(Watches::Hashtags {
                hashtags: std::mem::take(&mut self.hashtags),
                rule: self.query(),
            });
        };
        let has_rule = self.above.is_some() || self.about.is_some() || self.recovers_at.is_some();
        let has_times = self.pending_for.is_some() || self.keep_firing.is_some() || self.cooldown.is_some();
        if has_rule || has_times || self.versus.is_some() || !self.hashtags.is_empty() {
            let detail = "account: it stands alone; leave out hashtags and the rule on them";
            return Err(Problem::parameter("account", detail));
        }
        Ok(Watches::Account(account))
    }

    /// Returns the preview of the rule; its hashtag is not read.
    fn query(&self) -> AlertPreviewQuery {
        AlertPreviewQuery {
            hashtag: String::new(),
            rule: self.rule,
            versus: self.versus.clone(),
            above: self.above,
            about: self.about,
            pending_for: self.pending_for,
            recovers_at: self.recovers_at,
            keep_firing: self.keep_firing,
            cooldown: self.cooldown,
            window: self.window,
            digest: None,
            as_of: None,
        }
    }
}

/// Query parameters of the list.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct AlertsQuery {
    /// `pagination.next_cursor` of the previous page.
    #[serde(deserialize_with = "by::text")]
    #[param(value_type = Option<String>, pattern = "^(alr_[0-7][0-9a-hjkmnp-tv-z]{25})?$")]
    cursor: Option<AlertId>,
}

/// An alert, and the secrets of webhooks that were created for it.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedAlertView {
    #[serde(flatten)]
    alert: AlertView,
    /// Signing secrets of the webhooks that were created for it. They are shown once.
    secrets: Vec<SecretView>,
}

answer! {
    /// One alert.
    AlertAnswer: AlertView
}
answer! {
    /// An alert, and the secrets of webhooks that were created for it.
    CreatedAlertAnswer: CreatedAlertView
}
answer! {
    /// Alerts, newest first.
    with pages AlertList: Vec<AlertView>
}

/// Converts an error of alerting.
pub(crate) fn problem(error: AlertingError) -> Problem {
    let detail = error.to_string();
    match error {
        AlertingError::Measure(MeasureError::Catalog(CatalogError::Name(why))) => {
            Problem::parameter("hashtags", format!("hashtags: {why}"))
        }
        AlertingError::Measure(error) => measure_problem(error),
        AlertingError::Field { field, .. } => Problem::parameter(field, detail),
        AlertingError::Destination(_) | AlertingError::NoMail => Problem::parameter("to", detail),
        AlertingError::TooManyHashtags => Problem::parameter("hashtags", detail),
        AlertingError::TooManyAlerts | AlertingError::TooManyDestinations => {
            Problem::new(ErrorCode::LimitReached, detail)
        }
        AlertingError::NotFound => Problem::new(ErrorCode::AlertNotFound, detail),
        AlertingError::NoDestination => Problem::new(ErrorCode::WebhookNotFound, detail),
        AlertingError::KeyOfOtherRequest => key_of_other_request(),
        AlertingError::IdTaken | AlertingError::NoChance => Problem::unavailable(detail),
        error @ AlertingError::Stored { .. } => Problem::internal(error),
    }
}

impl AuthenticatedRequest {
    /// Returns the id of the alert that the path names.
    fn alert_id(&self) -> Result<AlertId, Problem> {
        let id = self.parts.uri.path().split('/').nth(ID_SEGMENT).unwrap_or("");
        // A malformed id is as unknown as any other.
        id.parse().map_err(|_| problem(AlertingError::NotFound))
    }
}

/// Answers a question of alerting within the limit of measurements: alerts are found on whole series.
async fn on_series<T: Send + 'static, F: Future<Output = Result<T, AlertingError>> + Send>(
    app: &App,
    question: impl FnOnce(Alerting) -> F + Send + 'static,
) -> Result<T, Problem> {
    let alerting = app.alerting.clone();
    apart(app, async move { question(alerting).await.map_err(problem) }).await
}

/// Create an alert
///
/// Watches a number of hashtags from now on, and sends a message for each episode in which it is above a threshold. It
/// continues its preview: an episode under way when it is created sends nothing. With `about` the threshold of each hashtag
/// is found on its stored readings; hashtags of a list with too few wait until they have enough. With `campaign` it watches the
/// own hashtags of a campaign while that runs. With `account` it watches credits, budgets or failing trackers, and fires at once
/// where that holds already. Free.
#[utoipa::path(
    post,
    path = "/v1/alerts",
    operation_id = "create_alert",
    tag = "alerts",
    request_body = AlertAsked,
    responses(
        (status = 201, description = "The alert; `Location` is its path", body = CreatedAlertAnswer),
        CreateAlertErrors,
    ),
)]
pub(crate) async fn create(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, make).await
}

async fn make(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let mut asked: AlertAsked = json_body::read_up_to(&request, body, ORDER_BYTES_MAX).await?;
    let watches = asked.watches()?;
    let order = AlertOrder { name: asked.name, watches, to: asked.to };
    let identity = format!("POST {PATH} {order:?}");
    let idempotency = idempotency_key(&request.parts.headers)?;
    let idempotency = idempotency.map(|key| (key, Fingerprint::of(identity.as_bytes())));
    let account_id = request.caller.key.account_id;
    let id = AlertId::new(request.app.clock.now(), u128::from_be_bytes(request.call.id.to_bytes()));
    let created = on_series(&request.app, async move |alerting| {
        let created = alerting.create(account_id, id, &order, idempotency).await?;
        let alert = alerting.show(account_id, created.alert.id).await?;
        Ok(CreatedAlertView { alert, secrets: secrets(created) })
    })
    .await?;
    let path = format!("{PATH}/{}", created.alert.id);
    json_reply::created(StatusCode::CREATED, &created, &request.call.public_url, &path)
}

fn secrets(created: CreatedAlert) -> Vec<SecretView> {
    let secrets = created.secrets.into_iter();
    secrets.map(|(id, secret)| SecretView { destination: id.to_string(), secret }).collect()
}

/// List alerts
///
/// Returns the account's alerts, newest first, 20 per page, each with its first 10 hashtags. Free.
#[utoipa::path(
    get,
    path = "/v1/alerts",
    operation_id = "list_alerts",
    tag = "alerts",
    params(AlertsQuery),
    responses((status = 200, description = "The alerts", body = AlertList), FreeErrors),
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let AlertsQuery { cursor } = request.query()?;
        let page = request.app.alerting.list(request.caller.key.account_id, cursor).await.map_err(problem)?;
        json_reply::page(&page.alerts, Pagination::new(page.next.map(|id| id.to_string())))
    })
    .await
}

/// Answers a question on a hashtag by its stored readings: no upstream is called.
async fn on_stored<T: Send + 'static, F: Future<Output = Result<T, MeasureError>> + Send>(
    app: &App,
    named: String,
    question: impl FnOnce(Measure, Hashtag) -> F + Send + 'static,
) -> Result<T, Problem> {
    let measure = app.measure.clone();
    apart(app, async move {
        let found = measure.catalog().find(&named).await.map_err(|error| match error {
            CatalogError::Name(why) => not_a_hashtag("hashtag", &named, &why),
            error => error.into(),
        })?;
        let hashtag = found.ok_or_else(|| measure_problem(MeasureError::NotFound(named)))?;
        question(measure, hashtag).await.map_err(measure_problem)
    })
    .await
}
