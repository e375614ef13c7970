//! `GET /v1/campaigns/{id}/report`: a measured campaign as a document, workbook, pictures, page, or as their content.

use super::problem;
use crate::apart::apart;
use crate::app::App;
use crate::gate::reply::{Content, JSON};
use crate::gate::{AuthenticatedRequest, serve_free_file};
use crate::openapi::{Binary, CampaignErrors};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use domain::KeyScope;
use http::{HeaderValue, Response};
use measure::parameters::NameOf;
use measure::{AsOfQuery, MadeOf, campaign_report};
use reports::Format;
use serde::Deserialize;
use std::sync::Arc;
use strum::{IntoStaticStr, VariantArray};
use utoipa::IntoParams;

/// Media types of the formats.
const MEDIA_TYPES: [&str; 5] = [
    Format::Pdf.media_type(),
    Format::Html.media_type(),
    Format::Xlsx.media_type(),
    Format::Zip.media_type(),
    JSON,
];

/// Most characters of a heading.
const TITLE_LENGTH_MAX: usize = 200;

type FormatName = NameOf<ReportFormat>;

/// Formats of a report.
#[derive(Debug, Clone, Copy, Default, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
enum ReportFormat {
    #[default]
    Pdf,
    Html,
    Xlsx,
    Zip,
    Json,
}

impl ReportFormat {
    /// Returns the format of a file; `None` for its content as JSON.
    const fn of_file(self) -> Option<Format> {
        match self {
            Self::Pdf => Some(Format::Pdf),
            Self::Html => Some(Format::Html),
            Self::Xlsx => Some(Format::Xlsx),
            Self::Zip => Some(Format::Zip),
            Self::Json => None,
        }
    }
}

/// Query parameters of a report.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct ReportQuery {
    /// Format: `pdf`, `html`, `xlsx` with native charts, `zip` of the charts as PNG, or `json`, the content of the others.
    #[param(inline, value_type = FormatName, required = false)]
    format: ReportFormat,
    /// Heading of the report. Without it, the campaign's name.
    #[param(max_length = 200)]
    title: Option<String>,
}

/// Report of a campaign
///
/// Returns the measured campaign as a file to send: sentences, key figures, charts and tables, each with the footnotes that
/// say how its numbers are known, and the method. Free.
#[utoipa::path(
    get,
    path = "/v1/campaigns/{id}/report",
    operation_id = "campaign_report",
    tag = "campaigns",
    params(("id" = String, Path, description = "Campaign id or name"), ReportQuery, AsOfQuery),
    responses(
        (status = 200, description = "The report", content(
            (inline(Binary) = "application/pdf"),
            (inline(Binary) = "text/html"),
            (inline(Binary) = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (inline(Binary) = "application/zip"),
            (inline(Object) = "application/json"),
        )),
        CampaignErrors,
    ),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free_file(app, request, KeyScope::Read, &MEDIA_TYPES, report).await
}

async fn report(request: AuthenticatedRequest, _: Body) -> Result<Content, Problem> {
    let ReportQuery { format, title } = request.query()?;
    if title.as_ref().is_some_and(|title| title.chars().count() > TITLE_LENGTH_MAX) {
        let why = format!("title: give at most {TITLE_LENGTH_MAX} characters");
        return Err(Problem::parameter("title", why));
    }
    let (which, account_id) = (request.campaign()?, request.caller.key.account_id);
    let measure = request.app.measure.at(request.query()?, MadeOf::Videos).await;
    let measure = measure.map_err(crate::v1::measured::problem)?;
    apart(&request.app, async move {
        let campaign = measure.find_campaign(account_id, &which).await.map_err(problem)?;
        let view = measure.campaign(&campaign).await.map_err(|error| problem(error.into()))?;
        let report = campaign_report(&view, title);
        let Some(format) = format.of_file() else {
            let body = serde_json::to_vec(&report).map_err(Problem::internal)?;
            return Ok(Content::new(JSON, body).free_and_uncached());
        };
        // A campaign's limits are below those of a report.
        let bytes = reports::write(&report, format).map_err(Problem::internal)?;
        let mut content = Content::new(format.media_type(), bytes).free_and_uncached();
        if format.is_binary() {
            let name = format!("attachment; filename=\"{}.{format}\"", campaign.settings.name.as_str());
            content.disposition = HeaderValue::try_from(name).ok();
        }
        Ok(content)
    })
    .await
}
