//! `GET /v1/export?of=hashtags|history|videos`: all stored rows of a kind, as a file.
//!
//! The file is made whole before anything is charged, so that nobody pays for half of one; then it is sent, and
//! stored for a while so that its download can be resumed (`downloads`). Costs one credit per thousand rows,
//! rounded up.

use super::measured::accepted;
use super::question::hashtag;
use crate::app::App;
use crate::downloads::{Download, FileTag, not_written};
use crate::encoding::Coding;
use crate::extract;
use crate::gate::reply::Content;
use crate::gate::{Paid, Price, RequestContext, serve};
use crate::openapi::ExportErrors;
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use bytes::Bytes;
use catalog::FreshnessRequirement;
use domain::{Credits, KeyId, Operation, RequestId};
use http::{HeaderValue, Response};
use measure::parameters::NameOf;
use measure::{ExportOf, ExportQuery};
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use strum::{IntoStaticStr, VariantArray};
use tables::Format;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use utoipa::IntoParams;

/// Rows per credit.
const ROWS_PER_CREDIT: u64 = 1_000;
/// Timeout of making a file.
const TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// The format of an exported file. `Accept` chooses it where the parameter is absent.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct ExportFile {
    /// Format of the file; `Accept` chooses it where this is absent.
    #[param(inline, value_type = ExportFormatName, required = false)]
    format: Option<ExportFormat>,
}

type ExportFormatName = NameOf<ExportFormat>;

/// Formats of an export, the default first.
const EXPORT_FORMATS: [Format; 3] = [Format::Ndjson, Format::Parquet, Format::Csv];

#[derive(Debug, Clone, Copy, Default, Deserialize, IntoStaticStr, VariantArray)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
enum ExportFormat {
    #[default]
    Ndjson,
    Parquet,
    Csv,
}

impl From<ExportFormat> for Format {
    fn from(format: ExportFormat) -> Self {
        match format {
            ExportFormat::Ndjson => Self::Ndjson,
            ExportFormat::Parquet => Self::Parquet,
            ExportFormat::Csv => Self::Csv,
        }
    }
}

/// A parsed request for an export.
pub(crate) struct ExportRequest {
    of: ExportOf,
    hashtag: Option<String>,
    format: Format,
    /// True if `Accept` chose it.
    is_negotiated: bool,
    key_id: KeyId,
    request_id: RequestId,
}

pub(crate) struct Export;

impl Paid for Export {
    const OPERATION: Operation = Operation::Export;
    const IS_CONTRACT: bool = false;
    type Query = ExportRequest;

    fn media_types(_: &RequestContext<'_>) -> &'static [&'static str] {
        &[]
    }

    fn timeout(_: &App) -> Duration {
        TIMEOUT
    }

    fn read(context: &RequestContext<'_>) -> Result<ExportRequest, Problem> {
        let ExportQuery { of, hashtag } = extract::parameters(context.query.as_str())?;
        let ExportFile { format } = extract::parameters(context.query.as_str())?;
        let is_negotiated = format.is_none();
        let format = match format {
            None => accepted(context, &EXPORT_FORMATS)?,
            Some(format) => format.into(),
        };
        let (key_id, request_id) = (context.key_id, context.request_id);
        Ok(ExportRequest { of, hashtag, format, is_negotiated, key_id, request_id })
    }

    fn is_negotiated(request: &ExportRequest) -> bool {
        request.is_negotiated
    }

    fn representation(request: &ExportRequest) -> &'static str {
        // Empty for the default: fingerprints that are stored may be older than the choice of a format.
        if request.is_negotiated && request.format != EXPORT_FORMATS[0] { request.format.name() } else { "" }
    }

    // A file is too expensive to be made for `HEAD`.
    fn outline(request: &ExportRequest) -> Option<Content> {
        let mut content = Content::new(request.format.content_type(), Bytes::new());
        content.disposition = disposition(request);
        Some(content)
    }

    async fn answer(
        app: &App,
        request: ExportRequest,
        freshness: FreshnessRequirement,
    ) -> Result<Content, Problem> {
        let disposition = disposition(&request);
        let ExportRequest { of, hashtag: text, format, key_id, request_id, .. } = request;
        let of_hashtag = match &text {
            Some(text) => Some(hashtag(&app.measure, "hashtag", text, freshness).await?.0),
            None => None,
        };
        let slot = app.downloads.slots.take(key_id)?;
        let making = Arc::clone(&app.downloads.making);
        let room = making.acquire_owned().await.map_err(Problem::internal)?;
        let sequence = app.catalog.store().sequence().await?;
        let (measure, runtime) = (app.measure.clone(), Handle::current());
        let spool = Arc::clone(&app.downloads.spool);
        // Dropped with this future on its timeout.
        let (_waiting, given_up) = oneshot::channel::<()>();
        let writing = tokio::task::spawn_blocking(move || {
            let _room = room;
            let draft = spool.draft(request_id).map_err(not_written)?;
            let (draft, rows) = runtime.block_on(async {
                tokio::select! {
                    written = measure.export(of, of_hashtag.as_ref(), format, draft) => {
                        written.map_err(super::measured::problem)
                    }
                    _ = given_up => Err(Problem::internal("the export has timed out")),
                }
            })?;
            Ok::<_, Problem>((draft.finish().map_err(not_written)?, rows))
        });
        let ((stored, hash), rows) = writing.await.map_err(Problem::internal)??;
        // Without a row it is free, as an empty page is.
        let price = Credits::new(rows.div_ceil(ROWS_PER_CREDIT)).map_err(Problem::internal)?;
        let tag = FileTag::new(&format!("{hash:032x}"), Coding::Identity, request_id, &app.downloads.node);
        let download = Download { exported_at: Some(sequence), ..Download::new(stored, slot, tag) };
        let mut content = Content::file(format.content_type(), download);
        content.price = Price::metered(price);
        content.disposition = disposition;
        Ok(content)
    }
}

/// Returns the `Content-Disposition` with the name of the file.
fn disposition(request: &ExportRequest) -> Option<HeaderValue> {
    let (of, extension) = (request.of.name(), request.format.extension());
    format!("attachment; filename=\"tagmeter-{of}.{extension}\"").try_into().ok()
}

/// Export stored data as a file
///
/// Costs one credit per thousand rows, rounded up; `X-Credits-Charged` says how many. The file is stored for an
/// hour unless configured otherwise: the same request with `Range` (and `If-Range`), with `If-Match`, or under
/// the same `Idempotency-Key` returns the rest of it, or all of it, free of charge. `HEAD` is free and makes no
/// file: it has `Content-Length` and `ETag` where the account's newest file for the same request is stored and
/// nothing was recorded since.
#[utoipa::path(
    get,
    path = "/v1/export",
    operation_id = "export",
    tag = "measurement",
    params(ExportQuery, ExportFile),
    responses(
        (status = 200, description = "The file", content_type = "application/x-ndjson", body = String),
        ExportErrors,
    ),
)]
pub(crate) async fn handler(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve::<Export>(app, request).await
}
