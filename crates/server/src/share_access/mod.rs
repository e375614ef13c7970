//! Access to shares with a password: the limit of tries, and the cookie of those who entered one.

mod cookie;

mod tries;

pub(crate) use cookie::{COOKIE_SECONDS, CookieKey};
pub(crate) use tries::{TRIES_SECONDS, Tries};
