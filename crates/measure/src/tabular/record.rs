//! The columns of a hashtag's record, with which the rows of several answers begin.

use super::{count, id, time};
use crate::HashtagRecord;
use crate::view::{ObservedView, TotalView};
use domain::Hashtag;
use tables::{Kind, Value};

/// The columns: each total with its basis and the time it was read.
pub(crate) const RECORD: [(&str, Kind); 22] = [
    ("id", Kind::Id),
    ("name", Kind::Text),
    ("views", Kind::Integer),
    ("views_basis", Kind::Text),
    ("views_rounded", Kind::Flag),
    ("creators", Kind::Integer),
    ("creators_basis", Kind::Text),
    ("videos", Kind::Integer),
    ("videos_basis", Kind::Text),
    ("reported_at", Kind::Time),
    ("observed_videos", Kind::Integer),
    ("observed_views", Kind::Integer),
    ("observed_creators", Kind::Integer),
    ("views_as_read", Kind::Integer),
    ("creators_as_read", Kind::Integer),
    ("videos_as_read", Kind::Integer),
    ("observed_creators_by_handle", Kind::Integer),
    ("observed_at", Kind::Time),
    ("views_at", Kind::Time),
    ("creators_at", Kind::Time),
    ("videos_at", Kind::Time),
    ("assigned_id", Kind::Id),
];

/// The cells of [`RECORD`].
pub(crate) type RecordCells<'a> = [Value<'a>; RECORD.len()];

pub(crate) fn record(record: &HashtagRecord) -> RecordCells<'_> {
    let totals = [&record.views, &record.creators, &record.videos];
    let reported_at = time(record.reported_at);
    let ids = [id(record.id.as_ref()), id(record.assigned_id.as_ref())];
    record_cells(ids, &record.name, totals, reported_at, &record.observed)
}

/// Returns the row of a hashtag: that of its [`HashtagRecord`], without formatting its texts first.
pub(crate) fn hashtag_row(hashtag: &Hashtag) -> RecordCells<'_> {
    let [views, creators, videos] = TotalView::all_of(hashtag);
    let ids = match hashtag.id {
        Some(id) => [Value::id(id), Value::Absent],
        None => [Value::Absent, Value::id(hashtag.public_id())],
    };
    let (reported_at, observed) = (hashtag.reported_at().into(), ObservedView::of(&hashtag.observed));
    record_cells(ids, hashtag.tag.name(), [&views, &creators, &videos], reported_at, &observed)
}

fn record_cells<'a>(
    [id, assigned_id]: [Value<'a>; 2],
    name: &'a str,
    [views, creators, videos]: [&TotalView; 3],
    reported_at: Value<'a>,
    observed: &ObservedView,
) -> RecordCells<'a> {
    let basis = |total: &TotalView| total.basis.map_or(Value::Absent, Value::text);
    let as_read = |total: &TotalView| count(total.as_read.as_ref().map(|read| read.value));
    [
        id,
        Value::text(name),
        count(views.value),
        basis(views),
        Value::Flag(views.rounded),
        count(creators.value),
        basis(creators),
        count(videos.value),
        basis(videos),
        reported_at,
        Value::count(observed.videos),
        count(observed.views),
        count(observed.creators),
        as_read(views),
        as_read(creators),
        as_read(videos),
        Value::count(observed.creators_by_handle),
        time(observed.read_at),
        time(views.read_at),
        time(creators.read_at),
        time(videos.read_at),
        assigned_id,
    ]
}
