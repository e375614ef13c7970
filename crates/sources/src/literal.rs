//! Values that programs print into a table cell: JSON; Python lists, tuples, sets and dicts; numpy and R vectors;
//! PostgreSQL arrays; DuckDB lists and structs. All consist of brackets, quotes and words.

use serde_json::{Map, Number, Value};
use std::iter::Peekable;
use std::str::Chars;

/// Deepest nesting of brackets.
const DEPTH_MAX: u32 = 32;

/// Words for a missing value, in a cell or a list.
const NOTHING: [&str; 27] = [
    "",
    "NA",
    "N/A",
    "n/a",
    "<NA>",
    "#N/A",
    "#N/A N/A",
    "#NA",
    "NULL",
    "Null",
    "null",
    "None",
    "NaN",
    "nan",
    "-nan",
    "-NaN",
    "NAN",
    "NaT",
    "\\N",
    "-",
    "\u{2013}",
    "\u{2014}",
    "undefined",
    "(null)",
    "nil",
    "#NULL!",
    "NA_character_",
];

/// Functions whose calls R and Python print around values.
const CALLS: [&str; 8] = ["c", "list", "set", "frozenset", "tuple", "array", "character", "deque"];

/// Returns true for a missing value: an empty cell, or a word that programs write instead. A caption, name
/// or hashtag that is exactly such a word is lost; it cannot be distinguished.
pub(crate) fn is_nothing(cell: &str) -> bool {
    let cell = cell.trim();
    // The longest word has 13 letters.
    cell.len() <= 13 && NOTHING.contains(&cell)
}

/// Returns true if a text begins like a printed list or object.
pub(crate) fn is_bracketed(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with(['[', '{', '('])
        || CALLS.iter().any(|name| text.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')))
}

/// Parses a bracketed text. `None` if it is invalid, or if a program truncated it (`...`).
pub(crate) fn parse(text: &str) -> Option<Value> {
    let mut parser = Parser { characters: text.trim().chars().peekable(), depth: 0 };
    let value = parser.value()?;
    parser.space();
    parser.characters.peek().is_none().then_some(value)
}

struct Parser<'t> {
    characters: Peekable<Chars<'t>>,
    depth: u32,
}

