//! `GET /v1/export?of=hashtags|history|videos`: everything that is held of it, as a file.
//!
//! The file is made whole before anything is charged, so that nobody pays for half of one; then it is sent, and kept for a
//! while to be continued from (`downloads`). One credit for each thousand rows, rounded up.

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

/// Rows for a credit.
const ROWS_A_CREDIT: u64 = 1_000;
/// How long a file may take to make.
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

/// Formats that a whole table is exported in; the first one unless another is requested.
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

/// What is exported, for whom.
pub(crate) struct Asked {
    of: ExportOf,
    hashtag: Option<String>,
    format: Format,
    /// Whether `Accept` chose it.
    is_negotiated: bool,
    key_id: KeyId,
    request_id: RequestId,
}

pub(crate) struct Export;

impl Paid for Export {
    const OPERATION: Operation = Operation::Export;
    const IS_CONTRACT: bool = false;
    type Query = Asked;

    fn media_types(_: &RequestContext<'_>) -> &'static [&'static str] {
        &[]
    }

    fn timeout(_: &App) -> Duration {
        TIMEOUT
    }

    fn read(context: &RequestContext<'_>) -> Result<Asked, Problem> {
        let ExportQuery { of, hashtag } = extract::parameters(context.query.as_str())?;
        let ExportFile { format } = extract::parameters(context.query.as_str())?;
        let is_negotiated = format.is_none();
        let format = match format {
            None => accepted(context, &EXPORT_FORMATS)?,
            Some(format) => format.into(),
        };
        let (key_id, request_id) = (context.key_id, context.request_id);
        Ok(Asked { of, hashtag, format, is_negotiated, key_id, request_id })
    }

    fn is_negotiated(asked: &Asked) -> bool {
        asked.is_negotiated
    }

    fn representation(asked: &Asked) -> &'static str {
        // The first one is what kept answers were before formats were part of what they stand for.
        if asked.is_negotiated && asked.format != EXPORT_FORMATS[0] { asked.format.name() } else { "" }
    }

    // A file of everything is not made to be thrown away.
    fn outline(asked: &Asked) -> Option<Content> {
        let mut content = Content::new(asked.format.content_type(), Bytes::new());
        content.disposition = disposition(asked);
        Some(content)
    }

    async fn answer(app: &App, asked: Asked, freshness: FreshnessRequirement) -> Result<Content, Problem> {
        let disposition = disposition(&asked);
        let Asked { of, hashtag: text, format, key_id, request_id, .. } = asked;
        let of_hashtag = match &text {
            Some(text) => Some(hashtag(&app.catalog, "hashtag", text, freshness).await?.0),
            None => None,
        };
        let slot = app.downloads.slots.take(key_id)?;
        let making = Arc::clone(&app.downloads.making);
        let room = making.acquire_owned().await.map_err(Problem::internal)?;
        let sequence = app.catalog.store().sequence().await?;
        let (measure, runtime) = (app.measure.clone(), Handle::current());
        let spool = Arc::clone(&app.downloads.spool);
        // Dropped with this future when it took too long.
        let (_waiting, given_up) = oneshot::channel::<()>();
        let writing = tokio::task::spawn_blocking(move || {
            let _room = room;
            let draft = spool.draft(request_id).map_err(not_written)?;
            let (draft, rows) = runtime.block_on(async {
                tokio::select! {
                    written = measure.export(of, of_hashtag.as_ref(), format, draft) => {
                        written.map_err(super::measured::problem)
                    }
                    _ = given_up => Err(Problem::internal("nobody waits for this export any more")),
                }
            })?;
            Ok::<_, Problem>((draft.finish().map_err(not_written)?, rows))
        });
        let ((stored, hash), rows) = writing.await.map_err(Problem::internal)??;
        // Without a row it is free, as an empty page is.
        let price = Credits::new(rows.div_ceil(ROWS_A_CREDIT)).map_err(Problem::internal)?;
        let tag = FileTag::new(&format!("{hash:032x}"), Coding::Identity, request_id, &app.downloads.node);
        let download = Download { exported_at: Some(sequence), ..Download::new(stored, slot, tag) };
        let mut content = Content::file(format.content_type(), download);
        content.price = Price::metered(price);
        content.disposition = disposition;
        Ok(content)
    }
}

/// What the file is called.
fn disposition(asked: &Asked) -> Option<HeaderValue> {
    let (of, extension) = (asked.of.name(), asked.format.extension());
    format!("attachment; filename=\"tagmeter-{of}.{extension}\"").try_into().ok()
}

/// Everything that is held, as a file
///
/// One credit for each thousand rows, rounded up; `X-Credits-Charged` says how many. The file is kept for an hour unless
/// configured otherwise: a request for the same with `Range` (and `If-Range`), with `If-Match`, or under the same
/// `Idempotency-Key` returns the rest of it, or all of it, free of charge. `HEAD` is free and makes no file: it has
/// `Content-Length` and `ETag` where the account's newest file for the same request is stored and nothing was recorded
/// since.
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
