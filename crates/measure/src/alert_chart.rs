//! The chart of a message: the views of a hashtag up to the moment of an alert.

use crate::charted::chart_of;
use crate::{HistoryQuery, HistoryView, Measure, MeasureError};
use charts::Chart;
use domain::{Moment, Timestamp, UtcDay};
use store::StoreError;
use tokio::task::spawn_blocking;

/// Milliseconds before an alert that its chart shows: 30 days.
const SHOWN_MS: i64 = 30 * 86_400_000;
/// Width and height in pixels: mail programs are narrow, and screens have two pixels for each.
const SIZE: (u32, u32) = (1200, 600);
/// Fewest readings that make a line.
const READINGS_MIN: usize = 2;

/// A chart as a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertChart {
    /// The picture as PNG.
    pub png: Vec<u8>,
    /// The picture in words.
    pub alt: String,
}

impl Measure {
    /// Draws the views of a hashtag in the 30 days up to a moment, beside those of a hashtag that it is compared with.
    /// `None` if a hashtag is not stored or has fewer than two readings in these days.
    ///
    /// # Errors
    ///
    /// The store failed.
    pub async fn alert_chart(
        &self,
        hashtag: &str,
        versus: Option<&str>,
        until: Timestamp,
    ) -> Result<Option<AlertChart>, MeasureError> {
        let Some(own) = self.until(hashtag, until).await? else { return Ok(None) };
        let mut histories = vec![own];
        if let Some(versus) = versus {
            histories.extend(self.until(versus, until).await?);
        }
        let chart = chart(&histories);
        let alt = in_words(&histories, until);
        let drawn = spawn_blocking(move || charts::png(&chart)).await.map_err(StoreError::of_task)?;
        Ok(drawn
            .inspect_err(|error| tracing::warn!(%error, "the chart of a message cannot be drawn"))
            .ok()
            .map(|png| AlertChart { png, alt }))
    }

    /// Returns the history of the views of a hashtag up to a moment.
    async fn until(&self, name: &str, until: Timestamp) -> Result<Option<HistoryView>, MeasureError> {
        let Some(hashtag) = self.catalog().find(name).await? else { return Ok(None) };
        let from = Timestamp::from_ms(until.as_ms().saturating_sub(SHOWN_MS));
        let query = HistoryQuery {
            from: Some(Moment::At(from)),
            to: Some(Moment::At(until)),
            ..HistoryQuery::default()
        };
        let history = self.history(&hashtag, query).await?.data;
        Ok(Some(history).filter(|history| history.line().points.len() >= READINGS_MIN))
    }
}

fn chart(histories: &[HistoryView]) -> Chart {
    let names: Vec<String> = histories.iter().map(|history| format!("#{}", history.hashtag)).collect();
    let subtitle = "views as reported by TikTok, every reading, UTC".to_owned();
    let lines = histories.iter().map(HistoryView::line).collect();
    Chart { width: SIZE.0, height: SIZE.1, ..chart_of(names.join(", "), subtitle, "views", lines) }
}

/// Returns `Views of #cat from 2026-10-31 to 2026-11-30, from 1,000,000 to 1,100,000`.
fn in_words(histories: &[HistoryView], until: Timestamp) -> String {
    let from = UtcDay::of(Timestamp::from_ms(until.as_ms().saturating_sub(SHOWN_MS)));
    let ends = histories.iter().map(|history| {
        let values: Vec<u64> = history.points.iter().filter_map(|point| point.value).collect();
        let shown = |value: Option<&u64>| value.map(|value| charts::grouped(*value)).unwrap_or_default();
        format!("#{}, from {} to {}", history.hashtag, shown(values.first()), shown(values.last()))
    });
    format!("Views until {}, 30 days from {from}: {}", UtcDay::of(until), ends.collect::<Vec<_>>().join("; "))
}
