//! The closed sets of words that parameters of `/v1` take. Each begins with its default.

use crate::openapi::Word;
use crate::query::Words;
use charts::Theme;
use domain::metrics::{Mode, Step, TrendWindow};
use measure::{ExportOf, HashtagSort, HistoryMetric, VideoSort};
use store::trends::TrendSort;
use strum::VariantArray;
use tables::Format;

/// The formats that a whole table is exported in; the first one unless another is requested.
pub(super) const EXPORT_FORMATS: [Format; 3] = [Format::Ndjson, Format::Parquet, Format::Csv];

/// In which format a whole table is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ExportFormat(pub(super) Format);

macro_rules! words {
    ($($name:ident = $kind:ident;)*) => {
        $(
            #[doc = concat!("Describes a parameter that takes the name of a `", stringify!($kind), "`.")]
            pub(super) type $name = Word<$kind>;

            impl Words for $kind {
                fn words() -> Vec<(&'static str, Self)> {
                    let others = Self::VARIANTS.iter().copied().filter(|other| *other != Self::default());
                    std::iter::once(Self::default()).chain(others).map(|one| (one.name(), one)).collect()
                }
            }
        )*
    };
}

words! {
    ExportOfWord = ExportOf;
    HashtagSortWord = HashtagSort;
    HistoryMetricWord = HistoryMetric;
    ModeWord = Mode;
    StepWord = Step;
    ThemeWord = Theme;
    TrendSortWord = TrendSort;
    TrendWindowWord = TrendWindow;
    VideoSortWord = VideoSort;
}

/// Describes a parameter that takes the name of an [`ExportFormat`].
pub(super) type ExportFormatWord = Word<ExportFormat>;

impl Words for ExportFormat {
    fn words() -> Vec<(&'static str, Self)> {
        EXPORT_FORMATS.map(|format| (format.name(), Self(format))).to_vec()
    }
}
