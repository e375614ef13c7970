//! Questions that are answered for credits. A [`Question`] is one type: its parameters are deserialized,
//! described in OpenAPI and passed to the measurement as the same struct, and [`routes`] both serves and
//! describes it.

use super::hashtags::reference;
use super::measured::{Page, Pagination, Shape, not_a_hashtag, problem};
use crate::apart::apart;
use crate::app::App;
use crate::extract;
use crate::gate::reply::Content;
use crate::gate::{Billing, Paid, RequestContext, serve};
use crate::openapi::question_parameters;
use crate::paging::Paging;
use crate::problem::Problem;
use axum::extract::{Request, State};
use axum::routing::get;
use catalog::{CatalogError, FreshnessRequirement};
use domain::{Hashtag, Operation};
use measure::parameters::TagText;
use measure::{AsOfQuery, MadeOf, Measure, MeasureError, Measured, Meta, Tabular};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use tables::Format;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem, PathsBuilder,
};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, Schema};
use utoipa::openapi::{Ref, RefOr, Required, ResponseBuilder, ResponsesBuilder};
use utoipa::{IntoParams, IntoResponses, PartialSchema, ToSchema};
use utoipa_axum::router::UtoipaMethodRouter;

/// The tag of measurements in the API description.
const TAG: &str = "measurement";

/// The API description of a question.
pub(crate) struct Described {
    pub(crate) path: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    /// Description of the answer.
    pub(crate) answer: &'static str,
    /// Name of the schema of the answer.
    pub(crate) schema: &'static str,
    /// True if `data` is a list of rows.
    pub(crate) is_list: bool,
}

/// A question that is answered for credits.
pub(crate) trait Question: Send + 'static {
    /// Its API description.
    const DESCRIBED: Described;
    /// Its operation in the ledger, which is its name in the API description.
    const OPERATION: Operation;
    /// Paging of its answer.
    const PAGING: Paging = Paging::None;
    /// Data that its answer as of a moment is made of; `None` if it is answered for the present alone.
    const AS_OF: Option<MadeOf> = None;
    /// Its parameters.
    type Query: DeserializeOwned + IntoParams + Send + 'static;
    /// The answer.
    type Answer: Serialize + Tabular + Send;
    /// The schema of `data`, or of its rows.
    type Row: ToSchema;
    /// The errors that it answers.
    type Errors: IntoResponses;

    /// Answers it.
    fn answer(
        measure: &Measure,
        request: QuestionRequest<Self::Query>,
        freshness: FreshnessRequirement,
    ) -> impl Future<Output = Result<Measured<Self::Answer>, Problem>> + Send;
}

/// A parsed request of a question.
pub(crate) struct QuestionRequest<Q> {
    /// The hashtag in the path; empty where the path has none.
    reference: String,
    as_of: AsOfQuery,
    pub(crate) query: Q,
    pub(crate) page: Page,
}

/// The parameters of a question that has none of its own.
#[derive(Deserialize, IntoParams)]
pub(crate) struct NoParameters {}

/// A question as a paid endpoint.
pub(crate) struct Measuring<Q>(PhantomData<Q>);

impl<Q: Question> Paid for Measuring<Q> {
    const OPERATION: Operation = Q::OPERATION;
    const IS_CONTRACT: bool = false;
    type Query = (QuestionRequest<Q::Query>, Shape);

    fn read(context: &RequestContext<'_>) -> Result<Self::Query, Problem> {
        let shape = Shape::read(context)?;
        let page = shape.page(&context.query, Q::PAGING)?;
        let query = extract::parameters(context.query.as_str())?;
        let as_of = match Q::AS_OF {
            Some(_) => extract::parameters(context.query.as_str())?,
            None => AsOfQuery::default(),
        };
        Ok((QuestionRequest { reference: reference(context)?, as_of, query, page }, shape))
    }

    fn media_types(_: &RequestContext<'_>) -> &'static [&'static str] {
        &[]
    }

    fn is_negotiated((_, shape): &Self::Query) -> bool {
        shape.is_negotiated()
    }

    fn representation((_, shape): &Self::Query) -> &'static str {
        // Empty for the default: fingerprints that are stored may be older than the choice of a format.
        if shape.is_negotiated() && shape.format() != Format::Json { shape.format().name() } else { "" }
    }

    async fn answer(
        app: &App,
        (request, shape): Self::Query,
        freshness: FreshnessRequirement,
    ) -> Result<Content, Problem> {
        let measure = app.measure.clone();
        apart(app, async move {
            let measure = match Q::AS_OF {
                Some(made_of) => measure.at(request.as_of, made_of).await.map_err(problem)?,
                None => measure,
            };
            let freshness = freshness_of(&measure, freshness);
            let mut measured = Q::answer(&measure, request, freshness).await?;
            measured.meta.as_of = measure.as_of();
            shape.content(measured)
        })
        .await
    }
}

/// Returns the freshness requirement of a question: none as of a moment, which no upstream knows more of.
pub(super) fn freshness_of(measure: &Measure, asked: FreshnessRequirement) -> FreshnessRequirement {
    match measure.as_of() {
        Some(_) => FreshnessRequirement { only_stored: true, ..asked },
        None => asked,
    }
}

