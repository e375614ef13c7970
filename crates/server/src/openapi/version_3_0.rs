//! The description in OpenAPI 3.0, for generators that do not read 3.1.
//!
//! Their schemas differ: 3.0 writes `nullable: true` for the type `null`, `enum` of one for `const`, true or
//! false for `exclusiveMinimum`, `format: binary` for `contentMediaType`, and ignores the siblings of a `$ref`.

use crate::json::Json;
use indexmap::IndexMap;

/// Version of the output: the last one that all generators of 3.0 know.
const VERSION: &str = "3.0.3";

/// Members of the description whose values are data, not description.
const DATA: [&str; 5] = ["example", "examples", "default", "enum", "mapping"];

/// Keywords of 3.1 without a counterpart in 3.0, which constrain nothing.
const WITHOUT_COUNTERPART: [&str; 5] =
    ["propertyNames", "$comment", "$schema", "$id", "unevaluatedProperties"];

/// Converts a 3.1 description to 3.0, indented.
pub(super) fn twin(description: &str) -> String {
    let mut twin: Json = serde_json::from_str(description).expect("what was written as JSON is JSON");
    if let Some(members) = twin.members() {
        members.insert("openapi".to_owned(), Json::of(VERSION));
        for of_3_1 in ["jsonSchemaDialect", "webhooks"] {
            members.shift_remove(of_3_1);
        }
        if let Some(info) = members.get_mut("info").and_then(Json::members) {
            info.shift_remove("summary");
            if let Some(license) = info.get_mut("license").and_then(Json::members) {
                license.shift_remove("identifier");
            }
        }
        for place in ["paths", "components"] {
            members.get_mut(place).into_iter().for_each(element);
        }
    }
    serde_json::to_string_pretty(&twin).expect("JSON in memory can always be written")
}

/// Converts the schemas below an element that is not a schema itself.
fn element(json: &mut Json) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(element),
        Json::Object(members) => {
            bare_reference(members);
            for (name, member) in members {
                match name.as_str() {
                    "schema" => schema(member),
                    "schemas" => member.members().into_iter().flat_map(IndexMap::values_mut).for_each(schema),
                    name if DATA.contains(&name) => {}
                    _ => element(member),
                }
            }
        }
        Json::Scalar(_) => {}
    }
}

/// Converts a schema and those inside it.
fn schema(json: &mut Json) {
    if let Json::Scalar(serde_json::Value::Bool(_)) = json {
        // `true` accepts everything; `false` occurs in `additionalProperties` alone.
        *json = Json::Object(IndexMap::new());
    }
    let Some(members) = json.members() else { return };
    members.retain(|name, _| !WITHOUT_COUNTERPART.contains(&name.as_str()));
    for (name, member) in members.iter_mut() {
        match name.as_str() {
            "properties" => member.members().into_iter().flat_map(IndexMap::values_mut).for_each(schema),
            "items" | "not" => schema(member),
            "additionalProperties" if member.members().is_some() => schema(member),
            "allOf" => parts(member, |part| {
                part.members().into_iter().for_each(bare_reference);
                schema(part);
            }),
            "anyOf" | "oneOf" => parts(member, schema),
            _ => {}
        }
    }
    single_values(members);
    bounds(members);
    contents(members);
    null_type(members);
    null_part(members);
    reference(members);
}

fn parts(member: &mut Json, convert: impl FnMut(&mut Json)) {
    if let Json::Array(parts) = member {
        parts.iter_mut().for_each(convert);
    }
}

/// Removes the siblings of a `$ref`: generators merge the parts of `allOf`, but not those of a nested one.
fn bare_reference(members: &mut IndexMap<String, Json>) {
    if members.contains_key("$ref") {
        members.retain(|name, _| name == "$ref");
    }
}

/// Converts `const` and `examples`.
fn single_values(members: &mut IndexMap<String, Json>) {
    if let Some(value) = members.shift_remove("const") {
        members.insert("enum".to_owned(), Json::Array(vec![value]));
    }
    if let Some(Json::Array(examples)) = members.shift_remove("examples")
        && let Some(first) = examples.into_iter().next()
    {
        members.entry("example".to_owned()).or_insert(first);
    }
}

/// `exclusiveMinimum: 0` becomes `minimum: 0, exclusiveMinimum: true`.
fn bounds(members: &mut IndexMap<String, Json>) {
    for (exclusive, inclusive) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
        if let Some(bound) = members.get_mut(exclusive) {
            let bound = std::mem::replace(bound, Json::of(true));
            members.insert(inclusive.to_owned(), bound);
        }
    }
}

/// Converts the schema of bytes, raw or in base64.
fn contents(members: &mut IndexMap<String, Json>) {
    let media_type = members.shift_remove("contentMediaType");
    let encoding = members.shift_remove("contentEncoding");
    let format = match (encoding, media_type) {
        (Some(_), _) => "byte",
        (None, Some(_)) => "binary",
        (None, None) => return,
    };
    members.entry("format".to_owned()).or_insert_with(|| Json::of(format));
}

