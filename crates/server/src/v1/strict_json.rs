//! JSON whose objects have each key once, at every depth. `serde_json` alone takes the last of two, where
//! another program may take the first.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// A value without duplicate keys.
#[derive(Debug)]
pub(super) struct StrictValue(pub(super) Value);

struct StrictVisitor;

impl<'de> Deserialize<'de> for StrictValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(flag.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(text.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(StrictValue(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            if object.contains_key(&key) {
                let shown: String = key.chars().take(40).collect();
                return Err(A::Error::custom(format_args!(
                    "gives the key {shown:?} more than once; give it once"
                )));
            }
            let StrictValue(value) = fields.next_value()?;
            object.insert(key, value);
        }
        Ok(object.into())
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
            let error = serde_json::from_str::<StrictValue>(text).expect_err("twice").to_string();
            assert!(error.starts_with("gives the key \"a\" more than once"), "{error}");
        }
        let same = r#"{"a":{"a":1},"b":[{"a":1},{"a":-2.5}]}"#;
        assert_eq!(serde_json::from_str::<StrictValue>(same).expect("a value").0.to_string(), same);
    }

    proptest! {
        /// JSON without duplicate keys is read as `serde_json` reads it.
        #[test]
        fn the_rest_is_read_as_usual(text in r#"[\[\]{}",:0-9a-c.e\-]{0,24}|\[(null|true|1e3|"x"|\{"a":[0-9]{1,20}\}),-?[0-9]{1,3}\]"#) {
            let (strict, usual) = (serde_json::from_str::<StrictValue>(&text), serde_json::from_str::<Value>(&text));
            match strict {
                Ok(StrictValue(value)) => prop_assert_eq!(Some(value), usual.ok()),
                Err(error) => prop_assert!(usual.is_err() || error.is_data(), "{}", error),
            }
        }
    }
}
