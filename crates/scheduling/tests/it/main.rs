//! Schedules over real stores: each report is made and sent once, on time, late or never, to whoever still wants it.

mod kills;
mod mail;
mod making;
mod world;
