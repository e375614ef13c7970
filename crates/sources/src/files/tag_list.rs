//! Tags in one cell of a table: a JSON list, a list as Python prints it, or names with something between them.

use crate::json::id::Id;
use crate::json::lenient::{Text, first_told};
use domain::HashtagId;
use serde::Deserialize;
use serde_json::value::RawValue;

/// A tag in a list of objects, under the names that sources have for it.
#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "'de: 'a"))]
struct Tagged<'a> {
    id: Id<'a>,
    name: Text<'a>,
    title: Text<'a>,
    hashtag_name: Text<'a>,
    #[serde(rename = "hashtagName")]
    camel_name: Text<'a>,
}

/// Names and, where they are told, ids.
pub(crate) fn parse(cell: &str) -> Result<Vec<(String, Option<HashtagId>)>, String> {
    let cell = cell.trim();
    if !cell.starts_with('[') {
        return Ok(separated(cell).map(|name| (name.to_owned(), None)).collect());
    }
    let list = json_list(cell).or_else(|| json_list(&json_of_python(cell)));
    list.ok_or_else(|| {
        let start: String = cell.chars().take(60).collect();
        format!("hashtags: {start:?} is neither a JSON list nor one of Python")
    })
}

fn json_list(text: &str) -> Option<Vec<(String, Option<HashtagId>)>> {
    let values: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    let tag = |value: &&RawValue| {
        if value.get().starts_with('{') {
            let tagged: Tagged<'_> = serde_json::from_str(value.get()).ok()?;
            let names = [&tagged.name, &tagged.title, &tagged.hashtag_name, &tagged.camel_name];
            return Some((first_told(&names), tagged.id.hashtag()));
        }
        serde_json::from_str::<Text<'_>>(value.get()).ok().map(|name| (name.clean(), None))
    };
    values.iter().map(tag).collect()
}

/// Names between commas, semicolons or bars, or else between spaces; `#` begins one, too.
fn separated(cell: &str) -> impl Iterator<Item = &str> {
    let is_listed = cell.contains([',', ';', '|']);
    let is_between =
        move |c: char| c == '#' || if is_listed { matches!(c, ',' | ';' | '|') } else { c.is_whitespace() };
    cell.split(is_between).map(str::trim).filter(|name| !name.is_empty())
}

/// JSON of what Python prints: strings in either quotes, `None`, `True`, `False`.
fn json_of_python(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 16);
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, '\'' | '"') => {
                quote = Some(character);
                json.push('"');
            }
            (Some(open), _) if character == open => {
                quote = None;
                json.push('"');
            }
            (Some(_), '"') => json.push_str("\\\""),
            (Some(_), '\\') => escape(&mut characters, &mut json),
            _ => json.push(character),
        }
    }
    for (python, word) in [("None", "null"), ("True", "true"), ("False", "false")] {
        for before in [": ", ", ", "["] {
            json = json.replace(&format!("{before}{python}"), &format!("{before}{word}"));
        }
    }
    json
}

/// Writes what a backslash of Python begins: `\'`, `\n`, `\xe9`, `\u00e9`.
fn escape(characters: &mut std::str::Chars<'_>, json: &mut String) {
    match characters.next() {
        Some(kept @ ('\\' | '"' | 'n' | 'r' | 't' | 'b' | 'f' | 'u')) => json.extend(['\\', kept]),
        Some('x') => json.push_str("\\u00"),
        Some(other) => json.push(other),
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(cell: &str) -> Vec<String> {
        parse(cell).expect("a list").into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn lists_of_every_make_are_read() {
        for cell in [
            r#"["cat","it's"]"#,
            r#"['cat', "it's"]"#,
            r"['cat', 'it\'s']",
            "cat,it's",
            "#cat #it's",
            "cat it's",
            "cat; it's;",
            "#cat#it's",
            "cat | it's",
            r#"[{"name":"cat"},{"title":"it's"}]"#,
            r#"[{'hashtag_name': 'cat', 'x': None}, {'hashtagName': "it's", 'y': [True, False]}]"#,
        ] {
            assert_eq!(names(cell), ["cat", "it's"], "{cell}");
        }
        assert_eq!(names("cat, funny dog"), ["cat", "funny dog"]);
        assert_eq!(names("[]"), Vec::<String>::new());
        assert_eq!(names(""), Vec::<String>::new());
        assert_eq!(names(r"['\xe9t\u00e9', 'a\\b']"), ["été", "a\\b"]);
        let told = parse("[{'id': '7551', 'name': 'cat'}]").expect("a list");
        assert_eq!(told[0].1.map(HashtagId::get), Some(7551));
        assert!(parse("['cat").expect_err("broken").contains("neither a JSON list nor one of Python"));
    }

    proptest! {
        #[test]
        fn no_cell_makes_it_panic(cell: String, list in r#"\[['"a\\x{}: ,#N]{0,30}\]?"#) {
            let _ = (parse(&cell), parse(&list));
        }
    }
}
