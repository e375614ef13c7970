//! The events that webhooks get, as the `webhooks` of the description.

use alerting::found::EVENT_TYPES;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, PathItem, Paths};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{ContentBuilder, Required, ResponseBuilder};

/// Headers of every message, after Standard Webhooks.
const HEADERS: &str = "Signed after Standard Webhooks by `webhook-id`, `webhook-timestamp` and `webhook-signature`; \
    the id is the same at every attempt. Answer with any 2xx within 20 seconds; 410 turns the webhook off.";

/// Describes each type of events.
pub(super) fn describe() -> Paths {
    let mut webhooks = Paths::new();
    for (event, sentence, _) in EVENT_TYPES {
        let body = RequestBodyBuilder::new()
            .content("application/json", ContentBuilder::new().schema(Some(payload(event.as_str()))).build())
            .required(Some(Required::True))
            .build();
        let operation = OperationBuilder::new()
            .tag("webhooks")
            .summary(Some(sentence))
            .description(Some(HEADERS))
            .request_body(Some(body))
            .response("2XX", ResponseBuilder::new().description("The message is accepted").build())
            .response("410", ResponseBuilder::new().description("No more messages are wanted").build())
            .build();
        webhooks.paths.insert(event.as_str().to_owned(), PathItem::new(HttpMethod::Post, operation));
    }
    webhooks
}

/// Returns the schema of the payload of a type.
fn payload(event: &str) -> Schema {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let named = text().enum_values(Some([event])).build();
    let at = text()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some("When it happened"))
        .build();
    let sequence = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .description(Some("Number among the events of the account: later ones are larger"))
        .build();
    let data = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(
            "Facts about it, as `GET /v1/alerts/{id}/events` returns them, and the id of the `event`",
        ))
        .build();
    ObjectBuilder::new()
        .property("type", named)
        .property("timestamp", at)
        .property("sequence", sequence)
        .property("data", data)
        .required("type")
        .required("timestamp")
        .required("sequence")
        .required("data")
        .into()
}
