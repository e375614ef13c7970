//! Renders answers of measurement: `{"data","meta","pagination","billing"}` as JSON, or the rows as a file.
//!
//! `fields=` returns only the named fields; `limit=` and `cursor=` page, and `Link` names the next page;
//! `format=` or `Accept` chooses JSON, NDJSON, CSV, XLSX or Parquet.

use crate::errors::ErrorCode;
use crate::feeds::sheets::for_sheets;
use crate::gate::RequestContext;
use crate::gate::cursor::List;
use crate::gate::reply::Content;
use crate::negotiation::{accept, not_acceptable};
use crate::paging::Paging;
use crate::problem::Problem;
use crate::query::{Query, shown};
use domain::{AccountId, TagError};
use http::HeaderValue;
use indexmap::IndexSet;
use measure::{MeasureError, Measured, Meta, Place, Tabular};
use serde::Serialize;
use serde_json::Value as Json;
use std::borrow::Cow;
use strum::VariantArray;
use tables::{Format, Options, Table};
use utoipa::ToSchema;

/// Parameters that every question has besides its own.
const SHAPE_PARAMS: [&str; 6] = ["cursor", "limit", "fields", "format", "fresh", "bom"];

/// `Retry-After` while trends are computed for the first time.
const TRENDS_RETRY_SECONDS: u64 = 5;

/// The requested page.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Page {
    /// Most rows.
    pub(crate) limit: u32,
    /// The row before its first.
    pub(crate) after: Option<Place>,
    /// The account that reads it.
    pub(crate) account_id: AccountId,
}

/// The requested shape of an answer.
#[derive(Debug)]
pub(crate) struct Shape {
    format: Format,
    /// True if `Accept` chose it.
    is_negotiated: bool,
    fields: Option<Vec<String>>,
    has_byte_order_mark: bool,
    /// True if a spreadsheet reads it: long ids are left out, and links to their pages added.
    is_for_sheets: bool,
    /// The list that its cursors belong to.
    list: List,
    /// Path and query without a cursor, for the link to the next page.
    address: String,
    /// File name, without extension.
    name: String,
    /// The account that reads it.
    account_id: AccountId,
}

/// Reference to the next page.
#[derive(Serialize, ToSchema)]
pub(crate) struct Pagination {
    /// True if there is a next page.
    has_more: bool,
    /// `cursor` of the next page; `null` on the last one.
    next_cursor: Option<String>,
}

impl Pagination {
    /// Refers to the page at this cursor, if any.
    pub(crate) fn new(next_cursor: Option<String>) -> Self {
        Self { has_more: next_cursor.is_some(), next_cursor }
    }
}

impl Shape {
    /// Parses the shape of a request.
    pub(super) fn read(context: &RequestContext<'_>) -> Result<Self, Problem> {
        let query = &context.query;
        let format = match query.text("format")? {
            Some(name) => {
                name.parse::<Format>().map_err(|why| Problem::parameter("format", why.to_string()))?
            }
            None => accepted(context, Format::VARIANTS)?,
        };
        let fields = query.text("fields")?.map(|text| {
            let named =
                text.split(',').map(|field| field.trim().to_owned()).filter(|field| !field.is_empty());
            named.collect::<IndexSet<_>>().into_iter().collect()
        });
        let own = query.without(&["cursor"]);
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(&own).finish();
        let list = query.without(&SHAPE_PARAMS);
        let last = context.path.rsplit('/').next().unwrap_or("answer");
        Ok(Self {
            format,
            is_negotiated: query.text("format")?.is_none(),
            fields,
            has_byte_order_mark: query.flag("bom")?,
            is_for_sheets: false,
            list: context.cursors.list(context.account_id, context.path, &list),
            address: format!("{}?{encoded}", context.public_url.link(context.path)),
            name: last.chars().filter(|c| c.is_ascii_alphanumeric()).collect(),
            account_id: context.account_id,
        })
    }

    /// Parses the requested page.
    pub(super) fn page(&self, query: &Query<'_>, paging: Paging) -> Result<Page, Problem> {
        let (limit, most) = paging.limits();
        let older = match paging {
            Paging::Pages { older_name: Some((name, most)), .. } => query.whole(name, 1..=most)?,
            _ => None,
        };
        let limit = query.whole("limit", 1..=most)?.or(older).unwrap_or(limit);
        let after = match query.text("cursor")? {
            None => None,
            Some(text) => Some(self.list.place(&text)?),
        };
        Ok(Page { limit, after, account_id: self.account_id })
    }

