//! Questions as of a moment: the answer that would have been given then, from what had come in by then.

use crate::parameters::{TimeText, by};
use crate::{Measure, MeasureError};
use catalog::HashtagRef;
use clap::Args;
use domain::{Hashtag, Moment, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

/// Data that an answer as of a moment is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MadeOf {
    /// Readings of hashtags.
    Readings,
    /// Videos as well: the moment must not be before the first of which it is stored when videos came in.
    Videos,
}

/// A moment as of which questions are answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct AsOf {
    at: Timestamp,
    made_of: MadeOf,
}

/// Moment as of which a question is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize, IntoParams, Args)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct AsOfQuery {
    /// Answers as of this moment, from what had come in by then: a day (to its last millisecond), a moment, or a length
    /// of time back from now. Other lengths of time count back from it.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    #[serde(deserialize_with = "by::text")]
    #[param(inline, value_type = TimeText, required = false)]
    pub as_of: Option<Moment>,
}

impl AsOfQuery {
    /// Returns the moment; `None` for the present. A day is its last millisecond, and today is now.
    ///
    /// # Errors
    ///
    /// It is later than `now` and `arrived_at`, the moment at which data last came in: the clock may have been set back.
    fn moment(
        self,
        now: Timestamp,
        arrived_at: Option<Timestamp>,
    ) -> Result<Option<Timestamp>, MeasureError> {
        let Some(wanted) = self.as_of else { return Ok(None) };
        let last = arrived_at.map_or(now, |arrived| arrived.max(now));
        if wanted.begin(now) > last {
            let why = format!("it is in the future; give a moment up to {}", last.to_rfc3339());
            return Err(MeasureError::parameter("as_of", why));
        }
        Ok(Some(wanted.end(now).min(last)))
    }
}

impl Measure {
    /// Returns what measures as of a moment.
    ///
    /// # Errors
    ///
    /// The moment is in the future, or before the first as of which the answer is known.
    pub async fn at(&self, query: AsOfQuery, made_of: MadeOf) -> Result<Self, MeasureError> {
        let store = &self.inner.store;
        let arrived_at = if query.as_of.is_some() { store.arrived_at().await? } else { None };
        let Some(at) = query.moment(self.inner.clock.now(), arrived_at)? else { return Ok(self.clone()) };
        if made_of == MadeOf::Videos
            && let Some(from) = store.videos_known_from().await?.filter(|from| at < *from)
        {
            let why = format!(
                "it is before {}, and of earlier videos it is not stored when they came in; give that or a later moment",
                from.to_rfc3339()
            );
            return Err(MeasureError::parameter("as_of", why));
        }
        Ok(Self { inner: self.inner.clone(), as_of: Some(AsOf { at, made_of }) })
    }

    /// Returns the moment as of which it measures; `None` for the present.
    pub fn as_of(&self) -> Option<Timestamp> {
        self.as_of.map(|as_of| as_of.at)
    }

    /// Returns a stored hashtag with the totals that were known at the moment, if the answer shows any.
    ///
    /// # Errors
    ///
    /// It had not come in by then.
    pub async fn known(&self, hashtag: Hashtag) -> Result<Hashtag, MeasureError> {
        let Some(AsOf { at, made_of }) = self.as_of else { return Ok(hashtag) };
        let store = &self.inner.store;
        if !store.had_come_in(hashtag.row, at).await? {
            return Err(MeasureError::NotThen(hashtag.tag.name().to_owned(), at));
        }
        Ok(match made_of {
            MadeOf::Readings => hashtag,
            MadeOf::Videos => store.hashtag_as_of(hashtag, at).await?,
        })
    }

    /// Returns the hashtag of a name with the totals that were known at the moment; `None` if it had not come in by then.
    pub(super) async fn known_by_ref(&self, hashtag: &HashtagRef) -> Result<Option<Hashtag>, MeasureError> {
        let Some(found) = self.inner.catalog.hashtag(hashtag).await? else { return Ok(None) };
        match self.known(found).await {
            Err(MeasureError::NotThen(..)) => Ok(None),
            known => known.map(Some),
        }
    }

    /// Returns the moment that lengths of time count back from.
    pub(super) fn now(&self) -> Timestamp {
        self.as_of().unwrap_or_else(|| self.inner.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_known_to_its_end_and_the_future_is_refused() {
        let at = |text| Timestamp::parse(text).expect("a time");
        let now = at("2026-11-30T12:00:00Z");
        let as_of = |text: &str, arrived_at| {
            let query = AsOfQuery { as_of: Some(text.parse().expect("a moment")) };
            let moment = query.moment(now, arrived_at).map_err(|error| error.to_string())?;
            Ok::<_, String>(moment.expect("a moment").to_rfc3339())
        };
        assert_eq!(as_of("2026-11-01", None).as_deref(), Ok("2026-11-01T23:59:59.999Z"));
        assert_eq!(as_of("2026-11-01T10:00:00Z", None).as_deref(), Ok("2026-11-01T10:00:00Z"));
        assert_eq!(as_of("2026-11-30", None).as_deref(), Ok("2026-11-30T12:00:00Z"));
        assert_eq!(as_of("12h", None).as_deref(), Ok("2026-11-30T00:00:00Z"));
        for future in ["2026-12-01", "2026-11-30T12:00:01Z"] {
            let refused = as_of(future, None).expect_err("the future");
            assert!(refused.contains("give a moment up to 2026-11-30T12:00:00Z"), "{refused}");
        }
        // Data that came in before the clock was set back.
        let arrived_at = Some(at("2026-12-01T00:00:00Z"));
        assert_eq!(as_of("2026-12-01", arrived_at).as_deref(), Ok("2026-12-01T00:00:00Z"));
        assert!(as_of("2026-12-02", arrived_at).is_err());
        assert_eq!(AsOfQuery::default().moment(now, None).expect("the present"), None);
    }
}