impl Parser<'_> {
    fn space(&mut self) {
        while self.characters.next_if(|c| c.is_whitespace()).is_some() {}
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.characters.next_if_eq(&wanted).is_some()
    }

    fn value(&mut self) -> Option<Value> {
        self.space();
        match *self.characters.peek()? {
            '[' => self.list('[', ']'),
            '(' => self.list('(', ')'),
            '{' => self.braces(),
            quote @ ('"' | '\'') => self.quoted(quote).map(Value::String),
            _ => self.word(),
        }
    }

    /// Parses values between brackets, separated by commas or spaces.
    fn list(&mut self, open: char, close: char) -> Option<Value> {
        self.eat(open);
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut values = Vec::new();
        loop {
            self.space();
            if self.eat(close) {
                break;
            }
            if self.eat(',') {
                continue;
            }
            values.push(self.value()?);
        }
        self.depth -= 1;
        Some(Value::Array(values))
    }

    /// Parses an object, a set, or a PostgreSQL array.
    fn braces(&mut self) -> Option<Value> {
        self.eat('{');
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let (mut values, mut object) = (Vec::new(), Map::new());
        loop {
            self.space();
            if self.eat('}') {
                break;
            }
            if self.eat(',') {
                continue;
            }
            let value = self.value()?;
            self.space();
            if self.eat(':') || (self.characters.peek() == Some(&'=') && self.eat('=')) {
                // Ruby's arrow.
                self.eat('>');
                let key = match value {
                    Value::String(key) => key,
                    Value::Number(number) => number.to_string(),
                    _ => return None,
                };
                let value = self.value()?;
                object.insert(key, value);
            } else {
                values.push(value);
            }
        }
        self.depth -= 1;
        match (values.is_empty(), object.is_empty()) {
            (true, false) => Some(Value::Object(object)),
            (_, true) => Some(Value::Array(values)),
            (false, false) => None,
        }
    }

    /// Parses a quoted text; quotes in it are doubled or escaped by a backslash.
    fn quoted(&mut self, quote: char) -> Option<String> {
        self.eat(quote);
        let mut text = String::new();
        loop {
            match self.characters.next()? {
                '\\' => self.escaped(&mut text)?,
                c if c == quote && self.eat(quote) => {
                    // `''` is an empty text, unless the quote is doubled inside one.
                    if text.is_empty() && self.ends_value() {
                        return None;
                    }
                    text.push(quote);
                }
                c if c == quote => return Some(text),
                c => text.push(c),
            }
        }
    }

    fn ends_value(&mut self) -> bool {
        matches!(self.characters.peek(), None | Some(',' | ']' | '}' | ')' | ':'))
    }

    fn escaped(&mut self, text: &mut String) -> Option<()> {
        match self.characters.next()? {
            'n' => text.push('\n'),
            'r' => text.push('\r'),
            't' => text.push('\t'),
            'b' | 'f' => text.push(' '),
            'x' => text.push(self.code(2)?),
            'u' => {
                let unit = self.unit(4)?;
                let code = match unit {
                    0xd800..0xdc00 => {
                        // The other half of a surrogate pair follows, or the text was truncated.
                        if !(self.eat('\\') && self.eat('u')) {
                            return None;
                        }
                        let low = self.unit(4)?.checked_sub(0xdc00).filter(|low| *low < 0x400)?;
                        0x1_0000 + ((unit - 0xd800) << 10) + low
                    }
                    unit => unit,
                };
                text.push(char::from_u32(code)?);
            }
            'U' => text.push(self.code(8)?),
            other => text.push(other),
        }
        Some(())
    }

    fn code(&mut self, digits: u32) -> Option<char> {
        self.unit(digits).and_then(char::from_u32)
    }

    fn unit(&mut self, digits: u32) -> Option<u32> {
        (0..digits).try_fold(0, |code, _| Some(code * 16 + self.characters.next()?.to_digit(16)?))
    }

    /// Parses a number, a keyword, a call, or an unquoted text.
    fn word(&mut self) -> Option<Value> {
        let mut word = String::new();
        while let Some(c) = self.characters.peek().copied() {
            match c {
                ',' | ']' | '}' | ')' | ':' => break,
                '[' | '{' => return None,
                '(' => return self.call(word.trim()),
                // `u'...'`, `b'...'` of Python.
                '\'' | '"' if matches!(word.as_str(), "u" | "b" | "r") => {
                    return self.quoted(c).map(Value::String);
                }
                '"' => return None,
                '=' if !word.is_empty() => break,
                '\\' => {
                    self.characters.next();
                    word.push(self.characters.next()?);
                    continue;
                }
                c => word.push(c),
            }
            self.characters.next();
        }
        let word = word.trim();
        match word {
            "" => None,
            // Truncated by the program that printed it.
            _ if word.starts_with("...") || word.starts_with('\u{2026}') || word == "object Object" => None,
            "True" | "true" | "TRUE" => Some(Value::Bool(true)),
            "False" | "false" | "FALSE" => Some(Value::Bool(false)),
            _ if is_nothing(word) => Some(Value::Null),
            _ => Some(number(word).map_or_else(|| Value::String(word.to_owned()), Value::Number)),
        }
    }

    /// Parses `c("a", "b")`, `array(['a'], dtype=object)`, `set()`, `character(0)`.
    fn call(&mut self, name: &str) -> Option<Value> {
        if !CALLS.contains(&name) {
            return None;
        }
        let Value::Array(values) = self.arguments()? else { return None };
        Some(Value::Array(match name {
            "character" => Vec::new(),
            // One list, or one text per value.
            "c" | "list" => values,
            _ => match values.into_iter().next() {
                Some(Value::Array(inner)) => inner,
                Some(_) => return None,
                None => Vec::new(),
            },
        }))
    }

    /// Parses the arguments of a call, without their names.
    fn arguments(&mut self) -> Option<Value> {
        self.eat('(');
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        let mut values = Vec::new();
        loop {
            self.space();
            if self.eat(')') {
                break;
            }
            if self.eat(',') {
                continue;
            }
            let value = self.value()?;
            self.space();
            values.push(if self.eat('=') { self.value()? } else { value });
        }
        self.depth -= 1;
        Some(Value::Array(values))
    }
}

