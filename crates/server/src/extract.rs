//! Deserializes the query of a request, or the JSON object in its body, into one typed struct. Errors name the parameter
//! and what would be right. Empty parameters of a query count as absent; unknown ones are refused by the route.

use crate::json::Json;
use crate::problem::Problem;
use crate::query::shown;
use indexmap::IndexMap;
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error, Expected, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Number, Value};
use std::borrow::Cow;
use std::fmt::{self, Display};
use utoipa::openapi::path::ParameterIn;
use utoipa::{IntoParams, ToSchema};

/// Largest whole number up to which all are exact as doubles.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
/// Characters of a field that an error repeats.
const NAME_CHARS_MAX: usize = 40;

/// Deserializes the parameters of `T` from a query.
///
/// # Errors
///
/// The first parameter that is missing, repeated or has no such value.
pub(crate) fn parameters<T: DeserializeOwned + IntoParams>(query: &str) -> Result<T, Problem> {
    let given = form_urlencoded::parse(query.as_bytes());
    let given = given.map(|(name, text)| Parameter { name, value: Given::Text(text.trim().to_owned()) });
    let given = given.filter(|one| !matches!(&one.value, Given::Text(text) if text.is_empty()));
    deserialized(given, |name| {
        let all = T::into_params(|| Some(ParameterIn::Query));
        let described =
            all.iter().find(|one| one.name == name).and_then(|one| serde_json::to_value(one).ok())?;
        Some(format!("{name}={}", described["example"].as_str()?))
    })
}

/// Deserializes the fields of `T` from the object in a body. A field that is `null` counts as absent.
///
/// # Errors
///
/// The first field that is missing, unknown or has no such value.
pub(crate) fn fields<T: DeserializeOwned + ToSchema>(object: IndexMap<String, Json>) -> Result<T, Problem> {
    let given = object.into_iter().filter(|(_, value)| *value != Json::Scalar(Value::Null));
    let given = given.map(|(name, value)| Parameter { name: name.into(), value: Given::Json(value) });
    deserialized(given, |name| {
        let described = serde_json::to_value(T::schema()).ok()?;
        Some(described["properties"][name]["example"].as_str()?.to_owned())
    })
}

/// Deserializes parameters. `example` returns an example of a missing one.
fn deserialized<'a, T: DeserializeOwned>(
    given: impl Iterator<Item = Parameter<'a>>,
    example: impl FnOnce(&str) -> Option<String>,
) -> Result<T, Problem> {
    let given = Parameters { rest: given, value: None };
    T::deserialize(MapAccessDeserializer::new(given)).map_err(|refusal| match refusal {
        Refusal::Wrong(name, detail) => Problem::field(name, detail),
        Refusal::Repeated(name) => {
            Problem::field(name.to_owned(), format!("{name} is given more than once; give it once"))
        }
        Refusal::Missing(name) => {
            let example = example(name).map(|example| format!(", such as {example}")).unwrap_or_default();
            Problem::field(name.to_owned(), format!("{name} is missing; give it{example}"))
        }
    })
}

/// Parameters as a map, whose errors name the parameter.
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
            // A tagged object is read apart from this field.
            Refusal::Wrong(name, why) if !value.is_named_by(&name) => {
                Refusal::Wrong(format!("{}.{name}", value.name), why)
            }
            Refusal::Missing(name) => {
                let name = format!("{}.{name}", value.name);
                Refusal::Wrong(name.clone(), format!("{name} is missing; give it"))
            }
            other => other,
        })
    }
}

/// Items of a list, whose errors name the list.
struct Items<I>(I);

impl<'de, 'a, I: Iterator<Item = Parameter<'a>>> SeqAccess<'de> for Items<I> {
    type Error = Refusal;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refusal> {
        let Some(item) = self.0.next() else { return Ok(None) };
        let read = seed.deserialize(&item).map_err(|refusal| match refusal {
            Refusal::Wrong(name, why) if name.is_empty() => item.refused(why),
            other => other,
        });
        read.map(Some)
    }
}

