//! Finds the end of a JSON value by following brackets and strings only; nothing is parsed. Validity is checked later,
//! record by record, so that one bad record cannot spoil the others.

/// Deepest nesting that is followed, the same as in serde_json.
pub(crate) const DEPTH_MAX: u32 = 128;

/// Why the end of a value was not found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoEnd {
    /// The input ends first.
    Incomplete,
    /// An unmatched closing bracket, or no value.
    Mismatch,
    /// More than [`DEPTH_MAX`] nested brackets.
    TooDeep,
}

impl NoEnd {
    /// Returns the reject reason.
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Incomplete => "the JSON is cut off",
            Self::Mismatch => "not JSON: brackets or commas do not match",
            Self::TooDeep => "JSON nested deeper than 128 levels",
        }
    }
}

/// Returns the offset of the first byte that is not JSON white space.
pub(crate) fn skip_space(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|b| !matches!(b, b' ' | b'\t' | b'\n' | b'\r')).unwrap_or(rest.len())
}

/// Returns the offset after the string whose opening quote is at `at`.
pub(crate) fn string_end(bytes: &[u8], at: usize) -> Result<usize, NoEnd> {
    let mut at = at + 1;
    loop {
        let rest = bytes.get(at..).ok_or(NoEnd::Incomplete)?;
        at += memchr::memchr2(b'"', b'\\', rest).ok_or(NoEnd::Incomplete)?;
        if bytes[at] == b'"' {
            return Ok(at + 1);
        }
        at += 2;
    }
}

/// Returns the offset after the value that begins at `at` (which must not be white space).
pub(crate) fn value_end(bytes: &[u8], at: usize) -> Result<usize, NoEnd> {
    match bytes.get(at) {
        None => Err(NoEnd::Incomplete),
        Some(b'"') => string_end(bytes, at),
        Some(b'{' | b'[') => container_end(bytes, at),
        Some(b'}' | b']' | b',' | b':') => Err(NoEnd::Mismatch),
        Some(_) => scalar_end(bytes, at),
    }
}

/// Ends a bare value: numbers, `true`, `null` and other words. At the end of the input more of it may
/// follow.
fn scalar_end(bytes: &[u8], at: usize) -> Result<usize, NoEnd> {
    let is_end =
        |b: &u8| matches!(b, b',' | b']' | b'}' | b' ' | b'\t' | b'\n' | b'\r' | b':' | b'"' | b'[' | b'{');
    bytes[at..].iter().position(is_end).map(|len| at + len).ok_or(NoEnd::Incomplete)
}

fn container_end(bytes: &[u8], start: usize) -> Result<usize, NoEnd> {
    // A stack of container kinds, one bit per level: 1 for an object. The lowest bit is the innermost level.
    let (mut objects, mut depth) = (0_u128, 0_u32);
    let mut at = start;
    loop {
        match bytes.get(at) {
            None => return Err(NoEnd::Incomplete),
            Some(b'"') => {
                at = string_end(bytes, at)?;
                continue;
            }
            Some(open @ (b'{' | b'[')) => {
                if depth == DEPTH_MAX {
                    return Err(NoEnd::TooDeep);
                }
                objects = (objects << 1) | u128::from(*open == b'{');
                depth += 1;
            }
            Some(close @ (b'}' | b']')) => {
                if (objects & 1 == 1) != (*close == b'}') {
                    return Err(NoEnd::Mismatch);
                }
                objects >>= 1;
                depth -= 1;
                if depth == 0 {
                    return Ok(at + 1);
                }
            }
            Some(_) => {}
        }
        at += 1;
    }
}

/// Returns true if the bytes are exactly one JSON container, with optional white space around it.
pub(crate) fn is_whole(bytes: &[u8]) -> bool {
    let start = skip_space(bytes, 0);
    matches!(bytes.get(start), Some(b'{' | b'['))
        && container_end(bytes, start).is_ok_and(|end| skip_space(bytes, end) == bytes.len())
}

/// Returns true if a string continues over a line end, which JSON does not allow: it was probably truncated.
pub(crate) fn has_torn_string(bytes: &[u8]) -> bool {
    let mut at = 0;
    while let Some(quote) = memchr::memchr(b'"', &bytes[at..]) {
        let start = at + quote;
        at = string_end(bytes, start).unwrap_or(bytes.len());
        if memchr::memchr(b'\n', &bytes[start..at]).is_some() {
            return true;
        }
    }
    false
}

