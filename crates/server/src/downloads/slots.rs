//! Limits of large answers made or sent at once, for each key and for the server.
//!
//! A slot is taken before a large answer is made and released when its last byte was sent or its connection
//! ended, so slow readers count for as long as they read.

use crate::errors::ErrorCode;
use crate::problem::Problem;
use domain::KeyId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// `Retry-After` of a refused large answer, in seconds: a guess.
const RETRY_SECONDS: u64 = 10;

/// The slots of a server.
#[derive(Debug)]
pub(crate) struct Slots {
    per_key: usize,
    per_server: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    by_key: HashMap<KeyId, usize>,
}

/// The slot of one large answer. Dropping it releases the slot.
#[derive(Debug)]
pub(crate) struct Slot {
    key_id: KeyId,
    taken: Arc<Mutex<Taken>>,
}

impl Slots {
    pub(crate) fn new(per_key: usize, per_server: usize) -> Self {
        Self { per_key, per_server, taken: Arc::default() }
    }

    /// Takes a slot for a key. Fails with 429 if the key has reached its limit, with 503 if the server has.
    pub(crate) fn take(&self, key_id: KeyId) -> Result<Slot, Problem> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_key = taken.by_key.get(&key_id).copied().unwrap_or(0);
        if of_key >= self.per_key {
            let detail = format!(
                "this key is receiving {of_key} large answers, and {} at once is the limit; finish one first",
                self.per_key
            );
            return Err(Problem::new(ErrorCode::RateLimited, detail).retry_after(RETRY_SECONDS));
        }
        if taken.all >= self.per_server {
            let detail = format!(
                "the server is sending {} large answers, and {} at once is the limit; try again later",
                taken.all, self.per_server
            );
            return Err(Problem::new(ErrorCode::Unavailable, detail).retry_after(RETRY_SECONDS));
        }
        taken.all += 1;
        *taken.by_key.entry(key_id).or_default() += 1;
        Ok(Slot { key_id, taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(of_key) = taken.by_key.get_mut(&self.key_id) {
            *of_key -= 1;
            if *of_key == 0 {
                taken.by_key.remove(&self.key_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(slots: &Slots, key: u32) -> Result<Slot, ErrorCode> {
        slots.take(KeyId::new(key)).map_err(|problem| problem.code())
    }

    #[test]
    fn slots_are_limited_by_key_and_server_and_released() {
        let slots = Slots::new(2, 3);
        let (first, _second) = (code(&slots, 1).expect("a slot"), code(&slots, 1).expect("a slot"));
        assert_eq!(code(&slots, 1).expect_err("the key has two"), ErrorCode::RateLimited);
        let _third = code(&slots, 2).expect("a slot");
        assert_eq!(code(&slots, 3).expect_err("the server has three"), ErrorCode::Unavailable);
        // The limit that the caller can act on comes first.
        assert_eq!(code(&slots, 1).expect_err("both are full"), ErrorCode::RateLimited);
        drop(first);
        drop(code(&slots, 3).expect("a slot was given back"));
        drop(code(&slots, 1).expect("a slot was given back"));
        assert_eq!(slots.taken.lock().expect("nobody panicked").by_key.len(), 2);
    }
}
