//! Removals: a record that is a bare id, which the source lists without other data since the video was deleted or made
//! private. Web captures write `{"id": "..."}`, mobile ones `{"aweme_id": "..."}`.

use crate::json::id::Id;
use crate::json::keys::Keys;
use domain::{RemovedObservation, Source, Timestamp};

/// Second of creation of the first TikTok ids (upper 32 bits), in 2014: a smaller bare number can be
/// anything.
const FIRST_SECOND: u64 = 1_388_534_400;

/// Returns the kind of capture a bare id belongs to; `None` if it is not a bare id.
pub(crate) fn source_of(keys: &Keys<'_>) -> Option<Source> {
    match keys.only() {
        Some(b"id") => Some(Source::WebItem),
        Some(b"aweme_id") => Some(Source::MobileAweme),
        _ => None,
    }
}

/// Adds the removal.
pub(crate) fn read(
    keys: &Keys<'_>,
    source: Source,
    observed_at: Option<Timestamp>,
) -> Result<RemovedObservation, String> {
    let value = keys.get("id").or_else(|| keys.get("aweme_id")).unwrap_or_default();
    let id: Id<'_> = serde_json::from_slice(value).map_err(|why| format!("not JSON: {why}"))?;
    let id = id.video(&[])?;
    if id.get() >> 32 < FIRST_SECOND {
        return Err(format!("only an id, and {} is no video's id", id.get()));
    }
    Ok(RemovedObservation { id, source, observed_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(record: &str) -> Option<Result<RemovedObservation, String>> {
        let keys = Keys::of(record.as_bytes());
        source_of(&keys).map(|source| super::read(&keys, source, None))
    }

    #[test]
    fn a_bare_id_of_a_video_is_a_removal() {
        for (record, source) in [
            (r#"{"id":"7464542160168193287"}"#, Source::WebItem),
            (r#"{ "id" : 7464542160168193287 }"#, Source::WebItem),
            (r#"{"aweme_id":"7464542160168193287"}"#, Source::MobileAweme),
        ] {
            let removed = read(record).expect("a bare id").expect("of a video");
            assert_eq!((removed.id.get(), removed.source), (7_464_542_160_168_193_287, source), "{record}");
        }
    }

    #[test]
    fn other_numbers_and_other_records_are_none() {
        for (record, part) in [
            (r#"{"id":"1"}"#, "1 is no video's id"),
            (r#"{"id":"229207"}"#, "no video's id"),
            (r#"{"id":7.46e18}"#, "video id"),
            (r#"{"id":"abc"}"#, "video id"),
            (r#"{"id":null}"#, "video id"),
        ] {
            let reason = read(record).expect("a bare id").expect_err(record);
            assert!(reason.contains(part), "{record}: {reason}");
        }
        for record in [r#"{"id":"7464542160168193287","desc":""}"#, r#"{"uid":"7464542160168193287"}"#, "{}"]
        {
            assert_eq!(read(record), None, "{record}");
        }
    }
}
