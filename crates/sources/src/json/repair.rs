//! Repairs texts that are almost JSON: output of other programs that serde_json rightly refuses. Only run on a record
//! that failed to parse, so that valid records pay nothing.

/// Replaces lone surrogates (`\ud83d` without its other half) and invalid UTF-8 by U+FFFD, raw control
/// characters in strings by spaces, and numbers out of range (`1e400`, `NaN`, `Infinity`) by `null`. `None`
/// if nothing had to be replaced.
pub(crate) fn repair(raw: &[u8]) -> Option<Vec<u8>> {
    let text = String::from_utf8_lossy(raw);
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b'"' => string(bytes, at, &mut out),
            b'-' | b'0'..=b'9' | b'N' | b'I' => bare(bytes, at, &mut out),
            _ => {
                out.push(byte);
                at + 1
            }
        };
    }
    (out != raw).then_some(out)
}

/// Copies the string that opens at `at`; returns the offset after it.
fn string(bytes: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
    out.push(b'"');
    let mut at = at + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' => {
                out.push(b'"');
                return at + 1;
            }
            b'\\' => at = escape(bytes, at, out),
            0..0x20 => {
                out.push(b' ');
                at += 1;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    at
}

/// Copies the escape at `at`, both halves of a surrogate pair at once.
fn escape(bytes: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
    let (copied, len): (&[u8], usize) = match unit(bytes, at) {
        Some(0xD800..=0xDBFF) => match unit(bytes, at + 6) {
            Some(0xDC00..=0xDFFF) => (&bytes[at..at + 12], 12),
            _ => (br"\ufffd", 6),
        },
        Some(0xDC00..=0xDFFF) => (br"\ufffd", 6),
        Some(_) => (&bytes[at..at + 6], 6),
        None => {
            let end = bytes.len().min(at + 2);
            (&bytes[at..end], end - at)
        }
    };
    out.extend_from_slice(copied);
    at + len
}

/// Returns the UTF-16 unit of the escape `\uXXXX` at `at`.
fn unit(bytes: &[u8], at: usize) -> Option<u16> {
    let digits = bytes.get(at..at + 6)?.strip_prefix(br"\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// Copies the number or word at `at`, or `null` in its place.
fn bare(bytes: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
    let is_part = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.');
    let len = bytes[at..].iter().take_while(|b| is_part(b)).count().max(1);
    let token = &bytes[at..at + len];
    let cannot_be_buffered = match token {
        b"NaN" | b"Infinity" | b"-Infinity" => true,
        _ => {
            let number = std::str::from_utf8(token).ok().and_then(|t| t.parse::<f64>().ok());
            number.is_some_and(f64::is_infinite) && !token.eq_ignore_ascii_case(b"inf")
        }
    };
    out.extend_from_slice(if cannot_be_buffered { b"null" } else { token });
    at + len
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn repaired(text: &[u8]) -> Option<String> {
        repair(text).map(|bytes| String::from_utf8(bytes).expect("UTF-8"))
    }

    #[test]
    fn what_is_almost_json_becomes_json() {
        for (broken, want) in [
            (&br#"["a\ud83d"]"#[..], r#"["a\ufffd"]"#),
            (br#"["\ud83d\u0041"]"#, r#"["\ufffd\u0041"]"#),
            (br#"["\udc00x"]"#, r#"["\ufffdx"]"#),
            (b"[\"a\x01\tb\"]", r#"["a  b"]"#),
            (b"[\"a\xffb\"]", "[\"a\u{fffd}b\"]"),
            (b"[1e400,-1e999,NaN,-Infinity,2e3]", "[null,null,null,null,2e3]"),
        ] {
            assert_eq!(repaired(broken).as_deref(), Some(want));
            serde_json::from_str::<serde_json::Value>(want).expect("JSON");
        }
    }

    #[test]
    fn what_is_json_stays() {
        for text in [r#"{"a":"\ud83d\ude00\"\\","b":[1.5e10,-2,true]}"#, "", "[", r#""\u12"#] {
            assert_eq!(repaired(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>, text in r#"[\\u"dD8c0-9eEN\-\[\],]{0,40}"#) {
            let _ = (repair(&bytes), repair(text.as_bytes()));
        }
    }
}
