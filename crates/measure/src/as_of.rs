//! Questions as of a moment: the answer that would have been given then, from what had come in by then.

use crate::parameters::{TimeText, by};
use crate::{Measure, MeasureError};
use clap::Args;
use domain::{Moment, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;

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
    /// The moment is in the future.
    pub async fn at(&self, query: AsOfQuery) -> Result<Self, MeasureError> {
        if query.as_of.is_none() {
            return Ok(self.clone());
        }
        let arrived_at = self.inner.store.arrived_at().await?;
        let as_of = query.moment(self.inner.clock.now(), arrived_at)?;
        Ok(Self { inner: self.inner.clone(), as_of })
    }

    /// Returns the moment as of which it measures; `None` for the present.
    pub fn as_of(&self) -> Option<Timestamp> {
        self.as_of
    }

    /// Returns the moment that lengths of time count back from.
    pub(super) fn now(&self) -> Timestamp {
        self.as_of.unwrap_or_else(|| self.inner.clock.now())
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