/// The error of a query or body.
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

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("give {expected}"))
    }

    fn invalid_value(given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(given, expected)
    }

    fn unknown_field(name: &str, known: &'static [&'static str]) -> Self {
        let name: String = name.chars().take(NAME_CHARS_MAX).collect();
        let detail = format!("there is no field {name:?}; the fields are {}", known.join(", "));
        Self::Wrong(name, detail)
    }

    fn missing_field(name: &'static str) -> Self {
        Self::Missing(name)
    }

    fn duplicate_field(name: &'static str) -> Self {
        Self::Repeated(name)
    }
}

/// A parameter with its value.
struct Parameter<'a> {
    name: Cow<'a, str>,
    value: Given,
}

/// The value of a parameter.
enum Given {
    /// The text in a query, which stands for a value of any type.
    Text(String),
    /// A value in a body, which is of one type.
    Json(Json),
}

impl Parameter<'_> {
    /// Returns true if a name is its own, or that of a field within it.
    fn is_named_by(&self, name: &str) -> bool {
        name.strip_prefix(&*self.name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }

    /// Reads an object within a body; errors name its field after its own name.
    fn members<'de, V: Visitor<'de>>(
        &self,
        members: &IndexMap<String, Json>,
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let given = members.iter().filter(|(_, value)| **value != Json::Scalar(Value::Null));
        let given =
            given.map(|(name, value)| Parameter { name: name.into(), value: Given::Json(value.clone()) });
        visitor.visit_map(Parameters { rest: given, value: None }).map_err(|refusal| {
            let within = |name: &str| format!("{}.{name}", self.name);
            match refusal {
                Refusal::Wrong(name, why) if !name.is_empty() => Refusal::Wrong(within(&name), why),
                Refusal::Missing(name) => {
                    Refusal::Wrong(within(name), format!("{} is missing; give it", within(name)))
                }
                other => other,
            }
        })
    }

    fn refused(&self, why: impl Display) -> Refusal {
        let shown = match &self.value {
            Given::Text(text) | Given::Json(Json::Scalar(Value::String(text))) => shown(text),
            Given::Json(value) => {
                let text = serde_json::to_string(value).unwrap_or_default();
                text.chars().take(NAME_CHARS_MAX).collect()
            }
        };
        Refusal::Wrong(self.name.to_string(), format!("{} is {shown}: {why}", self.name))
    }
}

/// Returns a whole number, also one with a fraction of 0: `310.0` is an integer by JSON Schema.
fn whole(number: &Number) -> Option<u64> {
    let real = || number.as_f64().filter(|real| real.fract() == 0.0 && (0.0..=EXACT_MAX).contains(real));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is whole and not negative"
    )]
    number.as_u64().or_else(|| real().map(|real| real as u64))
}

