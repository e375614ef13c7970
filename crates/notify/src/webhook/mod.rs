//! Webhooks after [Standard Webhooks](https://www.standardwebhooks.com): signatures and the schedule of attempts.

pub mod schedule;
pub mod signature;
