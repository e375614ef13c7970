//! A query of videos: what of it is refused, and which videos answer it.

use super::super::ReceivedRequest;
use super::video::{FIELDS, ResearchVideo};
use domain::{Timestamp, UtcDay};
use serde_json::Value;

/// Most days between the first and the last.
const DAYS_BETWEEN_MAX: i64 = 30;
const COUNT: u64 = 20;
const COUNT_MAX: u64 = 100;

/// A query that is right.
pub(super) struct Query {
    pub(super) fields: Vec<String>,
    pub(super) first: UtcDay,
    pub(super) last: UtcDay,
    pub(super) count: usize,
    pub(super) cursor: usize,
    pub(super) search_id: Option<String>,
    pub(super) is_random: bool,
    /// Scope of a search id: the conditions and the days.
    pub(super) identity: String,
    all: Vec<Condition>,
    any: Vec<Condition>,
    none: Vec<Condition>,
}

struct Condition {
    operation: Operation,
    field: String,
    values: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    /// Equal to any of the values.
    In,
    Gt,
    Gte,
    Lt,
    Lte,
}

impl Query {
    /// Reads a query, whatever `Content-Type` says. An error is the message of `invalid_params`.
    pub(super) fn read(request: &ReceivedRequest) -> Result<Self, String> {
        let fields = fields(request.value("fields"))?;
        let body: Value =
            serde_json::from_slice(&request.body).map_err(|error| format!("the body is no JSON: {error}"))?;
        let query = body.get("query").and_then(Value::as_object).ok_or("query is required")?;
        let list = |name: &str| match query.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(list)) => list.iter().map(Condition::read).collect::<Result<Vec<_>, _>>(),
            Some(_) => Err(format!("query.{name} must be a list")),
        };
        let (all, any, none) = (list("and")?, list("or")?, list("not")?);
        if all.is_empty() && any.is_empty() && none.is_empty() {
            return Err("query must hold a condition".to_owned());
        }
        let (first, last) = (day(&body, "start_date")?, day(&body, "end_date")?);
        if last < first || last.number() - first.number() > DAYS_BETWEEN_MAX {
            return Err("end_date must be no more than 30 days after start_date".to_owned());
        }
        let count = number(&body, "max_count", COUNT)?;
        if !(1..=COUNT_MAX).contains(&count) {
            return Err(format!("max_count must be between 1 and {COUNT_MAX}"));
        }
        let search_id = match body.get("search_id") {
            None | Some(Value::Null) => None,
            Some(Value::String(id)) => Some(id.clone()),
            Some(_) => return Err("search_id must be a string".to_owned()),
        };
        Ok(Self {
            fields,
            first,
            last,
            count: usize::try_from(count).unwrap_or(usize::MAX),
            cursor: usize::try_from(number(&body, "cursor", 0)?).unwrap_or(usize::MAX),
            search_id,
            is_random: body.get("is_random").and_then(Value::as_bool).unwrap_or(false),
            identity: format!("{} {first} {last}", body["query"]),
            all,
            any,
            none,
        })
    }

    /// All of `and`, any of `or` where it has any, none of `not`; on the days from the first to the last.
    pub(super) fn wants(&self, video: &ResearchVideo) -> bool {
        (self.first..=self.last).contains(&video.day())
            && self.all.iter().all(|condition| condition.holds(video))
            && (self.any.is_empty() || self.any.iter().any(|condition| condition.holds(video)))
            && !self.none.iter().any(|condition| condition.holds(video))
    }
}

fn fields(text: &str) -> Result<Vec<String>, String> {
    let names: Vec<String> =
        text.split(',').map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect();
    if names.is_empty() {
        return Err("fields is required".to_owned());
    }
    match names.iter().find(|name| !FIELDS.contains(&name.as_str())) {
        Some(name) => Err(format!("there is no field {name}")),
        None => Ok(names),
    }
}

fn day(body: &Value, name: &str) -> Result<UtcDay, String> {
    let text = body.get(name).and_then(Value::as_str).ok_or_else(|| format!("{name} is required"))?;
    let dashed = (text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| format!("{}-{}-{}", &text[..4], &text[4..6], &text[6..]));
    let at =
        dashed.and_then(|text| Timestamp::parse(&text)).ok_or_else(|| format!("{name} must be YYYYMMDD"))?;
    Ok(UtcDay::of(at))
}

fn number(body: &Value, name: &str, default: u64) -> Result<u64, String> {
    match body.get(name) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value.as_u64().ok_or_else(|| format!("{name} must be a whole number")),
    }
}

impl Condition {
    fn read(value: &Value) -> Result<Self, String> {
        let operation = value.get("operation").and_then(Value::as_str).unwrap_or_default();
        let field = value.get("field_name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let values =
            value.get("field_values").and_then(Value::as_array).ok_or("field_values must be a list")?;
        let text = |value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            _ => Err("field_values must be texts".to_owned()),
        };
        let mut values = values.iter().map(text).collect::<Result<Vec<_>, _>>()?;
        if matches!(&*field, "hashtag_name" | "keyword") {
            values = values.iter().map(|value| value.to_lowercase()).collect();
        }
        if ResearchVideo::posted(0, 0, &[]).values(&field).is_none() {
            return Err(format!("there is no condition on {field:?}"));
        }
        let parsed = match operation {
            "EQ" | "IN" => Operation::In,
            "GT" => Operation::Gt,
            "GTE" => Operation::Gte,
            "LT" => Operation::Lt,
            "LTE" => Operation::Lte,
            _ => return Err(format!("there is no operation {operation:?}")),
        };
        if values.is_empty() || (operation != "IN" && values.len() != 1) {
            return Err(format!("'operation' {operation} must have one field value"));
        }
        Ok(Self { operation: parsed, field, values })
    }

    fn holds(&self, video: &ResearchVideo) -> bool {
        let actual = video.values(&self.field).unwrap_or_default();
        if self.field == "keyword" {
            return actual.iter().any(|text| self.values.iter().any(|value| text.contains(value)));
        }
        let order = |actual: &String, value: &String| match (actual.parse::<u64>(), value.parse::<u64>()) {
            (Ok(actual), Ok(value)) => actual.cmp(&value),
            _ => actual.cmp(value),
        };
        actual.iter().any(|actual| {
            self.values.iter().any(|value| {
                let order = order(actual, value);
                match self.operation {
                    Operation::In => order.is_eq(),
                    Operation::Gt => order.is_gt(),
                    Operation::Gte => order.is_ge(),
                    Operation::Lt => order.is_lt(),
                    Operation::Lte => order.is_le(),
                }
            })
        })
    }
}
