//! JSON whose objects have each key once, in the order of the text. `serde_json::Value` sorts them, though a description is
//! read by people too, and takes the last of two equal keys, where another program may take the first.

use indexmap::IndexMap;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::fmt;

/// Characters of a key that an error repeats.
const SHOWN_CHARS_MAX: usize = 40;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    /// Members in their order.
    Object(IndexMap<String, Json>),
    /// Items.
    Array(Vec<Json>),
    /// A string, a number, true, false or null.
    Scalar(Value),
}

impl Json {
    /// Creates a scalar.
    pub(crate) fn of(value: impl Into<Value>) -> Self {
        Self::Scalar(value.into())
    }

    /// Returns the members of an object.
    pub(crate) fn members(&mut self) -> Option<&mut IndexMap<String, Self>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Returns the text of a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(members) => serializer.collect_map(members),
            Self::Array(items) => serializer.collect_seq(items),
            Self::Scalar(value) => value.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::of(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        Ok(Json::of(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        Ok(Json::of(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::of(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::of(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Scalar(Value::Null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element()? {
            array.push(item);
        }
        Ok(Json::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut object = IndexMap::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                let shown: String = name.chars().take(SHOWN_CHARS_MAX).collect();
                return Err(A::Error::custom(format_args!(
                    "gives the key {shown:?} more than once; give it once"
                )));
            }
            object.insert(name, members.next_value()?);
        }
        Ok(Json::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_given_twice_is_named_at_every_depth() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"{"b":{"a":1,"a":2}}"#,
            r#"[{"a":[{"b":1},{"a":null,"a":null}]}]"#,
            r#"{"\u0061":1,"a":2}"#,
        ] {
            let error = serde_json::from_str::<Json>(text).expect_err("twice").to_string();
            assert!(error.starts_with("gives the key \"a\" more than once"), "{error}");
        }
        let same = r#"{"b":{"a":1},"a":[{"b":1},{"a":-2.5}]}"#;
        let value = serde_json::from_str::<Json>(same).expect("a value");
        assert_eq!(serde_json::to_string(&value).expect("JSON"), same);
    }

    proptest! {
        /// JSON without duplicate keys is read as `serde_json` reads it.
        #[test]
        fn the_rest_is_read_as_usual(text in r#"[\[\]{}",:0-9a-c.e\-]{0,24}|\[(null|true|1e3|"x"|\{"a":[0-9]{1,20}\}),-?[0-9]{1,3}\]"#) {
            let (strict, usual) = (serde_json::from_str::<Json>(&text), serde_json::from_str::<Value>(&text));
            match strict {
                Ok(value) => prop_assert_eq!(serde_json::to_value(&value).ok(), usual.ok()),
                Err(error) => prop_assert!(usual.is_err() || error.is_data(), "{}", error),
            }
        }
    }
}
