//! Web challenge search: a list of hashtags with totals, rounded as on the page.

use super::format::{Format, Json, Kind};
use super::web_challenge;
use crate::reading::Refusal;
use domain::Source;

pub(crate) static FORMAT: Format = Format {
    source: Source::WebSearch,
    shape: "`{data:[{challenge,stats}]}` or array",
    made_by: "web captures",
    kind: Kind::Json(Json {
        all: &["challenge", "stats"],
        any: &[],
        none: &[],
        within: &["data", "challenge_list"],
        // Without a list it is a detail record.
        read: |raw, reading| match reading.is_listed {
            true => web_challenge::read(raw, Source::WebSearch, reading),
            false => Err(Refusal::Shape),
        },
    }),
};
