//! `/share/{slug}/{token}`: the report of a share, for whoever has its link.
//!
//! A link that is unknown, expired, revoked or mistyped is answered by one page, after the same look-ups. Nothing of a
//! page is cached, indexed or passed on: the link is the key.

mod page;

mod password;

use crate::apart::apart;
use crate::app::App;
use crate::http::middleware::Call;
use crate::openapi::{Binary, OpenErrors};
use crate::problem::{Problem, Style};
use axum::body::Body;
use axum::extract::{Request, State};
use charts::report::{Report, Shown, html_shown};
use http::{Method, Response};
use measure::parameters::NameOf;
use measure::{CampaignError, MeasureError};
use reports::Format;
use sharing::{OpenShare, ShareError};
use std::sync::Arc;
use strum::VariantArray;
use utoipa::IntoParams;

type FormatName = NameOf<Format>;

/// Place of slug and token among the segments of a path.
const SLUG_SEGMENT: usize = 2;

/// Query parameters of the page of a share.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "describes what format_of reads, which has no error but the page of unknown links"
)]
struct ShareQuery {
    /// Format: the page, or a file to download.
    #[param(inline, value_type = FormatName, required = false)]
    format: Format,
}

/// The report of a share
///
/// Shows the report to whoever has the link, as a page or, with `format`, as a file. A share with a password answers with
/// its form (403). A link that is unknown, expired or revoked is answered like any other that opens nothing.
#[utoipa::path(
    get,
    path = "/share/{slug}/{token}",
    operation_id = "share_page",
    tag = "operations",
    params(
        ("slug" = String, Path, description = "Readable part of the link"),
        ("token" = String, Path, description = "Token of the link"),
        ShareQuery,
    ),
    responses(
        (status = 200, description = "The report", content(
            (inline(String) = "text/html"),
            (inline(Binary) = "application/pdf"),
            (inline(Binary) = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            (inline(Binary) = "application/zip"),
        )),
        (status = 403, description = "It opens with a password: the form for it", content_type = "text/html", body = String),
        (status = 404, description = "The link opens nothing", content_type = "text/html", body = String),
        OpenErrors,
    ),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(app, request, false).await
}

/// Enter the password of a share
///
/// Takes the form of a share with a password. A right one is answered with a cookie that opens the share for an hour. Ten
/// wrong ones block the form of the share for up to a quarter of an hour.
#[utoipa::path(
    post,
    path = "/share/{slug}/{token}",
    operation_id = "enter_share_password",
    tag = "operations",
    params(
        ("slug" = String, Path, description = "Readable part of the link"),
        ("token" = String, Path, description = "Token of the link"),
    ),
    request_body(content = inline(String), content_type = "application/x-www-form-urlencoded", description = "`password=...`"),
    responses(
        (status = 303, description = "It is right: the page opens with the cookie of this answer"),
        (status = 403, description = "It is wrong: the form again", content_type = "text/html", body = String),
        (status = 404, description = "The link opens nothing", content_type = "text/html", body = String),
        (status = 429, description = "Too many were wrong: the form is blocked", content_type = "text/html", body = String),
        OpenErrors,
    ),
)]
pub(crate) async fn enter(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    answer(app, request, true).await
}

async fn answer(app: Arc<App>, request: Request, is_form: bool) -> Response<Body> {
    let call = Call::of(request.extensions());
    let answered =
        if is_form { password::enter(&app, request, &call).await } else { open(&app, request).await };
    answered.unwrap_or_else(|problem| page::guarded(problem.into_response(&call, Style::Problem), None))
}

async fn open(app: &Arc<App>, request: Request) -> Result<Response<Body>, Problem> {
    let Some(open) = find(app, request.uri().path()).await? else { return Ok(page::nothing()) };
    if open.has_password() && !password::has_cookie(app, &open, request.headers()) {
        return Ok(page::form(false));
    }
    let Some(format) = format_of(request.uri().query().unwrap_or("")) else { return Ok(page::nothing()) };
    let (sharing, shared) = (app.sharing.clone(), open.clone());
    let written = apart(app, async move {
        let report = sharing.report(&shared).await.map_err(problem)?;
        report.map(|report| write(&report, format)).transpose()
    });
    let Some(body) = written.await? else { return Ok(page::nothing()) };
    if request.method() == Method::GET {
        app.sharing.count_opening(&open, app.clock.now()).await.map_err(problem)?;
    }
    page::report(&open, format, body)
}

/// Returns the share of a path that may be opened now.
async fn find(app: &App, path: &str) -> Result<Option<OpenShare>, Problem> {
    let mut segments = path.split('/').skip(SLUG_SEGMENT);
    let (slug, token) = (segments.next().unwrap_or(""), segments.next().unwrap_or(""));
    app.sharing.open(slug, token, app.clock.now()).await.map_err(problem)
}

fn write(report: &Report, format: Format) -> Result<Vec<u8>, Problem> {
    if format != Format::Html {
        return reports::write(report, format).map_err(Problem::internal);
    }
    let files = Format::VARIANTS.iter().filter(|format| **format != Format::Html);
    let names: Vec<(String, String)> =
        files.map(|format| (format.name().to_uppercase(), format!("?format={format}"))).collect();
    let links: Vec<(&str, String)> = names.iter().map(|(text, target)| (&**text, target.clone())).collect();
    let shown = Shown { is_unlisted: true, links: &links };
    html_shown(report, shown).map(String::into_bytes).map_err(Problem::internal)
}

/// Returns the format that a query names; `None` for one that there is not.
fn format_of(query: &str) -> Option<Format> {
    let mut named = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "format");
    named.next().map_or(Some(Format::Html), |(_, value)| value.parse().ok())
}

/// Converts an error of a share that exists.
fn problem(error: ShareError) -> Problem {
    match error {
        ShareError::Measure(MeasureError::Catalog(error))
        | ShareError::Campaign(CampaignError::Measure(MeasureError::Catalog(error))) => error.into(),
        ShareError::Store(error) => error.into(),
        error => Problem::internal(error),
    }
}
