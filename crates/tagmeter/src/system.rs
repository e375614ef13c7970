//! The machine's clock and randomness, which are handed in to everything else.

use crate::exit::Failure;
use domain::{ApiKey, Clock, KeyId, Timestamp};
use std::time::{SystemTime, UNIX_EPOCH};

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is handed in to everybody else")]
    fn now(&self) -> Timestamp {
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_ms(i64::try_from(since(SystemTime::now()).as_millis()).unwrap_or(i64::MAX))
    }
}

/// Returns random bytes of the operating system.
#[expect(clippy::disallowed_methods, reason = "this is the chance that is handed in to everybody else")]
pub(crate) fn random_bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|cause| Failure::new(format_args!("the operating system gave no random bytes: {cause}")))?;
    Ok(bytes)
}

/// Returns a new API key.
pub(crate) fn new_key() -> Result<ApiKey, Failure> {
    Ok(ApiKey::new(KeyId::new(u32::from_be_bytes(random_bytes()?)), random_bytes()?))
}