/// `type: [string, null]` becomes `type: string, nullable: true`. Of several types each becomes a part of `anyOf`.
fn null_type(members: &mut IndexMap<String, Json>) {
    let Some(Json::Array(types)) = members.get("type").cloned() else { return };
    let (null, mut others): (Vec<_>, Vec<_>) =
        types.into_iter().partition(|kind| kind.as_str() == Some("null"));
    if others.len() == 1 {
        members.insert("type".to_owned(), others.remove(0));
    } else {
        members.shift_remove("type");
        let parts = others.into_iter().map(|kind| Json::Object(IndexMap::from([("type".to_owned(), kind)])));
        members.insert("anyOf".to_owned(), Json::Array(parts.collect()));
    }
    if !null.is_empty() {
        members.insert("nullable".to_owned(), Json::of(true));
    }
}

/// `oneOf: [X, {type: null}]` becomes X with `nullable: true`.
fn null_part(members: &mut IndexMap<String, Json>) {
    for choice in ["oneOf", "anyOf"] {
        let Some(Json::Array(parts)) = members.get_mut(choice) else { continue };
        let before = parts.len();
        parts.retain_mut(|part| !is_null(part));
        if parts.len() == before {
            continue;
        }
        if let [part] = parts.as_mut_slice() {
            let part = std::mem::replace(part, Json::of(false));
            members.shift_remove(choice);
            put_in(members, part);
        }
        members.insert("nullable".to_owned(), Json::of(true));
    }
}

fn is_null(part: &mut Json) -> bool {
    let Some(members) = part.members() else { return false };
    members.get("type").and_then(Json::as_str) == Some("null")
}

/// Puts the members of a part into the schema that had it as a choice.
fn put_in(members: &mut IndexMap<String, Json>, part: Json) {
    if let Json::Object(part) = part {
        for (name, member) in part {
            members.entry(name).or_insert(member);
        }
    }
}

/// A `$ref` with siblings becomes `allOf: [{$ref}]` with them.
fn reference(members: &mut IndexMap<String, Json>) {
    if members.len() < 2 {
        return;
    }
    if let Some(reference) = members.shift_remove("$ref") {
        let part = Json::Object(IndexMap::from([("$ref".to_owned(), reference)]));
        members.insert("allOf".to_owned(), Json::Array(vec![part]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    /// Converts a schema of 3.1.
    fn converted(schema: &Value) -> Value {
        let description = json!({
            "openapi": "3.1.0",
            "info": {"title": "x", "version": "1", "summary": "s", "license": {"name": "MIT", "identifier": "MIT"}},
            "paths": {},
            "components": {"schemas": {"X": schema}},
        });
        let twin: Value = serde_json::from_str(&twin(&description.to_string())).expect("JSON");
        assert_eq!(twin["openapi"], VERSION);
        assert_eq!(twin["info"], json!({"title": "x", "version": "1", "license": {"name": "MIT"}}));
        twin["components"]["schemas"]["X"].clone()
    }

    #[test]
    fn each_difference_between_the_versions_is_translated() {
        let cat = json!({"$ref": "#/components/schemas/Cat"});
        for (newer, older) in [
            (json!({"type": ["string", "null"]}), json!({"type": "string", "nullable": true})),
            (
                json!({"type": ["string", "integer"]}),
                json!({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
            ),
            (json!({"oneOf": [cat, {"type": "null"}]}), json!({"nullable": true, "allOf": [cat]})),
            (
                json!({"oneOf": [{"$ref": "#/components/schemas/Cat", "description": "a cat"}, {"type": "null"}]}),
                json!({"nullable": true, "description": "a cat", "allOf": [cat]}),
            ),
            (
                json!({"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]}),
                json!({"anyOf": [{"type": "string"}, {"type": "integer"}], "nullable": true}),
            ),
            (cat.clone(), cat.clone()),
            (
                json!({"$ref": "#/components/schemas/Cat", "description": "a cat"}),
                json!({"allOf": [cat], "description": "a cat"}),
            ),
            (
                json!({"allOf": [{"$ref": "#/components/schemas/Cat", "description": "a cat"}, {"type": "object"}]}),
                json!({"allOf": [cat, {"type": "object"}]}),
            ),
            (json!({"const": 1}), json!({"enum": [1]})),
            (json!({"type": "string", "examples": ["a", "b"]}), json!({"type": "string", "example": "a"})),
            (
                json!({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 9}),
                json!({"type": "number", "minimum": 0, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": true}),
            ),
            (
                json!({"type": "string", "contentMediaType": "image/png"}),
                json!({"type": "string", "format": "binary"}),
            ),
            (
                json!({"type": "string", "contentMediaType": "image/png", "contentEncoding": "base64"}),
                json!({"type": "string", "format": "byte"}),
            ),
            (
                json!({"type": "object", "propertyNames": {"type": "string"}, "additionalProperties": {"type": ["integer", "null"]}}),
                json!({"type": "object", "additionalProperties": {"type": "integer", "nullable": true}}),
            ),
            (json!({"type": "array", "items": true}), json!({"type": "array", "items": {}})),
        ] {
            assert_eq!(converted(&newer), older, "{newer}");
            let below = |schema: &Value| json!({"type": "object", "properties": {"examples": schema}});
            assert_eq!(converted(&below(&newer)), below(&older), "{newer}, below a property");
        }
    }

    #[test]
    fn data_is_left_as_it_is() {
        let schema = json!({
            "type": "object",
            "properties": {"const": {"type": "string"}},
            "example": {"const": 1, "type": ["a", "null"], "$ref": "x", "schema": {"const": 2}},
            "default": {"const": 1},
        });
        assert_eq!(converted(&schema), schema);
    }
}
