//! The heart of Tagmeter: records observations and answers from what is stored.

pub mod search;
