//! Fetching a hashtag's past videos from TikTok's Research API: window after window of days, page after page,
//! each page recorded on arrival.
//!
//! Each request is counted before it is sent, failed ones included, as the day's quota counts them. A window
//! that keeps failing is split; a single day that does is skipped and reported. Complete windows are recorded,
//! so that an interrupted backfill continues with the next one; repeated videos change nothing.

use super::guarded::Allowed;
use super::pace::Pace;
use crate::import::FIRST_REJECTS_MAX;
use crate::{Catalog, CatalogError};
use domain::caveat::{Caveat, caveats_of};
use domain::{Clock, Observation, Tag, Timestamp, UtcDay, Window};
use sources::files::is_ahead;
use sources::upstream::tiktok_research::{Allowance, VideosRequest, WindowPage};
use sources::upstream::{PageRejects, ResearchUpstream, UpstreamError};
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;
use store::Store;
use store::upstream_calls::CallReservation;
use store::upstream_fetches::{Fetch, FetchKind, FetchOutcome, LastFetch};
use tokio::time::sleep;

/// Tries of one page before its window is split.
const TRIES_MAX: u32 = 5;
/// Time until a video is in the index: windows fetched sooner are fetched again.
const INDEX_LAG_MS: i64 = 2 * 86_400_000;
/// Longest wait for a place among the calls of a minute, in milliseconds.
const WAIT_MS_MAX: u64 = 60_000;

/// The Research API and its limits.
#[derive(Debug, Clone)]
pub struct ResearchSource {
    /// The connector.
    pub connector: ResearchUpstream,
    /// Limits of calls.
    pub allowed: Allowed,
    /// Pause before the second try of a page; twice as long before the third, and so on.
    pub pause: Duration,
}

/// The period to fetch.
#[derive(Debug, Clone)]
pub struct Backfill {
    /// The hashtag.
    pub tag: Tag,
    /// First day of posting.
    pub first: UtcDay,
    /// Last day of posting.
    pub last: UtcDay,
}

/// Progress of a backfill.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackfillReport {
    /// Number of windows.
    pub windows: u64,
    /// Complete windows, of this run and earlier ones.
    pub windows_done: u64,
    /// Windows fetched by earlier runs.
    pub windows_before: u64,
    /// Days that could not be fetched, each with the reason.
    pub failed: Vec<(Window, String)>,
    /// Videos fetched.
    pub videos: u64,
    /// Videos new to the store.
    pub videos_new: u64,
    /// Index places of the pages; those without a video belong to removed or hidden videos.
    pub positions: u64,
    /// Number of rejects.
    pub rejects: u64,
    /// The first [`FIRST_REJECTS_MAX`] of them.
    pub first_rejects: Vec<WindowReject>,
    /// Calls of this run.
    pub calls: u64,
    /// True if it ended because the calls of the UTC day are used up; it can resume after midnight.
    pub is_quota_used_up: bool,
    /// Caveats of the numbers.
    pub caveats: BTreeSet<Caveat>,
    /// Fields that the API refused, so that they were left out: their values are unknown.
    pub fields_left_out: BTreeSet<String>,
}

/// A reject of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowReject {
    /// The window.
    pub window: Window,
    /// Cursor of its page in the index.
    pub cursor: u64,
    /// Place on the page, from 1.
    pub record: u64,
    /// The reason, with the field and its value if one is the cause.
    pub reason: String,
}

/// Counts the requests of a UTC day.
struct Counted<'c> {
    store: &'c Store,
    clock: &'c dyn Clock,
    name: &'c str,
    calls_max: Option<u64>,
    calls: std::sync::atomic::AtomicU64,
}

impl Counted<'_> {
    /// Returns the requests so far, failed ones too.
    fn made(&self) -> u64 {
        self.calls.load(std::sync::atomic::Ordering::Relaxed)
    }
}

impl BackfillReport {
    fn add_rejects(&mut self, window: Window, cursor: u64, rejects: &PageRejects) {
        self.rejects += rejects.count();
        let room = FIRST_REJECTS_MAX.saturating_sub(self.first_rejects.len());
        self.first_rejects.extend(rejects.first().iter().take(room).map(|reject| WindowReject {
            window,
            cursor,
            record: reject.record,
            reason: reject.reason.clone(),
        }));
    }
}

impl Allowance for Counted<'_> {
    async fn take(&self) -> Result<(), UpstreamError> {
        let day = UtcDay::of(self.clock.now());
        match self.store.reserve_upstream_call(self.name, day, self.calls_max).await {
            Ok(CallReservation::Reserved { .. }) => {
                self.calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                Ok(())
            }
            Ok(CallReservation::UsedUp { .. }) => Err(UpstreamError::QuotaUsedUp),
            Err(error) => {
                Err(UpstreamError::Connect { reason: format!("the call cannot be counted: {error}") })
            }
        }
    }
}

/// The result of fetching a window.
enum Read {
    Done,
    Failed(UpstreamError),
    QuotaUsedUp,
}