    /// Leaves long ids out of files, and adds links to their pages.
    pub(crate) fn for_sheets(self) -> Self {
        Self { is_for_sheets: true, ..self }
    }

    /// Returns true if `Accept` chose the format.
    pub(super) const fn is_negotiated(&self) -> bool {
        self.is_negotiated
    }

    pub(super) const fn format(&self) -> Format {
        self.format
    }

    /// Returns the answer in this shape.
    pub(super) fn content<T: Serialize + Tabular>(&self, measured: Measured<T>) -> Result<Content, Problem> {
        let next = measured.next.map(|place| self.list.cursor(place));
        let link = next.as_ref().and_then(|cursor| self.link(cursor));
        let mut content = match self.format {
            Format::Json => self.object(&measured, next)?,
            _ => self.file(&measured)?,
        };
        content.link = link;
        Ok(if measured.data.is_empty_list() { content.free() } else { content })
    }

    fn link(&self, cursor: &str) -> Option<HeaderValue> {
        let joint = if self.address.ends_with('?') { "" } else { "&" };
        format!("<{}{joint}cursor={cursor}>; rel=\"next\"", self.address).try_into().ok()
    }

    fn object<T: Serialize>(&self, measured: &Measured<T>, next: Option<String>) -> Result<Content, Problem> {
        let data = match &self.fields {
            None => serde_json::to_vec(&measured.data),
            Some(fields) => {
                let whole = serde_json::to_value(&measured.data).map_err(Problem::internal)?;
                serde_json::to_vec(&only(whole, fields)?)
            }
        };
        let rest = serde_json::to_vec(&Rest { meta: &measured.meta, pagination: Pagination::new(next) });
        let mut body = joined(&data.map_err(Problem::internal)?, &rest.map_err(Problem::internal)?);
        // The gate writes `billing` before the last brace.
        body.pop();
        Ok(Content::open_object(body))
    }

    fn file<T: Tabular>(&self, measured: &Measured<T>) -> Result<Content, Problem> {
        let mut table = measured.data.table().map_err(Problem::internal)?;
        if self.is_for_sheets {
            table = for_sheets(&table).map_err(Problem::internal)?;
        }
        if let Some(fields) = &self.fields {
            table = columns_of(&table, fields)?;
        }
        let options = Options { has_byte_order_mark: self.has_byte_order_mark, ..Options::default() };
        let meta = meta_pairs(&measured.meta);
        let pairs: Vec<(&str, String)> = meta.iter().map(|(name, value)| (*name, value.clone())).collect();
        let others = measured.data.others().map_err(Problem::internal)?;
        let written = table.write_with(&others, Vec::new(), self.format, &pairs, &options);
        let body = written.map_err(Problem::internal)?;
        let mut content = Content::new(self.format.content_type(), body);
        if matches!(self.format, Format::Xlsx | Format::Parquet | Format::Csv) {
            let name = format!("attachment; filename=\"{}.{}\"", self.name, self.format.extension());
            content.disposition = name.try_into().ok();
        }
        Ok(content)
    }
}

/// The members after `data`; `billing` follows at the gate.
#[derive(Serialize)]
struct Rest<'a> {
    meta: &'a Meta,
    pagination: Pagination,
}

/// Joins `{"data":DATA,` and the members of an object.
pub(super) fn joined(data: &[u8], rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(data.len() + rest.len() + 96);
    body.extend_from_slice(b"{\"data\":");
    body.extend_from_slice(data);
    body.push(b',');
    body.extend_from_slice(rest.get(1..).unwrap_or_default());
    body
}

/// Returns the format that `Accept` prefers; the first one without such a header.
pub(super) fn accepted(context: &RequestContext<'_>, offered: &[Format]) -> Result<Format, Problem> {
    // Browsers name no format of ours but accept anything.
    let header = accept(context.headers).unwrap_or(Cow::Borrowed("*/*"));
    let media_types = || offered.iter().map(|format| format.media_type()).collect::<Vec<_>>();
    Format::preferred(&header, offered).ok_or_else(|| not_acceptable(&header, &media_types()))
}

