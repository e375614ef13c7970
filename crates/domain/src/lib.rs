//! The domain types and rules of Tagmeter: types that cannot be wrong, and pure functions on them.
//!
//! Deliberately absent: async, I/O, SQL, HTTP, reading the clock. Every crate may depend on this one; it depends on
//! none. Reading order: [`tag`], [`id`] and [`creator`] (the measured things), [`caption`] (tags in a text), [`count`]
//! and [`observation`] (parsed facts), [`video`] and [`hashtag`] (stored records), [`credits`], [`account`] and
//! [`api_key`] (callers and payment). [`metrics`] computes metrics from readings, [`tracking`] says when they are
//! due, [`alerts`] what is worth a message, and [`campaign`] what a campaign is.
//!
//! ```
//! use domain::{Count, Tag};
//!
//! let tag = Tag::new("Cat").expect("a tag");
//! assert_eq!(tag.key().as_str(), "cat");
//! assert!(Count::displayed(1_200_000).is_some_and(|count| count.is_rounded()));
//! ```

pub mod tag;

pub mod caption;

pub mod compliance;

pub mod id;

pub mod assigned_id;

pub mod creator;

pub mod count;

pub mod time;

pub mod source;

pub mod region;

pub mod observation;

pub mod hashtag;

pub mod video;

pub mod fragment;

pub mod cursor;

pub mod credits;

pub mod operation;

pub mod account;

pub mod api_key;

pub mod key_scope;

pub mod request_id;

mod prefixed_id;

pub mod job_id;

pub mod tracker_id;

pub mod alert_id;

pub mod destination_id;

pub mod event_id;

pub mod annotation_id;

pub mod own_annotation;

pub mod campaign_id;

pub mod rhythm;

pub mod schedule_id;

pub mod feed_id;

pub mod feed_name;

pub mod share_id;

pub mod share_link;

pub mod campaign;

pub mod notes;

pub mod tracking;

pub mod alerts;

pub mod digest;

pub mod utc_day;

pub mod length;

pub mod moment;

pub mod link;

pub mod retry_after;

pub mod window;
pub mod zone;

pub mod caveat;

pub mod annotations;

pub mod number_set;

pub mod metrics;

pub use account::{AccountId, Email};
pub use alert_id::AlertId;
pub use annotation_id::AnnotationId;
pub use api_key::{ApiKey, KeyDigest, KeyId};
pub use campaign_id::CampaignId;
pub use caveat::Caveat;
pub use count::Count;
pub use creator::{Creator, Handle};
pub use credits::Credits;
pub use cursor::WalkCursor;
pub use destination_id::DestinationId;
pub use event_id::EventId;
pub use feed_id::FeedId;
pub use hashtag::{Basis, Hashtag, HashtagRow};
pub use id::{AuthorId, HashtagId, IdError, VideoId};
pub use job_id::JobId;
pub use key_scope::KeyScope;
pub use length::Length;
pub use moment::Moment;
pub use number_set::{CaveatSet, SourceSet};
pub use observation::{HashtagObservation, Observation, RemovedObservation, VideoObservation};
pub use operation::{Operation, OperationNumber};
pub use region::Region;
pub use request_id::RequestId;
pub use schedule_id::ScheduleId;
pub use share_id::ShareId;
pub use share_link::{ShareDigest, ShareToken, Slug};
pub use source::Source;
pub use tag::{Tag, TagError, TagKey};
pub use time::{Clock, Timestamp};
pub use tracker_id::TrackerId;
pub use utc_day::UtcDay;
pub use window::Window;
pub use zone::Zone;