impl Catalog {
    /// Fetches a hashtag's past videos. `progress` gets the report after each page.
    ///
    /// # Errors
    /// The API refuses access or the request; everything fetched before that is stored.
    pub async fn backfill(
        &self,
        source: &ResearchSource,
        backfill: &Backfill,
        progress: &(dyn Fn(&BackfillReport) + Sync),
    ) -> Result<BackfillReport, CatalogError> {
        let windows = Window::covering(backfill.first, backfill.last, domain::window::WINDOW_DAYS_MAX);
        let mut waiting: VecDeque<Window> = windows.map_err(CatalogError::Window)?.into();
        let mut report = BackfillReport { windows: waiting.len() as u64, ..BackfillReport::default() };
        let counted = Counted {
            store: &self.inner.store,
            clock: &*self.inner.clock,
            name: source.connector.name(),
            calls_max: source.allowed.daily_requests,
            calls: std::sync::atomic::AtomicU64::new(0),
        };
        let pace = Pace::new(source.allowed.requests_per_minute);
        while let Some(window) = waiting.pop_front() {
            report.caveats.extend(caveats_of(window, self.inner.clock.now()));
            if self.was_read(&backfill.tag, window).await? {
                report.windows_done += 1;
                report.windows_before += 1;
                progress(&report);
                continue;
            }
            let mut reading = Reading { source, backfill, window, counted: &counted, pace: &pace, progress };
            let read = self.read_window(&mut reading, &mut report).await?;
            report.calls = counted.made();
            match read {
                Read::Done => report.windows_done += 1,
                Read::QuotaUsedUp => {
                    report.is_quota_used_up = true;
                    break;
                }
                Read::Failed(error) => match window.cut() {
                    Some(smaller) => {
                        tracing::warn!(%window, %error, "a window cannot be fetched completely, and is split");
                        report.windows += smaller.len() as u64 - 1;
                        smaller.into_iter().rev().for_each(|window| waiting.push_front(window));
                    }
                    None => report.failed.push((window, error.to_string())),
                },
            }
            progress(&report);
        }
        Ok(report)
    }

    /// Returns true if a window was fetched completely, late enough to miss nothing.
    async fn was_read(&self, tag: &Tag, window: Window) -> Result<bool, CatalogError> {
        let complete_ms = window.last().ends_at().as_ms().saturating_add(INDEX_LAG_MS);
        let fetched = self.inner.store.last_fetch(&fetch_of(tag, window)).await?;
        // A time recorded while the clock was ahead does not count.
        let now = self.inner.clock.now();
        Ok(fetched.is_some_and(|fetched| {
            !fetched.has_more && fetched.at.as_ms() >= complete_ms && !is_ahead(fetched.at, now)
        }))
    }

    async fn read_window(
        &self,
        reading: &mut Reading<'_>,
        report: &mut BackfillReport,
    ) -> Result<Read, CatalogError> {
        let (mut cursor, mut search_id) = (0, None::<String>);
        loop {
            let request = VideosRequest {
                tag: &reading.backfill.tag,
                window: reading.window,
                cursor,
                search_id: search_id.as_deref(),
            };
            let page = match self.page_of_window(reading, &request).await {
                Ok(page) => page,
                Err(UpstreamError::QuotaUsedUp) => return Ok(Read::QuotaUsedUp),
                Err(error) if error.is_passing() => return Ok(Read::Failed(error)),
                Err(error) => return Err(CatalogError::Research(error)),
            };
            report.positions += page.positions;
            report.fields_left_out.extend(page.left_out.iter().cloned());
            report.add_rejects(reading.window, cursor, &page.rejects);
            report.videos += page.videos.len() as u64;
            (cursor, search_id) = (page.cursor, page.search_id.clone().or(search_id));
            let has_more = page.has_more;
            report.videos_new += self.write_window_page(page).await?;
            report.calls = reading.counted.made();
            if !has_more {
                let at = self.inner.clock.now();
                let fetched =
                    LastFetch { at, outcome: FetchOutcome::Found, cursor: Some(cursor), has_more: false };
                let fetch = fetch_of(&reading.backfill.tag, reading.window);
                self.inner.store.note_fetch(&fetch, fetched).await?;
                return Ok(Read::Done);
            }
            (reading.progress)(report);
        }
    }

    /// Fetches a page, with retries if these may help: a fresh search may be refused for a while.
    async fn page_of_window(
        &self,
        reading: &Reading<'_>,
        request: &VideosRequest<'_>,
    ) -> Result<WindowPage, UpstreamError> {
        let mut tried = 0;
        loop {
            let now: Timestamp = self.inner.clock.now();
            let wait_ms = reading.pace.take(now, WAIT_MS_MAX).unwrap_or(WAIT_MS_MAX);
            if wait_ms > 0 {
                sleep(Duration::from_millis(wait_ms)).await;
            }
            let error = match reading.source.connector.videos(request, now, reading.counted).await {
                Ok(page) => return Ok(page),
                Err(error) => error,
            };
            tried += 1;
            if tried == TRIES_MAX || !error.is_passing() {
                return Err(error);
            }
            let pause = reading.source.pause * tried;
            let wanted = Duration::from_millis(error.retry_after_ms().unwrap_or(0).min(WAIT_MS_MAX));
            sleep(pause.max(wanted)).await;
        }
    }

    async fn write_window_page(&self, page: WindowPage) -> Result<u64, CatalogError> {
        let hashtags = page.hashtags.into_iter().map(|hashtag| Observation::Hashtag(Box::new(hashtag)));
        let videos = page.videos.into_iter().map(|video| Observation::Video(Box::new(video)));
        let observations: Vec<Observation> = hashtags.chain(videos).collect();
        if observations.is_empty() { Ok(0) } else { Ok(self.record(observations).await?.videos_new) }
    }
}

/// A window in progress.
struct Reading<'r> {
    source: &'r ResearchSource,
    backfill: &'r Backfill,
    window: Window,
    counted: &'r Counted<'r>,
    pace: &'r Pace,
    progress: &'r (dyn Fn(&BackfillReport) + Sync),
}

fn fetch_of(tag: &Tag, window: Window) -> Fetch {
    Fetch::new(FetchKind::Window, &format!("{}/{}/{}", tag.key().as_str(), window.first(), window.last()))
}
