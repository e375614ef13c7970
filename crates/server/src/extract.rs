//! Deserializes the parameters of a question from the query of a request. Empty parameters count as absent;
//! errors name the parameter and what would be right. Unknown parameters are refused by the route.

use crate::problem::Problem;
use crate::query::shown;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::borrow::Cow;
use std::fmt::{self, Display};
use utoipa::IntoParams;
use utoipa::openapi::path::ParameterIn;

/// Deserializes the parameters of `T` from a query.
///
/// # Errors
///
/// The first parameter that is missing, repeated or has no such value.
pub(crate) fn parameters<T: DeserializeOwned + IntoParams>(query: &str) -> Result<T, Problem> {
    let given = form_urlencoded::parse(query.as_bytes());
    let given = given.map(|(name, text)| Parameter { name, text: text.trim().to_owned() });
    let given = Parameters { rest: given.filter(|one| !one.text.is_empty()), value: None };
    T::deserialize(MapAccessDeserializer::new(given)).map_err(|refusal| match refusal {
        Refusal::Wrong(name, detail) => Problem::field(name, detail),
        Refusal::Repeated(name) => {
            Problem::field(name.to_owned(), format!("{name} is given more than once; give it once"))
        }
        Refusal::Missing(name) => Problem::field(name.to_owned(), missing::<T>(name)),
    })
}

/// The parameters of a query as a map, whose errors name the parameter.
struct Parameters<'a, I> {
    rest: I,
    value: Option<Parameter<'a>>,
}

impl<'de, 'a, I: Iterator<Item = Parameter<'a>>> MapAccess<'de> for Parameters<'a, I> {
    type Error = Refusal;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refusal> {
        let Some(next) = self.rest.next() else { return Ok(None) };
        let key = seed.deserialize(StrDeserializer::new(&next.name));
        self.value = Some(next);
        key.map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refusal> {
        let value = self.value.take().ok_or_else(|| Refusal::custom("a value follows its key"))?;
        seed.deserialize(&value).map_err(|refusal| match refusal {
            Refusal::Wrong(name, why) if name.is_empty() => value.refused(why),
            other => other,
        })
    }
}

/// Describes a missing parameter, with the example of the API description.
fn missing<T: IntoParams>(name: &str) -> String {
    let all = T::into_params(|| Some(ParameterIn::Query));
    let described = all.iter().find(|one| one.name == name).and_then(|one| serde_json::to_value(one).ok());
    match described.as_ref().and_then(|described| described["example"].as_str()) {
        Some(example) => format!("{name} is missing; give it, such as {name}={example}"),
        None => format!("{name} is missing; give it"),
    }
}

/// The error of a query.
#[derive(Debug)]
enum Refusal {
    /// Name of a parameter, empty until it is known, and what is wrong with it.
    Wrong(String, String),
    Repeated(&'static str),
    Missing(&'static str),
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Refusal {}

impl Error for Refusal {
    fn custom<T: Display>(why: T) -> Self {
        Self::Wrong(String::new(), why.to_string())
    }

    fn missing_field(name: &'static str) -> Self {
        Self::Missing(name)
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::Repeated(name)
    }
}

/// A parameter of a query.
struct Parameter<'a> {
    name: Cow<'a, str>,
    text: String,
}

impl Parameter<'_> {
    fn refused(&self, why: impl Display) -> Refusal {
        let detail = format!("{} is {}: {why}", self.name, shown(&self.text));
        Refusal::Wrong(self.name.to_string(), detail)
    }
}

impl<'de> Deserializer<'de> for &Parameter<'_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_str(&self.text)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_some(self)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match self.text.as_str() {
            "true" | "1" => visitor.visit_bool(true),
            "false" | "0" => visitor.visit_bool(false),
            _ => Err(self.refused("give true or false")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match names.contains(&self.text.as_str()) {
            true => visitor.visit_enum(StrDeserializer::new(&self.text)),
            false => Err(self.refused(format_args!("give one of {}", names.join(", ")))),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::metrics::{Mode, Step};
    use measure::{
        BenchmarkQuery, CompareQuery, HashtagsQuery, HistoryMetric, HistoryQuery, TrendingQuery, VideosQuery,
    };

    fn refused<T: DeserializeOwned + IntoParams + fmt::Debug>(query: &str) -> (String, String) {
        let problem = parameters::<T>(query).expect_err(query);
        (problem.field_name().unwrap_or_default().to_owned(), problem.detail().to_owned())
    }

    #[test]
    fn absent_and_empty_parameters_have_their_defaults() {
        for query in ["", "metric=", "metric=%20&from=&repair", "other=x"] {
            assert_eq!(parameters::<HistoryQuery>(query).expect(query), HistoryQuery::default(), "{query}");
        }
        let all = "metric=videos&step=raw&mode=gain&repair=0&from=30d&to=2026-11-01";
        let all: HistoryQuery = parameters(all).expect("a question");
        assert_eq!(
            (all.metric, all.step, all.mode, all.repair),
            (HistoryMetric::Videos, Step::Raw, Mode::Gain, false)
        );
        assert!(all.from.is_some() && all.to.is_some());
        let videos: VideosQuery = parameters("region=us&min_plays=7&also=%23dog").expect("a question");
        assert_eq!(videos.region.map(|region| region.to_string()).as_deref(), Some("US"));
        assert_eq!((videos.min_plays.get(), videos.also.as_deref()), (7, Some("#dog")));
    }

    #[test]
    fn a_wrong_parameter_is_named_with_what_would_be_right() {
        let named = |name: &str, detail: &str| (name.to_owned(), detail.to_owned());
        assert_eq!(
            refused::<HistoryQuery>("step=month"),
            named("step", "step is \"month\": give one of raw, hour, day, week")
        );
        assert_eq!(
            refused::<HistoryQuery>("from=3m"),
            named("from", "from is \"3m\": 3m is ambiguous: write 3min for minutes or 3mo for months")
        );
        assert_eq!(
            refused::<HistoryQuery>("repair=maybe"),
            named("repair", "repair is \"maybe\": give true or false")
        );
        assert_eq!(
            refused::<TrendingQuery>("min_views=-1"),
            named("min_views", "min_views is \"-1\": give a whole number from 0 to 9007199254740991")
        );
        for (query, name) in [
            ("window=0", "window"),
            ("plays=x", "plays"),
            ("engagement=nan", "engagement"),
            ("video_id=x", "video_id"),
        ] {
            assert_eq!(refused::<BenchmarkQuery>(query).0, name, "{query}");
        }
        for (query, name) in
            [("tags=cat", "tags"), ("tags=a,b&index=0", "index"), ("tags=a,b&tags=c,d", "tags")]
        {
            assert_eq!(refused::<CompareQuery>(query).0, name, "{query}");
        }
    }

    #[test]
    fn a_missing_parameter_is_named_with_an_example() {
        let (name, detail) = refused::<HashtagsQuery>("sort=views&query=");
        assert_eq!(
            (name.as_str(), detail.as_str()),
            ("query", "query is missing; give it, such as query=cat")
        );
        assert_eq!(refused::<CompareQuery>("").1, "tags is missing; give it, such as tags=cat,dog");
    }
}
