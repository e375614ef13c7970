//! The id of a campaign: `cmp_` and a ULID.

use crate::prefixed_id::prefixed_id;

prefixed_id! {
    /// A campaign's id.
    CampaignId, CampaignIdError, "campaign", "cmp_"
}
