//! Stand-ins for upstreams that tests cannot reach, written from their contracts: a real socket, honest answers, and on
//! a script every fault that was ever seen or feared.

mod contract;

mod fault;

mod hostile;

mod tiktok_research;

mod wire;

pub use contract::{ContractStandIn, Habits, UpstreamHashtag, UpstreamVideo, upstreams_at};
pub use fault::Fault;
pub use hostile::{Hostile, RETRY_AFTER, hostile_answers, hostile_silences};
pub use tiktok_research::{ResearchHabits, ResearchStandIn, ResearchVideo};
pub use wire::ReceivedRequest;
