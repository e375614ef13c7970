//! Measured numbers in words: for reports, and for commands that print them.

mod nothing;

mod numbers;

pub mod outlook;

pub use nothing::{nothing_moves, nothing_posted, nothing_read};
pub use numbers::{
    about, basis, counted, counted_as, counted_share, growth_over, is_far_from, maybe, observed, over,
    per_cent, ratio, real, share, shortened, signed_per_cent, span, tag, total, when,
};
