//! Values of an unexpected type: `null` for a list, a number for a text, `[]` for an object. Such a field counts as
//! absent and never fails its record.

use super::wrapped::unwrapped;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

/// Initial capacity of a list: most videos have no more tags, and growing costs as much as parsing them.
const LIST_ROOM: usize = 8;

/// An object; any other type becomes the default.
#[derive(Debug, Default)]
pub(crate) struct Maybe<T>(pub(crate) T);

/// An object, or a text in its place; any other type becomes the default of both.
#[derive(Debug, Default)]
pub(crate) struct OrText<'a, T>(pub(crate) T, pub(crate) Text<'a>);

/// An object, or an array of objects; any other type is empty.
#[derive(Debug)]
pub(crate) struct OneOrMore<T>(Vec<T>);

/// An array; any other type is empty. Elements are parsed as `T`, so make those lenient too.
#[derive(Debug)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

/// A text; numbers become their digits, any other type is empty.
#[derive(Debug, Default, Clone)]
pub(crate) struct Text<'a>(pub(crate) Cow<'a, str>);

/// A flag: `true`, `1` or `"true"`; `None` if absent.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Flag(pub(crate) Option<bool>);

impl<T> Default for OneOrMore<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Deref for Maybe<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> Deref for List<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl Deref for Text<'_> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl Flag {
    pub(crate) fn is_set(self) -> bool {
        self.0 == Some(true)
    }
}

/// Removes NUL bytes, which databases refuse and nobody typed.
pub(crate) fn clean(text: &str) -> String {
    if memchr::memchr(0, text.as_bytes()).is_some() { text.replace('\0', "") } else { text.to_owned() }
}

impl Text<'_> {
    /// Returns the text without NUL bytes.
    pub(crate) fn clean(&self) -> String {
        clean(&self.0)
    }
}

/// Returns the first non-empty text of a list, without NUL bytes.
pub(crate) fn first(list: &[Text<'_>]) -> String {
    list.iter().find(|text| !text.is_empty()).map(Text::clean).unwrap_or_default()
}

/// Returns the first non-empty text, without NUL bytes.
pub(crate) fn first_non_empty(texts: &[&Text<'_>]) -> String {
    texts.iter().find(|text| !text.is_empty()).map(|text| text.clean()).unwrap_or_default()
}

/// Decodes entities that tools leave in captions: `&amp;`, `&#39;`, `&quot;`. Only complete entities are
/// decoded; doubly escaped ones twice.
pub(crate) fn unescaped(text: &str) -> Cow<'_, str> {
    let mut plain = Cow::Borrowed(text);
    for _ in 0..2 {
        match once_unescaped(&plain) {
            Some(next) => plain = Cow::Owned(next),
            None => break,
        }
    }
    plain
}

/// Most bytes between `&` and `;`.
const ENTITY_BYTES_MAX: usize = 10;

/// Decodes one level of entities. `None` if there are none.
fn once_unescaped(text: &str) -> Option<String> {
    memchr::memchr(b';', text.as_bytes())?;
    let mut plain = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(start) = memchr::memchr(b'&', &text.as_bytes()[at..]).map(|found| at + found) {
        at = start + 1;
        let after = &text.as_bytes()[at..];
        let near = &after[..after.len().min(ENTITY_BYTES_MAX + 1)];
        let Some(len) = memchr::memchr(b';', near) else { continue };
        let is_name = after[..len].iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'#');
        if len == 0 || !is_name {
            continue;
        }
        let entity = &text[start..=at + len];
        let character = htmlize::unescape(entity);
        // Unknown names stay, and so do known ones that only begin the text (`&notme;`).
        if character.ends_with(';') {
            continue;
        }
        plain.push_str(&text[copied..start]);
        plain.push_str(&character);
        at += len + 1;
        copied = at;
    }
    (copied > 0).then(|| {
        plain.push_str(&text[copied..]);
        plain
    })
}

/// Visitor methods for types that count as absent.
macro_rules! absent {
    ($($method:ident($type:ty)),* $(,)?) => {
        $(fn $method<E>(self, _: $type) -> Result<Self::Value, E> {
            Ok(Self::Value::default())
        })*
    };
}
pub(crate) use absent;

