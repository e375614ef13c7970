//! Answers in the API description: every media type that a path answers with, and what `fields=` leaves of them. JSON bodies
//! of requests, whose unknown fields are refused.

use super::schemas::{bytes, text};
use strum::VariantArray;
use tables::Format;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, Schema};
use utoipa::openapi::{Components, Content, Ref, RefOr, Response};

/// The JSON of an answer.
const JSON: &str = "application/json";

/// Adds the formats that an operation's parameter `format` names, and describes the JSON of one that takes `fields`
/// without required names.
pub(super) fn finish(operation: &mut Operation, components: &mut Components) {
    let formats = parameter(operation, "format").map(words).unwrap_or_default();
    let has_fields = parameter(operation, "fields").is_some();
    let Some(RefOr::T(answer)) = operation.responses.responses.get_mut("200") else { return };
    for format in
        Format::VARIANTS.iter().copied().filter(|format| formats.iter().any(|name| name == format.name()))
    {
        answer.content.entry(format.media_type().to_owned()).or_insert_with(|| file(format).into());
    }
    if has_fields && let Some(name) = json_schema(answer) {
        leave_fields_optional(components, &name);
    }
}

/// An unknown field of a JSON body is refused: its schema says so.
pub(super) fn close_body(operation: &Operation, components: &mut Components) {
    let Some(RefOr::T(body)) = &operation.request_body else { return };
    let Some(RefOr::T(Content { schema: Some(RefOr::Ref(reference)), .. })) = body.content.get(JSON) else {
        return;
    };
    if let Some(RefOr::T(Schema::Object(object))) = components.schemas.get_mut(name_of(reference)) {
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    }
}

fn parameter<'a>(operation: &'a Operation, name: &str) -> Option<&'a Parameter> {
    operation.parameters.iter().flatten().find_map(|parameter| match parameter {
        RefOr::T(parameter) if parameter.name == name => Some(parameter),
        _ => None,
    })
}

/// The words that a parameter takes.
fn words(parameter: &Parameter) -> Vec<String> {
    let Some(RefOr::T(Schema::Object(schema))) = &parameter.schema else { return Vec::new() };
    schema.enum_values.iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)).collect()
}

fn file(format: Format) -> Content {
    let schema = match format {
        Format::Json | Format::Ndjson | Format::Csv => text(),
        Format::Xlsx | Format::Parquet => bytes(format.media_type()),
    };
    ContentBuilder::new().schema(Some(schema)).build()
}

/// The component that describes the JSON of a response.
fn json_schema(response: &Response) -> Option<String> {
    match response.content.get(JSON)? {
        RefOr::T(Content { schema: Some(RefOr::Ref(reference)), .. }) => Some(name_of(reference).to_owned()),
        _ => None,
    }
}

fn name_of(reference: &Ref) -> &str {
    reference.ref_location.rsplit('/').next().unwrap_or_default()
}

/// With `fields`, what is under `data` lacks properties: none of its names are required.
fn leave_fields_optional(components: &mut Components, answer: &str) {
    let Some(RefOr::T(Schema::Object(answer))) = components.schemas.get(answer) else { return };
    if let Some(name) = answer.properties.get("data").and_then(row_of) {
        leave_optional(components, &name);
    }
}

/// The component of an object, or of the objects of a list.
fn row_of(data: &RefOr<Schema>) -> Option<String> {
    match data {
        RefOr::Ref(reference) => Some(name_of(reference).to_owned()),
        RefOr::T(Schema::Array(array)) => match &array.items {
            ArrayItems::RefOrSchema(item) => row_of(item),
            ArrayItems::False => None,
        },
        RefOr::T(_) => None,
    }
}

fn leave_optional(components: &mut Components, name: &str) {
    let parts = match components.schemas.get_mut(name) {
        Some(RefOr::T(schema)) => clear_required(schema),
        _ => Vec::new(),
    };
    for part in parts {
        leave_optional(components, &part);
    }
}

/// Clears what a schema requires; the components that its parts refer to.
fn clear_required(schema: &mut Schema) -> Vec<String> {
    match schema {
        Schema::Object(object) => {
            object.required.clear();
            Vec::new()
        }
        Schema::AllOf(all) => {
            let parts = all.items.iter_mut().flat_map(|part| match part {
                RefOr::Ref(reference) => vec![name_of(reference).to_owned()],
                RefOr::T(schema) => clear_required(schema),
            });
            parts.collect()
        }
        _ => Vec::new(),
    }
}
