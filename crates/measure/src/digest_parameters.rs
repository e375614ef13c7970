//! Parameters of a digest: when the messages of a day or a week are sent together.

use crate::parameters::{DigestEveryName, Whole, one_of};
use clap::Args;
use domain::Zone;
use domain::digest::{DIGEST_HOUR, Digest, Every};
use serde::Deserialize;
use utoipa::ToSchema;

/// When events of alerts are sent together.
#[derive(Debug, Clone, PartialEq, Deserialize, ToSchema, Args)]
#[schema(as = Digest)]
#[serde(deny_unknown_fields)]
pub struct DigestQuery {
    /// Every day, or every Monday.
    #[serde(default)]
    #[arg(long = "digest", id = "digest", value_name = "EVERY", required = false, value_parser = one_of::<Every>(), help = "Send messages together, every day or every Monday, in place of each at once")]
    #[schema(inline, value_type = Option<DigestEveryName>)]
    pub every: Every,
    /// Hour of the local day.
    #[serde(default)]
    #[arg(
        long,
        value_name = "HOUR",
        requires = "digest",
        help = "Hour of the local day at which a digest is sent [default: 8]"
    )]
    #[schema(inline, value_type = Option<Whole<0, 23>>, default = 8, example = 8)]
    pub hour: Option<Whole<0, 23>>,
    /// Time zone of the hour, of the IANA database.
    #[serde(default)]
    #[arg(
        long,
        value_name = "ZONE",
        requires = "digest",
        help = "Time zone of the hour, such as Europe/Berlin [default: UTC]"
    )]
    #[schema(value_type = Option<String>, default = "UTC", example = "Europe/Berlin", max_length = 100)]
    pub tz: Option<Zone>,
}

impl From<DigestQuery> for Digest {
    fn from(DigestQuery { every, hour, tz }: DigestQuery) -> Self {
        let hour = hour.and_then(|hour| u8::try_from(hour.get()).ok());
        Self { every, hour: hour.unwrap_or(DIGEST_HOUR), tz: tz.unwrap_or_default() }
    }
}
