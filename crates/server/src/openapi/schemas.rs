//! Schemas that several endpoints share.

use std::collections::BTreeMap;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Response};
use utoipa::{PartialSchema, ToSchema};

/// Returns the schema of a string.
pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))
}

/// Returns the schema of a whole number.
pub(super) fn integer() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer))
}

/// Returns the schema of a flag.
pub(super) fn boolean() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::Boolean))
}

/// Returns the schema of bytes of a media type. Generators read `format`, also in OpenAPI 3.1, which itself
/// defines `contentMediaType` for raw bytes.
pub(super) fn bytes(media_type: &str) -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary))).content_media_type(media_type)
}

/// Bytes of any media type.
pub(crate) struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary))).into()
    }
}

impl ToSchema for Binary {}

/// Gives inlined schemas of fields the description of their field. utoipa adds it as an object beside them, of which both
/// would have to hold (`allOf`): no value is a string and an object.
pub(super) fn describe_fields(schemas: &mut BTreeMap<String, RefOr<Schema>>) {
    let fields = schemas.values_mut().filter_map(|schema| match schema {
        RefOr::T(Schema::Object(object)) => Some(object.properties.values_mut()),
        _ => None,
    });
    for field in fields.flatten() {
        let RefOr::T(Schema::AllOf(all)) = &*field else { continue };
        let [RefOr::T(Schema::Object(inlined)), RefOr::T(Schema::Object(about))] = all.items.as_slice()
        else {
            continue;
        };
        if !about.properties.is_empty() {
            continue;
        }
        let mut described = inlined.clone();
        described.description = about.description.clone().or(described.description);
        described.default = about.default.clone().or(described.default);
        described.example = about.example.clone().or(described.example);
        if described.examples.is_empty() {
            described.examples = about.examples.clone();
        }
        *field = RefOr::T(Schema::Object(described));
    }
}

/// Describes every body that is neither JSON nor text as bytes of its media type.
pub(super) fn describe_bytes(response: &mut Response) {
    for (media_type, content) in &mut response.content {
        let RefOr::T(content) = content else { continue };
        if !is_text(media_type) {
            content.schema = Some(bytes(media_type).into());
        }
    }
}

/// Returns true if bodies of a media type are text.
fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || ["json", "application/x-ndjson", "application/openmetrics-text"]
            .iter()
            .any(|ending| media_type.ends_with(ending))
}
