//! `/v1/imports`: uploads of files, which the worker imports. Free; for keys of the scope `admin`.

use super::jobs::{self, JobFacts, JobView, JobsQuery};
use super::json_reply::answer;
use super::upload::Uploaded;
use crate::app::App;
use crate::errors::ErrorCode;
use crate::gate::reply::Content;
use crate::gate::uncancelled::Uncancelled;
use crate::gate::{AuthenticatedRequest, idempotency_key, serve_free};
use crate::openapi::{Binary, ImportErrors, ImportsErrors, UploadErrors};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Request, State};
use catalog::import::{
    EncodingName, HowToRead, MissingFieldWarning, ObservedAt, RejectNote, SheetName, StoredFieldsReport,
};
use catalog::jobs::{ImportCounts, ImportOrder, ImportState, Spool};
use domain::{KeyScope, Timestamp};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Response};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::jobs::{Job, JobCreated, JobKind, NewJob};
use utoipa::{IntoParams, ToSchema};

/// Longest name of a file, in characters.
const FILE_NAME_LENGTH_MAX: usize = 255;

/// Query parameters of an upload.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
struct UploadQuery {
    /// Name of the file in reports. It does not matter otherwise: formats are detected by content.
    #[param(value_type = Option<String>, example = "captures.ndjson.gz", max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    file_name: Option<FileName>,
    /// Reading time of records without one, which makes them part of a history: a time with a zone, a day (its
    /// first moment, UTC), or `file-name` for the date in `file_name` or in the names of an archive's entries.
    #[param(
        value_type = Option<String>,
        example = "2026-11-01T12:00Z",
        pattern = r"^(file-name|[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?([Zz]|[+-][0-9]{2}:?[0-9]{2}))?)?$"
    )]
    observed_at: Option<ObservedAt>,
    /// Encoding of text in the file, by its WHATWG name. Without it, text is UTF-8, or UTF-16 with a byte order
    /// mark.
    #[param(value_type = Option<String>, example = "windows-1252")]
    encoding: Option<EncodingName>,
    /// Sheet of a workbook to read. Without it, the first.
    #[param(value_type = Option<String>, example = "Posts", max_length = 255, pattern = r"^[^\x00-\x1f\x7f-\x9f]*$")]
    sheet: Option<SheetName>,
    /// Reads the file even if one with the same content, name and options was imported before.
    #[param(value_type = Option<bool>, default = false)]
    again: bool,
}

/// The name of an uploaded file.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct FileName(String);

impl TryFrom<String> for FileName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if name.chars().count() > FILE_NAME_LENGTH_MAX || name.chars().any(char::is_control) {
            return Err(format!("give at most {FILE_NAME_LENGTH_MAX} characters and no control characters"));
        }
        Ok(Self(name))
    }
}

/// An import.
#[derive(Serialize, ToSchema)]
#[schema(as = Import)]
pub(crate) struct ImportView {
    #[serde(flatten)]
    job: JobFacts,
    /// File name as given in the upload.
    file_name: Option<String>,
    /// As given in the upload, in UTC; `null` if absent.
    observed_at: Option<String>,
    /// As given in the upload; `null` if absent.
    encoding: Option<String>,
    /// As given in the upload; `null` if absent.
    sheet: Option<String>,
    progress: ImportProgress,
    /// Changes in the store, of all attempts together.
    counts: ImportCountsView,
    rejects: ImportRejects,
    /// Number of records that have each field; known once the import has ended.
    kept: StoredFieldsReport,
    /// Fields that fewer than a tenth of the records have, though the file has something like them.
    warnings: Vec<MissingFieldWarning>,
    /// With warnings: every `--map` with which `tagmeter import` would read the records by their columns or keys.
    maps: Vec<String>,
    /// Notes on how the file was read, such as details that could not be.
    notes: Vec<String>,
    reading_times: ImportReadingTimes,
    /// The reason if the file was not read to its end, if every record was rejected, or if none of its plays,
    /// hashtags or views was stored.
    problem: Option<String>,
}

/// Reading times of the records; known once the import has ended.
#[derive(Serialize, ToSchema)]
struct ImportReadingTimes {
    /// Records without a reading time, which become part of no history. `observed_at` states one.
    unknown: u64,
    /// Records whose reading time `observed_at` stated.
    stated: u64,
}

