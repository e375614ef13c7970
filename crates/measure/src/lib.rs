//! Answers questions from stored data, a file for each question; formulas are in `domain::metrics`.
//!
//! Every answer is [`Measured`]: the data and its metadata (time, sources, basis, sample and caveats). The
//! shapes are those of `/v1` and of the commands' `--json`: ids are strings, times RFC 3339 in UTC, unknown
//! values `null`.

mod alert_chart;

mod alert_coverage;

mod alert_parameters;

mod alert_preview;

mod alert_preview_view;

mod alert_templates;

mod alert_words;

mod annotations;

mod as_of;

mod available;

mod benchmark;

mod campaign;

mod campaign_report;

mod charted;

mod compare;

mod creators;

mod digest_parameters;

mod drafts;

mod export;

mod follower;

mod hashtag_report;

mod history;

mod outlook;

mod overview;

pub mod parameters;

mod peers;

mod related;

mod sample;

mod series;

mod sheets;

pub mod shown;

mod tabular;

mod trend_codec;

mod trending;

mod trends;

mod trends_rebuild;

mod videos;

mod view;

pub use alert_chart::AlertChart;
pub use alert_coverage::AlertCoverageView;
pub use alert_parameters::{Threshold, ThresholdError, Wait, WaitError};
pub use alert_preview::AlertPreviewQuery;
pub use alert_preview_view::{AlertFiredView, AlertPreviewView, AlertRuleView, AnnotationView};
pub use alert_templates::{AlertTemplateRequest, AlertTemplateView, AlertTemplatesQuery, AlertTemplatesView};
pub use alert_words::{plain, rule_in_words};
pub use annotations::{
    AnnotationError, AnnotationOrder, AnnotationPage, AnnotationRecord, AnnotationRef, AnnotationRefError,
    MarkView,
};
pub use as_of::{AsOfQuery, MadeOf};
pub use available::DataPeriod;
pub use benchmark::{BandView, BenchmarkQuery, BenchmarkSideView, BenchmarkSidesView, BenchmarkView};
pub use campaign::{
    CAMPAIGNS_PER_PAGE, CampaignError, CampaignGoalView, CampaignGoalsView, CampaignHashtagView,
    CampaignIncrementView, CampaignOrder, CampaignPage, CampaignPatch, CampaignPointView, CampaignRecord,
    CampaignVideoView, CampaignView, CampaignVoiceView, CheckedCampaign, ControlsView, FootnoteView,
    IncrementView, ParticipationDayView, ParticipationView, PeriodView, ReadingGapView, ReportedGainView,
    SentenceView, TogetherView, VoiceBaseView, VoicePointView,
};
pub use campaign_report::campaign_report;
pub use charted::{chart_of, marks};
pub use compare::{
    COMPARED_MAX, CompareQuery, CompareView, ComparedView, OverlapSideView, OverlapSidesView, OverlapView,
};
pub use creators::{ConcentrationView, CreatorView, CreatorsQuery, CreatorsView};
pub use digest_parameters::DigestQuery;
pub use export::{ExportOf, ExportQuery};
pub use hashtag_report::{ReportSpan, hashtag_report};
pub use history::{
    HISTORY_LIMIT, HISTORY_LIMIT_MAX, HistoryMetric, HistoryQuery, HistoryView, POINTS_MAX, PointView,
};
pub use outlook::{ForecastView, OutlookView, PaceView, SurgeView};
pub use overview::{HashtagSort, HashtagsQuery, LifecycleView, OverviewView};
pub use related::{RelatedQuery, RelatedSideView, RelatedSidesView, RelatedView};
pub use tabular::Tabular;
pub use trending::{TrendingQuery, TrendingView};
pub use trends::{TrendFacts, TrendsProgress};
pub use videos::{VideoMeasuredView, VideoSort, VideosQuery};
pub use view::{
    AsReadView, AvailableView, CaveatView, HashtagRecord, Meta, ObservedView, SampleView, TotalView, grouped,
};

use catalog::{Catalog, CatalogError};
use domain::{Clock, TagError, Timestamp};
use follower::TrendsFollower;
use peers::PeersCache;
use sample::Samples;
use std::path::PathBuf;
use std::sync::Arc;
use store::Store;

