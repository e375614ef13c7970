//! Checks the answers of a running server against its API description: status, headers, media type, and every property
//! of a JSON body.
//!
//! It is stricter than JSON Schema, where objects are open: an undescribed property is an error. It knows the keywords
//! that the description uses, and stops at any other.

use crate::{Answer, Request, TestServer};
use http::header::HeaderName;
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// Headers that HTTP itself explains.
const OF_HTTP: [&str; 8] = [
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "keep-alive",
    "transfer-encoding",
];

/// Keywords that constrain nothing.
const NOTES: [&str; 6] = ["description", "example", "examples", "default", "title", "contentMediaType"];

/// A description.
#[derive(Debug, Clone)]
pub struct Description(Value);

/// The described answers of an operation.
#[derive(Debug)]
pub struct Described<'a> {
    document: &'a Description,
    name: String,
    operation: &'a Value,
}

impl Description {
    /// As the server serves it.
    pub async fn of(server: &TestServer) -> Self {
        Self(server.send(Request::get("/openapi.json")).await.json())
    }

    /// A description that is JSON already.
    pub fn new(document: Value) -> Self {
        Self(document)
    }

    /// Every operation: method and path.
    pub fn operations(&self) -> Vec<(String, String)> {
        let paths = self.0["paths"].as_object().expect("paths");
        let of_path = |(path, item): (&String, &Value)| {
            let methods: Vec<String> = item.as_object().expect("a path").keys().cloned().collect();
            methods.into_iter().map(|method| (method, path.clone())).collect::<Vec<_>>()
        };
        paths.iter().flat_map(of_path).collect()
    }

    /// An operation by method and path. Panics where it is not described.
    pub fn operation(&self, method: &str, path: &str) -> Described<'_> {
        let operation = &self.0["paths"][path][method];
        assert!(operation.is_object(), "{method} {path} is not described");
        Described { document: self, name: format!("{method} {path}"), operation }
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else { return value };
        let pointer = reference.strip_prefix('#').expect("a reference within the description");
        self.0.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
    }
}

impl Described<'_> {
    /// Name and schema of each parameter of the query.
    pub fn query_parameters(&self) -> Vec<(&str, &Value)> {
        let parameters = self.operation["parameters"].as_array().into_iter().flatten();
        let of_query = parameters.filter(|one| one["in"] == "query");
        of_query.map(|one| (one["name"].as_str().expect("a name"), &one["schema"])).collect()
    }

    /// The words that a parameter takes.
    pub fn words(&self, parameter: &str) -> Vec<String> {
        let found = self.query_parameters().into_iter().find(|(name, _)| *name == parameter);
        let words = found.and_then(|(_, schema)| schema["enum"].as_array()).into_iter().flatten();
        words.map(|word| word.as_str().expect("a word").to_owned()).collect()
    }

    /// Media types of a status.
    pub fn media_types(&self, status: &str) -> Vec<String> {
        let response = self.document.resolved(&self.operation["responses"][status]);
        response["content"].as_object().into_iter().flat_map(Map::keys).cloned().collect()
    }

    /// Panics unless the answer is one of those that are described.
    pub fn assert_describes(&self, answer: &Answer) {
        let complaints = self.complaints(answer);
        let (name, status) = (&self.name, answer.status);
        let text = String::from_utf8_lossy(&answer.body);
        assert!(complaints.is_empty(), "{name} {status}: {}\n{text:.2000}", complaints.join("\n"));
    }

    /// Lists the parts of an answer that are not described.
    pub fn complaints(&self, answer: &Answer) -> Vec<String> {
        let response = &self.operation["responses"][answer.status.as_str()];
        if response.is_null() {
            return vec![format!("status {} is not described", answer.status)];
        }
        let response = self.document.resolved(response);
        let mut complaints: Vec<String> = answer
            .headers
            .keys()
            .filter(|name| !OF_HTTP.contains(&name.as_str()) && !has_header(response, name))
            .map(|name| format!("the header {name} is not described"))
            .collect();
        let kind = answer.header("content-type").split(';').next().unwrap_or_default().trim();
        let described = &response["content"][kind];
        match (kind, described.is_null()) {
            ("", true) if answer.body.is_empty() && response["content"].is_null() => {}
            (_, true) => complaints.push(format!("the media type {kind:?} is not described")),
            (_, false) if kind == "application/json" || kind.ends_with("+json") => {
                let judge = Judge { document: self.document, complaints: &mut complaints };
                judge.all(&described["schema"], &answer.json());
            }
            // Texts and bytes have no shape.
            (_, false) => assert_eq!(described["schema"]["type"], "string", "{}: {kind}", self.name),
        }
        complaints
    }
}

