//! MongoDB's extended JSON: `{"$numberLong":"5"}`, `{"$date":"2025-02-28T12:45:43Z"}`, `{"$oid":"..."}`.

use super::lenient::Text;
use serde::de::{IgnoredAny, MapAccess};
use std::borrow::Cow;

/// Returns the text of a wrapped value; `None` if the object wraps none. Consumes the object.
pub(crate) fn unwrapped<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<Cow<'de, str>>, A::Error> {
    let mut value = None;
    while let Some(key) = map.next_key::<Text<'de>>()? {
        let is_wrapper = matches!(
            &*key,
            "$numberLong" | "$numberInt" | "$numberDouble" | "$numberDecimal" | "$date" | "$oid"
        );
        if is_wrapper && value.is_none() {
            value = Some(map.next_value::<Text<'de>>()?.0);
        } else {
            map.next_value::<IgnoredAny>()?;
        }
    }
    Ok(value)
}
