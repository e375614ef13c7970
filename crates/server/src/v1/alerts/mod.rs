//! `/v1/alerts`: rules on the number of a hashtag, on its stored readings.

use super::measured::{not_a_hashtag, problem};
use super::question::apart;
use crate::app::App;
use crate::problem::Problem;
use catalog::CatalogError;
use domain::Hashtag;
use measure::{Measure, MeasureError};

pub(crate) mod preview;

pub(crate) mod templates;

/// Answers a question on a hashtag by its stored readings: no upstream is called.
async fn on_stored<T: Send + 'static, F: Future<Output = Result<T, MeasureError>> + Send>(
    app: &App,
    named: String,
    question: impl FnOnce(Measure, Hashtag) -> F + Send + 'static,
) -> Result<T, Problem> {
    let measure = app.measure.clone();
    apart(app, async move {
        let found = measure.catalog().find(&named).await.map_err(|error| match error {
            CatalogError::Name(why) => not_a_hashtag("hashtag", &named, &why),
            error => error.into(),
        })?;
        let hashtag = found.ok_or_else(|| problem(MeasureError::NotFound(named)))?;
        question(measure, hashtag).await.map_err(problem)
    })
    .await
}
