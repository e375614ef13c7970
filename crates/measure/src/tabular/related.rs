//! Related hashtags as rows.

use super::super::{RelatedSideView, RelatedView};
use super::{Tabular, columns, count, id, maybe_text, real, text, time};
use tables::{Column, Kind, Value};

impl Tabular for Vec<RelatedView> {
    fn is_empty_list(&self) -> bool {
        self.is_empty()
    }

    fn columns() -> Vec<Column> {
        columns(&[
            ("id", Kind::Id),
            ("name", Kind::Text),
            ("views", Kind::Integer),
            ("both", Kind::Integer),
            ("videos", Kind::Integer),
            ("probability", Kind::Real),
            ("lift", Kind::Real),
            ("npmi", Kind::Real),
            ("support", Kind::Real),
            ("relatedness", Kind::Real),
            ("generic", Kind::Flag),
            ("views_basis", Kind::Text),
            ("views_at", Kind::Time),
            ("views_as_read", Kind::Integer),
            ("both_before", Kind::Integer),
            ("videos_before", Kind::Integer),
            ("probability_before", Kind::Real),
            ("both_after", Kind::Integer),
            ("videos_after", Kind::Integer),
            ("probability_after", Kind::Real),
        ])
    }

    fn rows(&self) -> Vec<Vec<Value<'_>>> {
        let rows = self.iter().map(|other| {
            let side = |side: Option<&RelatedSideView>| {
                [
                    count(side.map(|side| side.both)),
                    count(side.map(|side| side.videos)),
                    real(side.and_then(|side| side.probability)),
                ]
            };
            let sides = other.sides.as_ref();
            let [both_before, videos_before, probability_before] = side(sides.map(|sides| &sides.before));
            let [both_after, videos_after, probability_after] = side(sides.map(|sides| &sides.after));
            vec![
                id(other.id.as_ref()),
                text(&other.name),
                count(other.views.value),
                Value::count(other.both),
                Value::count(other.videos),
                Value::Real(other.probability),
                Value::Real(other.lift),
                Value::Real(other.npmi),
                Value::Real(other.support),
                Value::Real(other.relatedness),
                Value::Flag(other.generic),
                maybe_text(other.views.basis),
                time(other.views.read_at.as_ref()),
                count(other.views.as_read.as_ref().map(|read| read.value)),
                both_before,
                videos_before,
                probability_before,
                both_after,
                videos_after,
                probability_after,
            ]
        });
        rows.collect()
    }
}
