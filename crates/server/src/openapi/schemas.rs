//! Schemas that several endpoints share.

use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, SchemaType, Type};
use utoipa::openapi::{RefOr, Response};
use utoipa::{PartialSchema, ToSchema};

/// A string.
pub(super) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String))
}

/// A whole number.
pub(super) fn integer() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::Integer))
}

/// True or false.
pub(super) fn boolean() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::Boolean))
}

/// Bytes of this media type. `format` is what generators read, also those of OpenAPI 3.1; `contentMediaType` is what 3.1
/// defines for bytes that no encoding turned into text.
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

/// Describes every body that is neither JSON nor text as bytes of its media type.
pub(super) fn describe_bytes(response: &mut Response) {
    for (media_type, content) in &mut response.content {
        let RefOr::T(content) = content else { continue };
        if !is_text(media_type) {
            content.schema = Some(bytes(media_type).into());
        }
    }
}

/// Whether bodies of a media type are read as text.
fn is_text(media_type: &str) -> bool {
    media_type.starts_with("text/")
        || ["json", "application/x-ndjson", "application/openmetrics-text"]
            .iter()
            .any(|ending| media_type.ends_with(ending))
}
