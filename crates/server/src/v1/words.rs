//! The closed sets of words that parameters of `/v1` take. Each begins with its default.

use crate::openapi::Word;
use crate::query::Words;
use charts::Theme;
use domain::metrics::{Mode, Step, TrendWindow};
use measure::{ExportOf, HashtagSort, HistoryMetric, VideoSort};
use store::trends::TrendSort;
use tables::Format;

/// The formats that a whole table is exported in; the first one unless another is requested.
pub(super) const EXPORT_FORMATS: [Format; 3] = [Format::Ndjson, Format::Parquet, Format::Csv];

/// In which format a whole table is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExportFormat(pub(super) Format);

macro_rules! words {
    ($($name:ident = $kind:ident: $all:expr;)*) => {
        $(
            #[doc = concat!("Describes a parameter that takes a word for a `", stringify!($kind), "`.")]
            pub(super) type $name = Word<$kind>;

            impl Words for $kind {
                fn words() -> Vec<(&'static str, Self)> {
                    $all.into_iter().map(|word: $kind| (word.name(), word)).collect()
                }
            }
        )*
    };
}

words! {
    ExportFormatWord = ExportFormat: EXPORT_FORMATS.map(ExportFormat);
    ExportOfWord = ExportOf: ExportOf::ALL;
    HashtagSortWord = HashtagSort: HashtagSort::ALL;
    HistoryMetricWord = HistoryMetric: HistoryMetric::ALL;
    ModeWord = Mode: Mode::ALL;
    StepWord = Step: [Step::Day, Step::Raw, Step::Hour, Step::Week];
    ThemeWord = Theme: Theme::ALL;
    TrendSortWord = TrendSort: TrendSort::ALL;
    TrendWindowWord = TrendWindow: [TrendWindow::Week, TrendWindow::Day, TrendWindow::Month];
    VideoSortWord = VideoSort: VideoSort::ALL;
}

impl ExportFormat {
    const fn name(self) -> &'static str {
        self.0.name()
    }
}
