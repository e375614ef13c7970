//! Related hashtags as rows.

use super::{Field, Row, columns_of, count, id, maybe_text, real, text, time, values};
use crate::{RelatedSideView, RelatedView};
use tables::{Column, Kind, Value};

const RELATED: [Field<RelatedView>; 20] = [
    ("id", Kind::Id, |other| id(other.id.as_ref())),
    ("name", Kind::Text, |other| text(&other.name)),
    ("views", Kind::Integer, |other| count(other.views.value)),
    ("both", Kind::Integer, |other| Value::count(other.both)),
    ("videos", Kind::Integer, |other| Value::count(other.videos)),
    ("probability", Kind::Real, |other| Value::Real(other.probability)),
    ("lift", Kind::Real, |other| Value::Real(other.lift)),
    ("npmi", Kind::Real, |other| Value::Real(other.npmi)),
    ("support", Kind::Real, |other| Value::Real(other.support)),
    ("relatedness", Kind::Real, |other| Value::Real(other.relatedness)),
    ("generic", Kind::Flag, |other| Value::Flag(other.generic)),
    ("views_basis", Kind::Text, |other| maybe_text(other.views.basis)),
    ("views_at", Kind::Time, |other| time(other.views.read_at)),
    ("views_as_read", Kind::Integer, |other| count(other.views.as_read.as_ref().map(|read| read.value))),
    ("both_before", Kind::Integer, |other| count(before(other).map(|side| side.both))),
    ("videos_before", Kind::Integer, |other| count(before(other).map(|side| side.videos))),
    ("probability_before", Kind::Real, |other| real(before(other).and_then(|side| side.probability))),
    ("both_after", Kind::Integer, |other| count(after(other).map(|side| side.both))),
    ("videos_after", Kind::Integer, |other| count(after(other).map(|side| side.videos))),
    ("probability_after", Kind::Real, |other| real(after(other).and_then(|side| side.probability))),
];

fn before(other: &RelatedView) -> Option<&RelatedSideView> {
    other.sides.as_ref().map(|sides| &sides.before)
}

fn after(other: &RelatedView) -> Option<&RelatedSideView> {
    other.sides.as_ref().map(|sides| &sides.after)
}

impl Row for RelatedView {
    fn columns() -> Vec<Column> {
        columns_of(&RELATED)
    }

    fn values(&self) -> Vec<Value<'_>> {
        values(&RELATED, self)
    }
}
