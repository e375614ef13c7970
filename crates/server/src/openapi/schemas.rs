//! Schemas that several endpoints share: texts with a grammar, closed sets of words, and bytes.

use crate::query::{DURATION_PATTERN, TIME_PATTERN, Words};
use domain::metrics::Component;
use domain::tag::TAG_BYTES_MAX;
use std::borrow::Cow;
use std::marker::PhantomData;
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

/// A parameter that takes one word of a closed set; the first is the default.
pub(crate) struct Word<T>(PhantomData<T>);

impl<T: Words> PartialSchema for Word<T> {
    fn schema() -> RefOr<Schema> {
        let words: Vec<&str> = T::words().into_iter().map(|(word, _)| word).collect();
        let default = words.first().map(|word| (*word).into());
        text().enum_values(Some(words)).default(default).into()
    }
}

impl<T: Words> ToSchema for Word<T> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Word")
    }
}

/// A parameter that takes a time: a date, RFC 3339, or how long ago.
pub(crate) struct TimeText;

impl PartialSchema for TimeText {
    fn schema() -> RefOr<Schema> {
        text().pattern(Some(TIME_PATTERN)).into()
    }
}

impl ToSchema for TimeText {}

/// A parameter that takes a length of time.
pub(crate) struct DurationText;

impl PartialSchema for DurationText {
    fn schema() -> RefOr<Schema> {
        text().pattern(Some(DURATION_PATTERN)).into()
    }
}

impl ToSchema for DurationText {}

/// A parameter that takes a hashtag: its name in any spelling, or an id.
pub(crate) struct TagText;

/// Something is left of a name without `#`, white space and control characters.
const TAG_PATTERN: &str = r"[^#\s\x00-\x1f\x7f-\x9f]";

/// The same, or nothing at all.
const OPTIONAL_TAG_PATTERN: &str = r"^$|[^#\s\x00-\x1f\x7f-\x9f]";

impl PartialSchema for TagText {
    fn schema() -> RefOr<Schema> {
        text().min_length(Some(1)).max_length(Some(TAG_BYTES_MAX)).pattern(Some(TAG_PATTERN)).into()
    }
}

impl ToSchema for TagText {}

/// An optional parameter that takes a hashtag; an empty one counts as absent.
pub(crate) struct OptionalTagText;

impl PartialSchema for OptionalTagText {
    fn schema() -> RefOr<Schema> {
        text().pattern(Some(OPTIONAL_TAG_PATTERN)).into()
    }
}

impl ToSchema for OptionalTagText {}

/// A parameter that takes a keyword: one word or several.
pub(crate) struct KeywordText;

impl PartialSchema for KeywordText {
    fn schema() -> RefOr<Schema> {
        text().min_length(Some(1)).pattern(Some(TAG_PATTERN)).into()
    }
}

impl ToSchema for KeywordText {}

/// A parameter that takes weights of the emerging score: `zscore=2,growth=1`.
pub(crate) struct WeightsText;

impl PartialSchema for WeightsText {
    fn schema() -> RefOr<Schema> {
        let weight = format!("({})=[0-9]{{1,3}}([.][0-9]+)?", Component::ALL.map(Component::name).join("|"));
        text().pattern(Some(format!("^({weight}(,{weight})*)?$"))).into()
    }
}

impl ToSchema for WeightsText {}

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
