//! Answers in the API description: their media types, and the fields that `fields=` makes optional.

use super::schemas::{bytes, text};
use strum::VariantArray;
use tables::Format;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::schema::{ArrayItems, Schema};
use utoipa::openapi::{Components, Content, Ref, RefOr, Response};

/// Media type of JSON.
const JSON: &str = "application/json";

/// Adds the formats of an operation's parameter `format`, and makes the fields of its JSON optional if it has a
/// parameter `fields`.
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

fn parameter<'a>(operation: &'a Operation, name: &str) -> Option<&'a Parameter> {
    operation.parameters.iter().flatten().find_map(|parameter| match parameter {
        RefOr::T(parameter) if parameter.name == name => Some(parameter),
        _ => None,
    })
}

/// Returns the enumerated values of a parameter.
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

/// Returns the component that describes the JSON of a response.
fn json_schema(response: &Response) -> Option<String> {
    match response.content.get(JSON)? {
        RefOr::T(Content { schema: Some(RefOr::Ref(reference)), .. }) => Some(name_of(reference).to_owned()),
        _ => None,
    }
}

fn name_of(reference: &Ref) -> &str {
    reference.ref_location.rsplit('/').next().unwrap_or_default()
}

/// Makes every property under `data` optional, since `fields` may leave it out.
fn leave_fields_optional(components: &mut Components, answer: &str) {
    let Some(RefOr::T(Schema::Object(answer))) = components.schemas.get(answer) else { return };
    if let Some(name) = answer.properties.get("data").and_then(row_of) {
        leave_optional(components, &name);
    }
}

/// Returns the component of an object, or of the objects of a list.
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

/// Clears the required properties of a schema. Returns the components that its parts refer to.
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