/// Returns the named fields of an object, or of each object of a list.
fn only(data: Json, fields: &[String]) -> Result<Json, Problem> {
    match data {
        Json::Array(rows) => {
            rows.into_iter().map(|row| only(row, fields)).collect::<Result<_, _>>().map(Json::Array)
        }
        Json::Object(mut object) => {
            let mut selected = serde_json::Map::new();
            for field in fields {
                let Some(value) = object.remove(field) else {
                    let names: Vec<&String> = object.keys().chain(selected.keys()).collect();
                    return Err(unknown_field(field, &names));
                };
                selected.insert(field.clone(), value);
            }
            Ok(Json::Object(selected))
        }
        other => Ok(other),
    }
}

fn columns_of<'a>(table: &Table<'a>, fields: &[String]) -> Result<Table<'a>, Problem> {
    let place = |field: &String| {
        table.columns().iter().position(|column| column.name == field).ok_or_else(|| {
            let names: Vec<String> = table.columns().iter().map(|column| column.name.to_owned()).collect();
            unknown_field(field, &names.iter().collect::<Vec<_>>())
        })
    };
    let places: Vec<usize> = fields.iter().map(place).collect::<Result<_, _>>()?;
    let columns: Vec<_> = places.iter().map(|place| table.columns()[*place]).collect();
    let mut part =
        Table::new(&columns).map_err(|why| Problem::parameter("fields", format!("fields: {why}")))?;
    for row in table.rows() {
        let values = places.iter().map(|place| row[*place].clone()).collect();
        part.push(values).map_err(Problem::internal)?;
    }
    Ok(part)
}

fn unknown_field(field: &str, names: &[&String]) -> Problem {
    let mut names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
    names.sort_unstable();
    let detail = format!("there is no field {}; the fields are {}", shown(field), names.join(", "));
    Problem::parameter("fields", detail)
}

/// Returns the metadata of a file's rows.
fn meta_pairs(meta: &Meta) -> Vec<(&'static str, String)> {
    let mut pairs = vec![("source", meta.source.join(" ")), ("stale", meta.stale.to_string())];
    if let Some(at) = meta.observed_at {
        pairs.push(("observed_at", at.to_rfc3339()));
    }
    if let Some(at) = meta.as_of {
        pairs.push(("as_of", at.to_rfc3339()));
    }
    if let Some(basis) = meta.basis {
        pairs.push(("basis", basis.to_owned()));
    }
    if let Some(sample) = &meta.sample {
        pairs.push(("sample_videos", sample.videos.to_string()));
        if let Some(coverage) = sample.coverage {
            pairs.push(("coverage", coverage.to_string()));
        }
    }
    if let Some(available) = &meta.available {
        pairs.push(("available_from", available.from.to_rfc3339()));
        pairs.push(("available_to", available.to.to_rfc3339()));
    }
    let caveats: Vec<&str> = meta.caveats.iter().map(|caveat| caveat.code).collect();
    if !caveats.is_empty() {
        pairs.push(("caveats", caveats.join(" ")));
    }
    pairs
}

/// Builds the response for an error of a measurement.
pub(crate) fn problem(error: MeasureError) -> Problem {
    match error {
        MeasureError::NotFound(text) => {
            Problem::new(ErrorCode::HashtagNotFound, format!("no hashtag {} is stored", shown(&text)))
        }
        error @ MeasureError::NotThen(..) => Problem::new(ErrorCode::HashtagNotFound, error.to_string()),
        MeasureError::Name(text, why) => not_a_hashtag("ref", &text, &why),
        MeasureError::Parameter { param, why } => Problem::parameter(param, format!("{param}: {why}")),
        error @ MeasureError::TrendsPending => {
            Problem::new(ErrorCode::Unavailable, error.to_string()).retry_after(TRENDS_RETRY_SECONDS)
        }
        MeasureError::InsufficientHistory(why) => Problem::new(ErrorCode::InsufficientHistory, why),
        MeasureError::File(error) => crate::downloads::not_written(error),
        MeasureError::Catalog(error) => error.into(),
    }
}

/// Builds the response for a text that names no hashtag.
pub(crate) fn not_a_hashtag(param: &'static str, text: &str, why: &TagError) -> Problem {
    let detail = format!("{} is not a hashtag: {why}; give a name such as cat, or an id", shown(text));
    Problem::parameter(param, detail)
}