/// Progress of reading the file.
#[derive(Serialize, ToSchema)]
struct ImportProgress {
    /// Bytes read, before unpacking.
    bytes_read: u64,
    /// Size of the file in bytes.
    bytes_total: u64,
    /// Observations read.
    records: u64,
}

/// Changes in the store.
#[derive(Serialize, ToSchema)]
#[schema(as = ImportCounts)]
struct ImportCountsView {
    /// New videos.
    videos_new: u64,
    /// Records that changed a stored video.
    videos_changed: u64,
    /// Stored videos that count as removed from now on.
    videos_removed: u64,
    /// Records of videos skipped because the video or its creator was forgotten.
    videos_forgotten: u64,
    /// New hashtags.
    hashtags_new: u64,
    /// Stored hashtags that changed.
    hashtags_changed: u64,
    /// New readings.
    snapshots_new: u64,
}

/// Rejected records; known once the import has ended.
#[derive(Serialize, ToSchema)]
struct ImportRejects {
    /// Number of rejected records.
    count: u64,
    /// The first ten.
    first: Vec<RejectNote>,
}

answer! {
    /// One import.
    ImportAnswer: ImportView
}

answer! {
    /// Imports, newest first.
    with pages ImportList: Vec<ImportView>
}

impl JobView for ImportView {
    const KIND: JobKind = JobKind::Import;
    const PATH: &'static str = "/v1/imports";
    const READ: KeyScope = KeyScope::Admin;
    const CHANGE: KeyScope = KeyScope::Admin;
    const NOT_FOUND: (ErrorCode, &'static str) =
        (ErrorCode::ImportNotFound, "this account has no such import");

    fn of(job: &Job) -> Result<Self, Problem> {
        let (order, state) = (ImportOrder::of(job)?, ImportState::of(job)?);
        let ImportCounts {
            videos_new,
            videos_changed,
            videos_removed,
            videos_forgotten,
            hashtags_new,
            hashtags_changed,
            snapshots_new,
            ..
        } = state.counts;
        Ok(Self {
            job: JobFacts::of(job),
            file_name: order.file_name,
            observed_at: order.how.observed_at.map(String::from),
            encoding: order.how.encoding.map(String::from),
            sheet: order.how.sheet.map(String::from),
            progress: ImportProgress {
                bytes_read: state.bytes_read,
                bytes_total: order.bytes,
                records: state.records,
            },
            counts: ImportCountsView {
                videos_new,
                videos_changed,
                videos_removed,
                videos_forgotten,
                hashtags_new,
                hashtags_changed,
                snapshots_new,
            },
            rejects: ImportRejects { count: state.rejected, first: state.first_rejects },
            kept: state.kept,
            warnings: state.warnings,
            maps: state.maps,
            notes: state.notes,
            reading_times: ImportReadingTimes { unknown: state.without_time, stated: state.times_stated },
            problem: state.problem,
        })
    }

    fn release(app: &App, job: &Job) -> Result<(), Problem> {
        if job.state.is_ended()
            && let Some(uploads) = &app.options.uploads
        {
            uploads.spool.remove(&ImportOrder::of(job)?.spooled);
        }
        Ok(())
    }
}

/// Import a file
///
/// The body is the file itself, in any supported format, compressed or not; the format is detected from its content. The
/// file is stored until it is imported. Free; importing a file again changes nothing.
#[utoipa::path(
    post,
    path = "/v1/imports",
    operation_id = "create_import",
    tag = "imports",
    params(UploadQuery),
    request_body(content = inline(Binary), content_type = "application/octet-stream", description = "The file"),
    responses((status = 202, description = "The import was queued; `Location` is its path", body = ImportAnswer), UploadErrors),
)]
pub(crate) async fn create(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    serve_free(app, request, ImportView::CHANGE, make).await
}