/// Parses a JSON number; an id keeps all digits.
fn number(word: &str) -> Option<Number> {
    let is_plain = word.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'));
    if !is_plain || !word.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
        return None;
    }
    serde_json::from_str(word).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn values_are_read_as_each_program_prints_them() {
        for (text, want) in [
            (r#"["cat","it's"]"#, json!(["cat", "it's"])),
            (r#"['cat', "it's"]"#, json!(["cat", "it's"])),
            (r"['cat', 'it\'s']", json!(["cat", "it's"])),
            ("['cat' \"it's\"]", json!(["cat", "it's"])),
            ("['cat'\n \"it's\"]", json!(["cat", "it's"])),
            ("[cat, 'it''s']", json!(["cat", "it's"])),
            (r"[cat, 'it\'s']", json!(["cat", "it's"])),
            ("(\"cat\", \"it's\")", json!(["cat", "it's"])),
            ("('cat',)", json!(["cat"])),
            ("{'cat', 'dog'}", json!(["cat", "dog"])),
            ("{cat,dog}", json!(["cat", "dog"])),
            (r#"{cat,"two words","a\"b"}"#, json!(["cat", "two words", "a\"b"])),
            ("{cat,NULL}", json!(["cat", null])),
            (r#"c("cat", "it's")"#, json!(["cat", "it's"])),
            ("c('cat', NA)", json!(["cat", null])),
            ("c(a = \"cat\", b = \"dog\")", json!(["cat", "dog"])),
            ("list(\"cat\", \"dog\")", json!(["cat", "dog"])),
            ("character(0)", json!([])),
            ("set()", json!([])),
            ("frozenset({'cat'})", json!(["cat"])),
            ("array(['cat', 'dog'], dtype=object)", json!(["cat", "dog"])),
            ("array([], dtype='<U3')", json!([])),
            ("[]", json!([])),
            ("{}", json!([])),
            ("()", json!([])),
            ("[two words, cat]", json!(["two words", "cat"])),
            (r"[u'caf\xe9', u'\u732b', '\U0001F408', '\ud83d\udc08']", json!(["café", "猫", "🐈", "🐈"])),
            ("{'a': None, 'b': [True, nan], 'c': 1.5}", json!({"a": null, "b": [true, null], "c": 1.5})),
            (
                "[{'name': cat, 'id': 7476450316014498872}]",
                json!([{"name": "cat", "id": 7_476_450_316_014_498_872_u64}]),
            ),
            (r#"[{"name":"cat"},{"name":"it's"}]"#, json!([{"name": "cat"}, {"name": "it's"}])),
            ("{'id': '1', 'x': {'y': ()}}", json!({"id": "1", "x": {"y": []}})),
            ("[[cat], [dog]]", json!([["cat"], ["dog"]])),
            ("['', 'cat']", json!(["", "cat"])),
        ] {
            assert_eq!(parse(text), Some(want), "{text}");
            assert!(is_bracketed(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_list_is_none() {
        for text in [
            "['cat",
            "[cat",
            "cat]",
            "[cat]]",
            "['a' 'b' ... 'y' 'z']",
            "[a, ..., b]",
            "{a:}",
            "{a: 1, b}",
            "data.frame(x)",
            "[cat (x)]",
            "[object Object]",
            "",
            "[\"a\\ud83d\"]",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(!is_bracketed("cat") && !is_bracketed("character") && is_bracketed(" c(1)"));
    }

    #[test]
    fn words_for_nothing_are_nothing() {
        for cell in [
            "",
            " ",
            "NA",
            " N/A ",
            "NULL",
            "null",
            "None",
            "NaN",
            "nan",
            "\\N",
            "-",
            "undefined",
            "#N/A",
            "<NA>",
            "NaT",
        ] {
            assert!(is_nothing(cell), "{cell:?}");
        }
        for cell in ["0", "no", "NAN A", "--", "none of it", "cat"] {
            assert!(!is_nothing(cell), "{cell:?}");
        }
    }

    proptest! {
        #[test]
        fn no_cell_makes_it_panic(cell: String, list in r#"[\[({]['"a\\xuU0{}()\[\]=: ,#N]{0,30}[\])}]?"#) {
            let _ = (parse(&cell), parse(&list));
        }

        #[test]
        fn json_is_read_as_json(names in proptest::collection::vec("\\PC{0,8}", 0..5)) {
            let text = serde_json::to_string(&names).expect("JSON");
            prop_assert_eq!(parse(&text), Some(json!(names)));
        }
    }
}