fn has_header(response: &Value, name: &HeaderName) -> bool {
    let described = response["headers"].as_object().into_iter().flat_map(Map::keys);
    described.into_iter().any(|one| one.eq_ignore_ascii_case(name.as_str()))
}

struct Judge<'a> {
    document: &'a Description,
    complaints: &'a mut Vec<String>,
}

impl Judge<'_> {
    fn all(mut self, schema: &Value, value: &Value) {
        self.value(schema, value, "");
    }

    fn value(&mut self, schema: &Value, value: &Value, at: &str) {
        let schema = self.document.resolved(schema);
        if let Some(choices) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            return self.choice(choices, value, at);
        }
        let types = types_of(schema);
        if schema["allOf"].is_null() && !types.is_empty() && !types.iter().any(|kind| is_of(value, kind)) {
            self.complaints.push(format!("{at} is {value}, not {}", types.join(" or ")));
            return;
        }
        if let Some(words) = schema["enum"].as_array()
            && !words.contains(value)
        {
            self.complaints.push(format!("{at} is {value}, none of {words:?}"));
        }
        self.bounds(schema, value, at);
        match value {
            Value::Object(members) => self.object(schema, members, at),
            Value::Array(items) => {
                for (place, item) in items.iter().enumerate() {
                    self.value(&schema["items"], item, &format!("{at}/{place}"));
                }
            }
            _ => {}
        }
        self.stop_at_unknown(schema);
    }

    /// One of several: right if any takes it.
    fn choice(&mut self, choices: &[Value], value: &Value, at: &str) {
        let mut closest: Option<Vec<String>> = None;
        for choice in choices {
            let mut complaints = Vec::new();
            let judge = &mut Judge { document: self.document, complaints: &mut complaints };
            judge.value(choice, value, at);
            if complaints.is_empty() {
                return;
            }
            // What is wrong within the one that it is meant to be says more than that it is not null.
            if closest.as_ref().is_none_or(|found| found.len() < complaints.len()) || value.is_null() {
                closest = Some(complaints);
            }
        }
        self.complaints.extend(closest.unwrap_or_else(|| vec![format!("{at} has no choice")]));
    }

    fn bounds(&mut self, schema: &Value, value: &Value, at: &str) {
        let Some(number) = value.as_f64() else { return };
        let bound = |name: &str| schema[name].as_f64();
        if bound("minimum").is_some_and(|least| number < least)
            || bound("maximum").is_some_and(|most| number > most)
        {
            self.complaints.push(format!("{at} is {value}, out of bounds"));
        }
    }

    /// Every member is described, and every required one is there.
    fn object(&mut self, schema: &Value, members: &Map<String, Value>, at: &str) {
        let mut properties = Vec::new();
        let mut required = BTreeSet::new();
        gather(self.document, schema, &mut properties, &mut required);
        if properties.is_empty() && schema["allOf"].is_null() {
            let others = &schema["additionalProperties"];
            for (name, value) in members {
                match others {
                    Value::Object(_) => self.value(others, value, &format!("{at}/{name}")),
                    _ if schema["type"] == "object" && schema["additionalProperties"].is_null() => {}
                    _ => self.complaints.push(format!("{at}/{name} is not described")),
                }
            }
            return;
        }
        for (name, value) in members {
            match properties.iter().find(|(known, _)| known == name) {
                Some((_, property)) => self.value(property, value, &format!("{at}/{name}")),
                None => self.complaints.push(format!("{at}/{name} is not described")),
            }
        }
        for name in required.into_iter().filter(|name| !members.contains_key(name)) {
            self.complaints.push(format!("{at}/{name} is required and absent"));
        }
    }

    fn stop_at_unknown(&self, schema: &Value) {
        const JUDGED: [&str; 13] = [
            "type",
            "enum",
            "format",
            "pattern",
            "minimum",
            "maximum",
            "properties",
            "required",
            "items",
            "allOf",
            "oneOf",
            "additionalProperties",
            "$ref",
        ];
        for keyword in schema.as_object().into_iter().flat_map(Map::keys) {
            let is_known = JUDGED.contains(&keyword.as_str()) || NOTES.contains(&keyword.as_str());
            assert!(is_known, "{keyword} is not judged yet: teach {}", file!());
        }
    }
}

/// The properties of an object and what it requires, those of its parts too.
fn gather(
    document: &Description,
    schema: &Value,
    properties: &mut Vec<(String, Value)>,
    required: &mut BTreeSet<String>,
) {
    let schema = document.resolved(schema);
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        properties.push((name.clone(), property.clone()));
    }
    let names = schema["required"].as_array().into_iter().flatten();
    required.extend(names.map(|name| name.as_str().expect("a name").to_owned()));
    for part in schema["allOf"].as_array().into_iter().flatten() {
        gather(document, part, properties, required);
    }
}

fn types_of(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("there is no type {other}"),
    }
}