/// Returns the route of a question with its description.
pub(crate) fn routes<Q: Question>() -> UtoipaMethodRouter<Arc<App>> {
    let Described { path, summary, description, answer, .. } = Q::DESCRIBED;
    let json = ContentBuilder::new().schema(Some(Ref::from_schema_name(Q::DESCRIBED.schema))).build();
    let success = ResponseBuilder::new().description(answer).content("application/json", json).build();
    let responses =
        ResponsesBuilder::new().response("200", success).responses_from_into_responses::<Q::Errors>().build();
    let operation = OperationBuilder::new()
        .operation_id(Some(Q::OPERATION.name()))
        .tag(TAG)
        .summary(Some(summary))
        .description(Some(description).filter(|text| !text.is_empty()))
        .parameters(Some(parameters::<Q>()))
        .responses(responses)
        .build();
    let paths = PathsBuilder::new().path(path, PathItem::new(HttpMethod::Get, operation)).build();
    let handler =
        async |State(app): State<Arc<App>>, request: Request| serve::<Measuring<Q>>(app, request).await;
    (schemas::<Q>(), paths, get(handler))
}

fn parameters<Q: Question>() -> Vec<Parameter> {
    let of_path = Q::DESCRIBED.path.contains("{ref}").then(|| {
        ParameterBuilder::new()
            .name("ref")
            .parameter_in(ParameterIn::Path)
            .required(Required::True)
            .description(Some("A name, with or without `#` (`%23`), or an id"))
            .schema(Some(TagText::schema()))
            .example(Some("cat".into()))
            .build()
    });
    let own = Q::Query::into_params(|| Some(ParameterIn::Query));
    let as_of = Q::AS_OF.map(|_| AsOfQuery::into_params(|| Some(ParameterIn::Query)));
    let own = own.into_iter().chain(as_of.into_iter().flatten());
    of_path.into_iter().chain(own).chain(question_parameters(Q::PAGING)).collect()
}

fn schemas<Q: Question>() -> Vec<(String, RefOr<Schema>)> {
    let row = Ref::from_schema_name(Q::Row::name());
    let data: RefOr<Schema> =
        if Q::DESCRIBED.is_list { ArrayBuilder::new().items(row).build().into() } else { row.into() };
    let answer = ObjectBuilder::new()
        .property("data", data)
        .property("meta", Ref::from_schema_name(Meta::name()))
        .property("pagination", Ref::from_schema_name(Pagination::name()))
        .property("billing", Ref::from_schema_name(Billing::name()));
    let answer = ["data", "meta", "pagination", "billing"].into_iter().fold(answer, ObjectBuilder::required);
    let mut all =
        vec![(Q::DESCRIBED.schema.to_owned(), answer.description(Some(Q::DESCRIBED.answer)).into())];
    add_schema::<Q::Row>(&mut all);
    add_schema::<Meta>(&mut all);
    add_schema::<Pagination>(&mut all);
    add_schema::<Billing>(&mut all);
    all
}

fn add_schema<T: ToSchema>(all: &mut Vec<(String, RefOr<Schema>)>) {
    all.push((T::name().into_owned(), T::schema()));
    T::schemas(all);
}

/// A question about the hashtag that the path names.
pub(crate) trait HashtagQuestion: Send + 'static {
    /// Its API description.
    const DESCRIBED: Described;
    /// Its operation in the ledger, which is its name in the API description.
    const OPERATION: Operation;
    /// Paging of its answer.
    const PAGING: Paging = Paging::None;
    /// Data that its answer as of a moment is made of; `None` if it is answered for the present alone.
    const AS_OF: Option<MadeOf> = None;
    /// Its parameters.
    type Query: DeserializeOwned + IntoParams + Send + 'static;
    /// The answer.
    type Answer: Serialize + Tabular + Send;
    /// The schema of `data`, or of its rows.
    type Row: ToSchema;

    /// Measures the hashtag.
    fn measure(
        measure: &Measure,
        hashtag: &Hashtag,
        query: Self::Query,
        page: Page,
    ) -> impl Future<Output = Result<Measured<Self::Answer>, MeasureError>> + Send;
}

/// A [`HashtagQuestion`] as a question: looks the hashtag up as fresh as requested, and marks the answer if it
/// is older.
pub(crate) struct OfHashtag<H>(PhantomData<H>);

impl<H: HashtagQuestion> Question for OfHashtag<H> {
    const DESCRIBED: Described = H::DESCRIBED;
    const OPERATION: Operation = H::OPERATION;
    const PAGING: Paging = H::PAGING;
    const AS_OF: Option<MadeOf> = H::AS_OF;
    type Query = H::Query;
    type Answer = H::Answer;
    type Row = H::Row;
    type Errors = crate::openapi::MeasureErrors;

    async fn answer(
        measure: &Measure,
        request: QuestionRequest<H::Query>,
        freshness: FreshnessRequirement,
    ) -> Result<Measured<H::Answer>, Problem> {
        let (found, stale) = hashtag(measure, "ref", &request.reference, freshness).await?;
        let measured = H::measure(measure, &found, request.query, request.page).await;
        let mut measured = measured.map_err(problem)?;
        measured.meta.stale = stale;
        Ok(measured)
    }
}

/// Looks up the hashtag that a parameter names, as fresh as requested, or as it was known at the moment of the question. The
/// flag is true if it is older.
pub(crate) async fn hashtag(
    measure: &Measure,
    param: &'static str,
    text: &str,
    freshness: FreshnessRequirement,
) -> Result<(Hashtag, bool), Problem> {
    let found = measure.catalog().fresh_hashtag(text, freshness).await.map_err(|error| match error {
        CatalogError::Name(why) => not_a_hashtag(param, text, &why),
        error => error.into(),
    })?;
    let (found, stale) = found.ok_or_else(|| problem(MeasureError::NotFound(text.to_owned())))?;
    Ok((measure.known(found).await.map_err(problem)?, stale && measure.as_of().is_none()))
}