impl<'de> Deserializer<'de> for &Parameter<'_> {
    type Error = Refusal;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.value {
            Given::Text(text) | Given::Json(Json::Scalar(Value::String(text))) => visitor.visit_str(text),
            Given::Json(Json::Scalar(Value::Number(number))) => match whole(number) {
                Some(whole) => visitor.visit_u64(whole),
                None => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Given::Json(Json::Scalar(Value::Bool(flag))) => visitor.visit_bool(*flag),
            // Tagged objects are read this way.
            Given::Json(Json::Object(members)) => self.members(members, visitor),
            Given::Json(_) => Err(Refusal::invalid_type(Unexpected::Other("JSON"), &visitor)),
        }
    }

    fn deserialize_u64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.value {
            Given::Json(Json::Scalar(Value::String(text))) => {
                Err(Refusal::invalid_type(Unexpected::Str(text), &visitor))
            }
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        visitor.visit_some(self)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        match &self.value {
            Given::Text(text) if matches!(&**text, "true" | "1") => visitor.visit_bool(true),
            Given::Text(text) if matches!(&**text, "false" | "0") => visitor.visit_bool(false),
            Given::Json(Json::Scalar(Value::Bool(flag))) => visitor.visit_bool(*flag),
            _ => Err(self.refused("give true or false")),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refusal> {
        let Given::Json(Json::Array(items)) = &self.value else { return Err(self.refused("give a list")) };
        let item = |item: &Json| Parameter { name: self.name.clone(), value: Given::Json(item.clone()) };
        visitor.visit_seq(Items(items.iter().map(item)))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        let Given::Json(Json::Object(members)) = &self.value else {
            return Err(self.refused("give an object"));
        };
        self.members(members, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refusal> {
        match &self.value {
            Given::Text(text) | Given::Json(Json::Scalar(Value::String(text)))
                if names.contains(&&**text) =>
            {
                visitor.visit_enum(StrDeserializer::new(text))
            }
            _ => Err(self.refused(format_args!("give one of {}", names.join(", ")))),
        }
    }

    forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        tuple tuple_struct map identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::metrics::{Mode, Step};
    use measure::{
        BenchmarkQuery, CompareQuery, HashtagsQuery, HistoryMetric, HistoryQuery, TrendingQuery, VideosQuery,
    };
    use serde_json::json;

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
    fn fields_of_a_body_are_of_their_types_and_null_is_absent() {
        #[derive(Debug, PartialEq, serde::Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        struct Body {
            #[schema(example = "cat")]
            a: String,
            #[schema(value_type = Option<u64>)]
            b: Option<measure::parameters::Whole<1, 5>>,
            #[serde(default)]
            c: bool,
            #[serde(default)]
            list: Vec<String>,
            #[serde(default)]
            inner: Inner,
        }
        #[derive(Debug, Default, PartialEq, serde::Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        struct Inner {
            #[schema(value_type = Option<u64>)]
            e: Option<measure::parameters::Whole<1, 5>>,
        }
        let read = |body: Value| match serde_json::from_value(body).expect("JSON") {
            Json::Object(members) => fields::<Body>(members),
            other => panic!("{other:?} is no object"),
        };
        let whole = read(json!({"a": "cat", "b": 5.0, "c": true})).expect("fields");
        assert_eq!((&*whole.a, whole.b.map(|b| b.get()), whole.c), ("cat", Some(5), true));
        assert_eq!(read(json!({"a": "cat", "list": ["x", "y"]})).expect("fields").list, ["x", "y"]);
        let least = read(json!({"a": "1", "b": null, "c": null})).expect("fields");
        assert_eq!((&*least.a, least.b, least.c), ("1", None, false));
        let nested = read(json!({"a": "x", "inner": {"e": 3}})).expect("fields").inner;
        assert_eq!(nested.e.map(|e| e.get()), Some(3));
        assert_eq!(read(json!({"a": "x", "inner": {"e": null}})).expect("fields").inner, Inner::default());
        for (body, param, detail) in [
            (json!({"a": "x", "inner": 5}), "inner", "inner is 5: give an object"),
            (json!({"a": "x", "inner": {"e": 0}}), "inner.e", "e is 0: give a whole number from 1 to 5"),
            (json!({"a": "x", "inner": {"f": 0}}), "inner.f", "there is no field \"f\"; the fields are e"),
            (json!({}), "a", "a is missing; give it, such as cat"),
            (json!({"a": 5}), "a", "a is 5: give a string"),
            (json!({"a": "x", "list": "y"}), "list", "list is \"y\": give a list"),
            (json!({"a": "x", "list": ["y", 5]}), "list", "list is 5: give a string"),
            (json!({"a": ["x"]}), "a", "a is [\"x\"]: give a string"),
            (json!({"a": "x", "b": 0}), "b", "b is 0: give a whole number from 1 to 5"),
            (json!({"a": "x", "b": 1.5}), "b", "b is 1.5: give a whole number from 1 to 5"),
            (json!({"a": "x", "b": -1}), "b", "b is -1: give a whole number from 1 to 5"),
            (json!({"a": "x", "b": "5"}), "b", "b is \"5\": give a whole number from 1 to 5"),
            (json!({"a": "x", "c": "true"}), "c", "c is \"true\": give true or false"),
            (json!({"a": "x", "c": 1}), "c", "c is 1: give true or false"),
            (json!({"a": "x", "d": 1}), "d", "there is no field \"d\"; the fields are a, b, c, list, inner"),
        ] {
            let problem = read(body).expect_err(detail);
            assert_eq!((problem.field_name(), problem.detail()), (Some(param), detail));
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