/// Consumes a map or list to its end.
pub(crate) fn drain_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// As [`drain_map`].
pub(crate) fn drain_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<(), A::Error> {
    while list.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Any<T> {
            type Value = Maybe<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Maybe<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Maybe)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Maybe<T>, A::Error> {
                drain_list(list).map(|()| Maybe::default())
            }
            fn visit_unit<E>(self) -> Result<Maybe<T>, E> {
                Ok(Maybe::default())
            }
            absent!(visit_bool(bool), visit_u64(u64), visit_i64(i64), visit_f64(f64), visit_str(&str));
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<T> OneOrMore<T> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for OneOrMore<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Any<T> {
            type Value = OneOrMore<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a list of objects")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMore<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|one| OneOrMore(vec![one]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMore<T>, A::Error> {
                let mut all = Vec::new();
                while let Some(Maybe(one)) = list.next_element()? {
                    all.push(one);
                }
                Ok(OneOrMore(all))
            }
            fn visit_unit<E>(self) -> Result<OneOrMore<T>, E> {
                Ok(OneOrMore::default())
            }
            absent!(visit_bool(bool), visit_u64(u64), visit_i64(i64), visit_f64(f64), visit_str(&str));
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de> + Default> Deserialize<'de> for OrText<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Default> Visitor<'de> for Any<T> {
            type Value = OrText<'de, T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a text")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OrText<'de, T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|object| OrText(object, Text::default()))
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<OrText<'de, T>, E> {
                Ok(OrText(T::default(), Text(Cow::Borrowed(text))))
            }
            fn visit_str<E>(self, text: &str) -> Result<OrText<'de, T>, E> {
                Ok(OrText(T::default(), Text(Cow::Owned(text.to_owned()))))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<OrText<'de, T>, A::Error> {
                drain_list(list).map(|()| OrText::default())
            }
            fn visit_unit<E>(self) -> Result<OrText<'de, T>, E> {
                Ok(OrText::default())
            }
            absent!(visit_bool(bool), visit_u64(u64), visit_i64(i64), visit_f64(f64));
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Any<T> {
            type Value = List<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<List<T>, A::Error> {
                let Some(first) = list.next_element()? else { return Ok(List::default()) };
                let mut values = Vec::with_capacity(LIST_ROOM);
                values.push(first);
                while let Some(value) = list.next_element()? {
                    values.push(value);
                }
                Ok(List(values))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<List<T>, A::Error> {
                drain_map(map).map(|()| List::default())
            }
            fn visit_unit<E>(self) -> Result<List<T>, E> {
                Ok(List::default())
            }
            absent!(visit_bool(bool), visit_u64(u64), visit_i64(i64), visit_f64(f64), visit_str(&str));
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_i64<E>(self, number: i64) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(number.to_string())))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Text<'de>, A::Error> {
                Ok(unwrapped(map)?.map(Text).unwrap_or_default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Text<'de>, A::Error> {
                drain_list(list).map(|()| Text::default())
            }
            fn visit_unit<E>(self) -> Result<Text<'de>, E> {
                Ok(Text::default())
            }
            absent!(visit_bool(bool), visit_f64(f64));
        }
        deserializer.deserialize_any(Any)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Flag;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a flag")
            }
            fn visit_bool<E>(self, set: bool) -> Result<Flag, E> {
                Ok(Flag(Some(set)))
            }
            fn visit_u64<E>(self, number: u64) -> Result<Flag, E> {
                Ok(Flag(Some(number != 0)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Flag, E> {
                Ok(Flag(match text {
                    "true" | "True" | "1" => Some(true),
                    "false" | "False" | "0" => Some(false),
                    _ => None,
                }))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Flag, A::Error> {
                drain_map(map).map(|()| Flag::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Flag, A::Error> {
                drain_list(list).map(|()| Flag::default())
            }
            fn visit_unit<E>(self) -> Result<Flag, E> {
                Ok(Flag::default())
            }
            absent!(visit_i64(i64), visit_f64(f64));
        }
        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default)]
    struct Record<'a> {
        #[serde(borrow)]
        text: Text<'a>,
        #[serde(borrow)]
        list: List<Text<'a>>,
        #[serde(borrow)]
        inner: Maybe<Inner<'a>>,
        flag: Flag,
    }

    #[derive(Debug, Default, serde::Deserialize)]
    #[serde(default)]
    struct Inner<'a> {
        #[serde(borrow)]
        text: Text<'a>,
    }

    #[test]
    fn values_of_every_type_are_read_for_every_field() {
        for value in ["null", "true", "1", "-1", "1.5", r#""x""#, "[]", r#"["a"]"#, "{}", r#"{"text":"y"}"#] {
            let json = format!(r#"{{"text":{value},"list":{value},"inner":{value},"flag":{value}}}"#);
            let record: Record = serde_json::from_str(&json).expect("any type is read");
            let (text, list, inner, flag) = match value {
                "true" => ("", 0, "", Some(true)),
                "1" => ("1", 0, "", Some(true)),
                "-1" => ("-1", 0, "", None),
                r#""x""# => ("x", 0, "", None),
                r#"["a"]"# => ("", 1, "", None),
                r#"{"text":"y"}"# => ("", 0, "y", None),
                _ => ("", 0, "", None),
            };
            assert_eq!(
                (&*record.text, record.list.len(), &*record.inner.text),
                (text, list, inner),
                "{value}"
            );
            assert_eq!(record.flag.0, flag, "{value}");
        }
    }

    #[test]
    fn what_tools_escape_in_captions_is_unescaped() {
        for (escaped, want) in [
            ("tom &amp; jerry", "tom & jerry"),
            ("don&#39;t &quot;grow&quot;", "don't \"grow\""),
            ("&lt;3 &#x27;x&#x27; &amp;amp; &amp;#39;", "<3 'x' & '"),
            ("R&B; AT&T; a&b", "R&B; AT&T; a&b"),
            ("&notanentity; &;", "&notanentity; &;"),
            ("#caf&eacute;", "#caf\u{e9}"),
            ("no entity; here & there", "no entity; here & there"),
        ] {
            assert_eq!(unescaped(escaped), want);
        }
        assert!(matches!(unescaped("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn nul_bytes_are_taken_out_of_texts() {
        let text: Text = serde_json::from_str(r#""a\u0000b""#).expect("a text");
        assert_eq!(text.clean(), "ab");
    }
}