/// Most rows of a page.
pub const LIMIT_MAX: u32 = 100;
/// Rows of a page by default.
pub const LIMIT: u32 = 20;

/// Approximate maximum of videos in the sample of a hashtag by default: some 25 MB. Of a hashtag with more, the
/// videos of a part of its creators are sampled.
pub const SAMPLE_VIDEOS_MAX: u64 = 200_000;

/// Measures what a catalog stores, and keeps trends up to its changes. Cheap to clone: clones share everything.
#[derive(Clone)]
pub struct Measure {
    inner: Arc<Inner>,
    /// Moment as of which it measures; `None` for the present.
    as_of: Option<as_of::AsOf>,
}

struct Inner {
    catalog: Catalog,
    store: Store,
    clock: Arc<dyn Clock>,
    /// Samples of recently measured hashtags.
    samples: Samples,
    /// Locked while trends are computed, once for all callers.
    trends: tokio::sync::Mutex<()>,
    /// Folder for the temporary file of a rebuild.
    trends_folder: PathBuf,
    /// Peers that trends are compared with.
    peers: PeersCache,
    /// Follows the catalog for as long as this lives.
    _follower: Arc<TrendsFollower>,
}

impl Measure {
    /// Measures a catalog with [`SAMPLE_VIDEOS_MAX`], and follows its changes.
    pub fn new(catalog: Catalog) -> Self {
        Self::with_sample(catalog, SAMPLE_VIDEOS_MAX)
    }

    /// Measures a catalog with samples of about `sample_videos_max` videos at most.
    pub fn with_sample(catalog: Catalog, sample_videos_max: u64) -> Self {
        let inner = Arc::new_cyclic(|inner| Inner {
            store: catalog.store().clone(),
            clock: Arc::clone(catalog.clock()),
            samples: Samples::new(sample_videos_max),
            trends: tokio::sync::Mutex::new(()),
            trends_folder: catalog.folder().to_owned(),
            peers: PeersCache::default(),
            _follower: TrendsFollower::subscribe(inner.clone(), &catalog),
            catalog,
        });
        Self { inner, as_of: None }
    }

    /// Returns the catalog that is measured.
    pub fn catalog(&self) -> &Catalog {
        &self.inner.catalog
    }

    /// Returns the store of the catalog.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }
}

/// An answer with its metadata.
#[derive(Debug, Clone)]
pub struct Measured<T> {
    /// The answer.
    pub data: T,
    /// Its metadata.
    pub meta: Meta,
    /// Start of the next page; `None` on the last one.
    pub next: Option<Place>,
}

/// Start of a page: after this value and number in its order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// The value it is ordered by.
    pub value: f64,
    /// Number of the row, which orders equal values.
    pub number: u64,
}

/// Error of a measurement.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// Nothing is stored under this name or id.
    #[error("no hashtag {0} is stored")]
    NotFound(String),
    /// A hashtag had not come in by the moment of the question.
    #[error("no hashtag {} had come in by {}", .0, .1.to_rfc3339())]
    NotThen(String, Timestamp),
    /// A text is not the name of a hashtag.
    #[error("{0:?} is not a hashtag: {1}")]
    Name(String, TagError),
    /// A parameter is invalid.
    #[error("{param}: {why}")]
    Parameter {
        /// The parameter.
        param: &'static str,
        /// The problem, and the accepted values.
        why: String,
    },
    /// Trends are being computed for the first time.
    #[error("trends are being computed for the first time; try again in a moment")]
    TrendsPending,
    /// The readings of a hashtag are too few for a preview of an alert.
    #[error("{0}")]
    InsufficientHistory(String),
    /// A file cannot be written.
    #[error("the file cannot be written: {0}")]
    File(std::io::Error),
    /// The store or the search index failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
}

impl From<store::StoreError> for MeasureError {
    fn from(error: store::StoreError) -> Self {
        Self::Catalog(error.into())
    }
}

impl MeasureError {
    pub(crate) fn parameter(param: &'static str, why: impl Into<String>) -> Self {
        Self::Parameter { param, why: why.into() }
    }
}
