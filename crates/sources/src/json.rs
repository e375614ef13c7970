//! JSON as captures hold it: found in a stream without reading it whole, and read leniently. Reading order:
//! [`scan`] (where a value ends), [`window`] (a stream seen through a bounded buffer), [`keys`] (what a record is made
//! of), [`lenient`], [`number`], [`moment`], [`length`], [`id`] and [`wrapped`] (values of any type where one was expected), [`repair`] (texts that are
//! almost JSON).

pub(crate) mod scan;

pub(crate) mod window;

pub(crate) mod keys;

pub(crate) mod lenient;

pub(crate) mod number;

pub(crate) mod moment;

pub(crate) mod length;

pub(crate) mod wrapped;

pub(crate) mod id;

pub(crate) mod repair;
