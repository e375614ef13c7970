//! JSON as captures contain it: located in a stream without buffering it whole, and parsed leniently. Reading order:
//! [`scan`] (where a value ends), [`read_buffer`] (a stream behind a bounded buffer), [`keys`] (the keys of a record),
//! [`lenient`], [`number`], [`moment`], [`length`], [`id`] and [`wrapped`] (values of unexpected types), [`repair`]
//! (texts that are almost JSON).

pub(crate) mod scan;

pub(crate) mod read_buffer;

pub(crate) mod keys;

pub(crate) mod lenient;

pub(crate) mod number;

pub(crate) mod moment;

pub(crate) mod length;

pub(crate) mod wrapped;

pub(crate) mod id;

pub(crate) mod repair;