async fn make(request: AuthenticatedRequest, body: Body) -> Result<Content, Problem> {
    refuse_forms(&request.parts.headers)?;
    let query: UploadQuery = request.query()?;
    let file_name = query.file_name.as_ref().map(|FileName(name)| name.clone());
    let how = query.how_to_read(request.app.clock.now())?;
    let idempotency_key = idempotency_key(&request.parts.headers)?;
    let Some(node) = request.app.options.uploads.clone() else {
        return Err(Problem::new(ErrorCode::Unavailable, "this server accepts no uploads"));
    };
    let job_id = request.new_job_id();
    let spool = node.spool;
    let name = Spool::name(request.caller.key.account_id, job_id);
    let mut uploaded = Uploaded::receive(&request.app, &spool, &name, body).await?;
    if uploaded.bytes == 0 {
        return Err(Problem::new(ErrorCode::InvalidBody, "the body is empty; send the file as the body"));
    }
    let query = request.parts.uri.query().unwrap_or("");
    let identity = format!("POST {}?{query} {:032x}", ImportView::PATH, uploaded.digest);
    let order = ImportOrder { spooled: name, file_name, bytes: uploaded.bytes, how };
    let job = request.new_job::<ImportView>(job_id, order.to_json(), idempotency_key, &identity);
    let job = NewJob { node: Some(node.node), ..job };
    let (app, drain) = (Arc::clone(&request.app), Arc::clone(&request.app.drain));
    // Completes even if the client hangs up: a file has its job, and a job its file.
    let made = Uncancelled::new(
        async move {
            uploaded.place(spool.path(&order.spooled)).await?;
            let created = app.catalog.make_job(job).await?;
            if matches!(created, JobCreated::Created(_)) {
                uploaded.keep();
            }
            Ok::<_, Problem>(created)
        },
        drain,
    );
    jobs::accepted::<ImportView>(&request, made.await?)
}

/// Refuses forms before their body is read: the form's own lines would be imported as part of the file.
fn refuse_forms(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("").trim_start();
    if kind.get(..10).is_none_or(|begin| !begin.eq_ignore_ascii_case("multipart/")) {
        return Ok(());
    }
    let detail = "the body must be the file itself, not a form: send it with `curl --data-binary @file` or `curl -T file \
                  -X POST`, not with `curl -F`; file_name= in the query names it";
    Err(Problem::new(ErrorCode::UnsupportedMediaType, detail))
}

impl UploadQuery {
    /// Returns the options for reading the file.
    fn how_to_read(self, now: Timestamp) -> Result<HowToRead, Problem> {
        let refused = |why: String| Problem::parameter("observed_at", format!("observed_at: {why}"));
        match self.observed_at {
            Some(ObservedAt::Modified) => Err(refused(
                "an upload has no time of its file's last change; give the time itself, or file-name and a file_name \
                 with a date"
                    .to_owned(),
            )),
            Some(ObservedAt::FileName) if self.file_name.is_none() => Err(refused(
                "it is file-name, and there is no file_name; give the name of the file, such as \
                 file_name=cats-2026-11-01.json"
                    .to_owned(),
            )),
            observed_at => Ok(HowToRead {
                observed_at: observed_at
                    .map(|at| at.check(now))
                    .transpose()
                    .map_err(|why| refused(why.to_string()))?,
                encoding: self.encoding,
                sheet: self.sheet,
                again: self.again,
            }),
        }
    }
}

/// List imports
///
/// Returns the account's imports, newest first, 20 per page. Free.
#[utoipa::path(
    get,
    path = "/v1/imports",
    operation_id = "list_imports",
    tag = "imports",
    params(JobsQuery),
    responses((status = 200, description = "The imports", body = ImportList), ImportsErrors),
)]
pub(crate) async fn list(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    jobs::list::<ImportView>(app, request).await
}

/// Get an import
///
/// Returns the progress of an import, and once it has ended its results and rejects. Free.
#[utoipa::path(
    get,
    path = "/v1/imports/{id}",
    operation_id = "get_import",
    tag = "imports",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "The import", body = ImportAnswer), ImportErrors),
)]
pub(crate) async fn show(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    jobs::show::<ImportView>(app, request).await
}

/// Cancel an import
///
/// Imported records remain. A running import stops shortly; one that has ended does not change.
#[utoipa::path(
    delete,
    path = "/v1/imports/{id}",
    operation_id = "cancel_import",
    tag = "imports",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "The import as it is now", body = ImportAnswer), ImportErrors),
)]
pub(crate) async fn cancel(State(app): State<Arc<App>>, request: Request) -> Response<Body> {
    jobs::cancel::<ImportView>(app, request).await
}
