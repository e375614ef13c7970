//! `/v1/alerts/{id}`: one alert.

use super::{
    AlertAnswer, CreatedAlertAnswer, CreatedAlertView, ORDER_BYTES_MAX, on_series, problem, secrets,
};
use crate::app::App;
use crate::gate::reply::Content;
use crate::gate::{AuthenticatedRequest, serve_free};
use crate::openapi::{AlertErrors, ChangeAlertErrors};
use crate::problem::Problem;
use crate::v1::{json_body, json_reply};
use alerting::account::AccountRule;
use alerting::order::AlertPatch;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::alerts::{Frequency, Watched};
use domain::metrics::TrendWindow;
use domain::{KeyScope, Moment};
use http::Response;
use measure::parameters::{TagText, TimeText, TrendWindowName, WatchedName, by};
use measure::{AlertPreviewQuery, Threshold, Wait};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// A change of an alert. Fields that are left out stay as they are. The fields of the rule belong together: with any of
/// them a new rule begins, from the readings of now.
#[derive(Deserialize, ToSchema)]
#[schema(as = AlertChange)]
#[serde(deny_unknown_fields)]
pub(crate) struct AlertChangeAsked {
    /// New name.
    #[schema(max_length = 100)]
    name: Option<String>,
    /// Replaces the hashtags.
    #[schema(min_items = 1, max_items = 1_000)]
    hashtags: Option<Vec<String>>,
    /// Number to watch: views gained a day (`velocity`), in percent of the views (`growth`), as a deviation from the usual
    /// (`breakout`), the percent of views that falls took (`fell`), the pace in percent a day by which emerging hashtags are
    /// ranked (`emerging`), or the lead over another hashtag in reported views (`overtakes_views`) or in views gained a day
    /// (`overtakes_gain`).
    #[schema(inline, value_type = Option<WatchedName>, example = "growth")]
    rule: Option<Watched>,
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
    #[schema(inline, value_type = Option<TrendWindowName>, example = "7d")]
    window: Option<TrendWindow>,
    /// Replaces the rule of an alert on the account.
    #[schema(example = json!(null))]
    account: Option<AccountRule>,
    /// Replaces the destinations.
    #[schema(max_items = 20)]
    to: Option<Vec<String>>,
    /// True pauses it, false resumes it. What came while it was paused is evaluated when it is resumed.
    paused: Option<bool>,
    /// Sends no messages until then, at most for a year. Episodes are recorded all the same.
    #[serde(default, deserialize_with = "by::text")]
    #[schema(inline, value_type = Option<TimeText>)]
    muted_until: Option<Moment>,
    /// Sends messages again.
    #[serde(default)]
    #[schema(value_type = Option<bool>, default = false)]
    unmute: bool,
}

impl AlertChangeAsked {
    /// Returns the preview of the new rule, if one is given; its hashtag is not read.
    fn query(&self) -> Option<AlertPreviewQuery> {
        let has_rule =
            self.rule.is_some() || self.window.is_some() || self.above.is_some() || self.about.is_some();
        let has_more = self.pending_for.is_some()
            || self.recovers_at.is_some()
            || self.keep_firing.is_some()
            || self.cooldown.is_some()
            || self.versus.is_some();
        (has_rule || has_more).then(|| AlertPreviewQuery {
            hashtag: String::new(),
            rule: self.rule.unwrap_or_default(),
            versus: self.versus.clone(),
            above: self.above,
            about: self.about,
            pending_for: self.pending_for,
            recovers_at: self.recovers_at,
            keep_firing: self.keep_firing,
            cooldown: self.cooldown,
            window: self.window.unwrap_or_default(),
            digest: None,
            as_of: None,
        })
    }
}

/// Get an alert
///
/// Returns an alert with the state of each hashtag: the last number, the threshold, since when it fires. Free.
#[utoipa::path(
    get,
    path = "/v1/alerts/{id}",
    operation_id = "get_alert",
    tag = "alerts",
    params(("id" = String, Path, description = "Alert id")),
    responses((status = 200, description = "The alert", body = AlertAnswer), AlertErrors),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Read, async |request: AuthenticatedRequest, _| {
        let id = request.alert_id()?;
        let shown = request.app.alerting.show(request.caller.key.account_id, id).await;
        json_reply::ok(&shown.map_err(problem)?)
    })
    .await
}

/// Change an alert
///
/// Changes the fields that are given. Another rule or other hashtags begin from the readings of now. Free.
#[utoipa::path(
    patch,
    path = "/v1/alerts/{id}",
    operation_id = "change_alert",
    tag = "alerts",
    params(("id" = String, Path, description = "Alert id")),
    request_body = AlertChangeAsked,
    responses((status = 200, description = "The alert as it is now", body = CreatedAlertAnswer), ChangeAlertErrors),
)]
pub(crate) async fn change(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, apply).await
}

async fn apply(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    let id = request.alert_id()?;
    let asked: AlertChangeAsked = json_body::read_up_to(&request, body, ORDER_BYTES_MAX).await?;
    if asked.unmute && asked.muted_until.is_some() {
        let detail = "unmute: muted_until mutes the alert; give one of the two";
        return Err(Problem::parameter("unmute", detail));
    }
    let rule = asked.query();
    let until = asked.muted_until.map(|until| until.begin(request.app.clock.now()));
    let patch = AlertPatch {
        name: asked.name,
        hashtags: asked.hashtags,
        rule,
        account: asked.account,
        to: asked.to,
        is_paused: asked.paused,
        muted_until: if asked.unmute { Some(None) } else { until.map(Some) },
    };
    let account_id = request.caller.key.account_id;
    let changed = on_series(&request.app, async move |alerting| {
        let changed = alerting.change(account_id, id, patch).await?;
        let alert = alerting.show(account_id, id).await?;
        Ok(CreatedAlertView { alert, secrets: secrets(changed) })
    });
    json_reply::ok(&changed.await?)
}

/// Delete an alert
///
/// Deletes an alert. Its events and the log of their deliveries stay. Free.
#[utoipa::path(
    delete,
    path = "/v1/alerts/{id}",
    operation_id = "delete_alert",
    tag = "alerts",
    params(("id" = String, Path, description = "Alert id")),
    responses((status = 200, description = "The alert as it was", body = AlertAnswer), AlertErrors),
)]
pub(crate) async fn delete(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, KeyScope::Call, async |request: AuthenticatedRequest, _| {
        let (id, account_id) = (request.alert_id()?, request.caller.key.account_id);
        let last = request.app.alerting.show(account_id, id).await.map_err(problem)?;
        request.app.alerting.delete(account_id, id).await.map_err(problem)?;
        json_reply::ok(&last)
    })
    .await
}