/// Iterates over the values of the array at the start of the bytes. The first error ends the iteration.
pub(crate) fn elements(array: &[u8]) -> impl Iterator<Item = Result<&[u8], NoEnd>> {
    let mut at = Some(1);
    std::iter::from_fn(move || {
        let start = skip_space(array, at?);
        let start = if array.get(start) == Some(&b',') { skip_space(array, start + 1) } else { start };
        if array.get(start) == Some(&b']') {
            at = None;
            return None;
        }
        let end = value_end(array, start);
        at = end.ok();
        Some(end.map(|end| &array[start..end]))
    })
}

/// Iterates over the keys (raw, between their quotes) and values of the object at the start of the bytes. A
/// truncated value is returned as far as it goes, and ends the iteration.
pub(crate) fn entries(object: &[u8]) -> impl Iterator<Item = Result<(&[u8], &[u8]), NoEnd>> {
    let mut at = Some(1);
    std::iter::from_fn(move || {
        let start = skip_space(object, at?);
        let start = if object.get(start) == Some(&b',') { skip_space(object, start + 1) } else { start };
        at = None;
        match object.get(start) {
            Some(b'}') => return None,
            Some(b'"') => {}
            Some(_) => return Some(Err(NoEnd::Mismatch)),
            None => return Some(Err(NoEnd::Incomplete)),
        }
        let Ok(key_end) = string_end(object, start) else { return Some(Err(NoEnd::Incomplete)) };
        let colon = skip_space(object, key_end);
        match object.get(colon) {
            Some(b':') => {}
            Some(_) => return Some(Err(NoEnd::Mismatch)),
            None => return Some(Err(NoEnd::Incomplete)),
        }
        let value = skip_space(object, colon + 1);
        let end = match value_end(object, value) {
            Ok(end) => {
                at = Some(end);
                end
            }
            Err(NoEnd::Incomplete) if value < object.len() => object.len(),
            Err(error) => return Some(Err(error)),
        };
        Some(Ok((&object[start + 1..key_end - 1], &object[value..end])))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ends_are_found_past_strings_and_brackets() {
        for (text, want) in [
            (r#"{"a":"}\"]"} x"#, Ok(12)),
            ("[1,[2,{}]] ", Ok(10)),
            ("17,", Ok(2)),
            ("17", Err(NoEnd::Incomplete)),
            (r#""a\\" "#, Ok(5)),
            (r#"{"a":[1,2"#, Err(NoEnd::Incomplete)),
            (r#"{"a":[1,2}"#, Err(NoEnd::Mismatch)),
            ("]", Err(NoEnd::Mismatch)),
            (r#""ab\"#, Err(NoEnd::Incomplete)),
        ] {
            assert_eq!(value_end(text.as_bytes(), 0), want, "{text}");
        }
        assert_eq!(value_end(&b"[".repeat(1_000_000), 0), Err(NoEnd::TooDeep));
    }

    #[test]
    fn elements_before_damage_are_handed_out() {
        let parts: Vec<_> = elements(br#"[{"a":1} , 2,{"b":"#).collect();
        assert_eq!(parts, [Ok(&br#"{"a":1}"#[..]), Ok(&b"2"[..]), Err(NoEnd::Incomplete)]);
    }

    #[test]
    fn entries_before_damage_are_handed_out_with_the_damaged_one_last() {
        let parts: Vec<_> = entries(br#"{ "a" : 1,"list":[{}"#).collect();
        assert_eq!(parts, [Ok((&b"a"[..], &b"1"[..])), Ok((&b"list"[..], &b"[{}"[..]))]);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, text in r#"[\[\]{}",: a0\\]{0,40}"#) {
            for bytes in [&bytes[..], text.as_bytes()] {
                let _ = (is_whole(bytes), value_end(bytes, 0));
                prop_assert!(elements(bytes).count() <= bytes.len() + 1);
                prop_assert!(entries(bytes).count() <= bytes.len() + 1);
            }
        }
    }
}
