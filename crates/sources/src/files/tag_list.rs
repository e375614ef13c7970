//! Tags in one table cell: a list as some program prints it, or names with separators.

use crate::json::id::Id;
use crate::literal::{is_bracketed, is_nothing, parse as parse_literal};
use domain::HashtagId;
use serde_json::Value;

/// Keys of a tag's name in an object, most reliable first: Apify's `title` is a description, the web's is
/// the name.
const NAMES: [&str; 9] =
    ["name", "hashtagName", "hashtag_name", "cha_name", "challengeName", "title", "tag", "hashtag", "text"];

/// Keys of a tag's id.
const IDS: [&str; 5] = ["id", "cid", "hashtag_id", "hashtagId", "challenge_id"];

/// Deepest nesting of lists.
const DEPTH_MAX: u32 = 4;

/// The separator of names without brackets. It is the same in all cells of a column: `grow your own` is one
/// tag in a column with commas between tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Between {
    /// Commas, semicolons or bars if the cell has one, otherwise spaces.
    #[default]
    Unknown,
    /// Commas, semicolons or bars, which no hashtag contains.
    Marks,
    /// Spaces.
    Spaces,
}

impl Between {
    /// Detects the separator of a column: marks as soon as one cell has one.
    pub(crate) fn of<'c>(cells: impl Iterator<Item = &'c str>) -> Self {
        let mut has_cells = false;
        for cell in cells.filter(|cell| !is_nothing(cell) && !is_bracketed(cell)) {
            has_cells = true;
            if cell.contains(is_separator) {
                return Self::Marks;
            }
        }
        if has_cells { Self::Spaces } else { Self::Unknown }
    }
}

const fn is_separator(c: char) -> bool {
    matches!(c, ',' | ';' | '|' | '\u{ff0c}' | '\u{3001}' | '\u{60c}' | '\u{ff1b}')
}

/// A name and, if known, an id.
pub(crate) type Named = (String, Option<HashtagId>);

/// Parses names and, if present, ids. Fails for brackets or quotes that do not form a list.
pub(crate) fn parse(cell: &str, between: Between) -> Result<Vec<Named>, String> {
    let cell = cell.trim();
    if is_nothing(cell) {
        return Ok(Vec::new());
    }
    let mut tags = Vec::new();
    // A list printed as a string once more.
    let unquoted = match cell.starts_with(['"', '\'']) {
        true => parse_literal(&format!("[{cell}]")).ok_or_else(|| no_list(cell))?,
        false if is_bracketed(cell) => parse_literal(cell).ok_or_else(|| no_list(cell))?,
        false => {
            for name in separated(cell, between) {
                push(&mut tags, name, None, cell)?;
            }
            return Ok(tags);
        }
    };
    match unquoted {
        Value::Array(values) if cell.starts_with(['"', '\'']) && values.len() == 1 => {
            let inner = values[0].as_str().unwrap_or_default();
            match is_bracketed(inner) {
                true => collect(&parse_literal(inner).ok_or_else(|| no_list(cell))?, &mut tags, cell, 0)?,
                false => separated(inner, between).try_for_each(|name| push(&mut tags, name, None, cell))?,
            }
        }
        value => collect(&value, &mut tags, cell, 0)?,
    }
    Ok(tags)
}

fn no_list(cell: &str) -> String {
    let start: String = cell.chars().take(60).collect();
    format!("hashtags: {start:?} is no list that JSON, Python, R, PostgreSQL or DuckDB would print")
}

fn collect(value: &Value, tags: &mut Vec<Named>, cell: &str, depth: u32) -> Result<(), String> {
    match value {
        Value::Null => Ok(()),
        Value::String(name) => push(tags, name, None, cell),
        Value::Number(number) => push(tags, &number.to_string(), None, cell),
        Value::Array(values) if depth < DEPTH_MAX => {
            values.iter().try_for_each(|value| collect(value, tags, cell, depth + 1))
        }
        Value::Object(object) => {
            let text = |keys: &[&str]| {
                keys.iter().find_map(|key| match object.get(*key)? {
                    Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
                    Value::Number(number) => Some(number.to_string()),
                    _ => None,
                })
            };
            let name = text(&NAMES);
            // An object without a known name key is not a tag. A mention has an empty name.
            if name.is_none() && !NAMES.iter().any(|key| object.contains_key(*key)) {
                return Err(no_list(cell));
            }
            let id = text(&IDS).and_then(|id| Id::Text(id.into()).hashtag());
            push(tags, &name.unwrap_or_default(), id, cell)
        }
        Value::Bool(_) | Value::Array(_) => Err(no_list(cell)),
    }
}

fn push(tags: &mut Vec<Named>, name: &str, id: Option<HashtagId>, cell: &str) -> Result<(), String> {
    let name = name.trim().trim_start_matches(['#', '\u{ff03}']).trim();
    if name.is_empty() || is_nothing(name) && tags.is_empty() && cell.len() == name.len() {
        return Ok(());
    }
    let is_quoted = |name: &str| name.starts_with(['\'', '`']) && name.ends_with(['\'', '`']);
    if name.contains(['[', ']', '{', '}', '(', ')', '"', '<', '>', '\\']) || is_quoted(name) {
        return Err(no_list(cell));
    }
    tags.push((name.to_owned(), id));
    Ok(())
}

/// Splits names at marks, or else at spaces; `#` begins one, too.
fn separated(cell: &str, between: Between) -> impl Iterator<Item = &str> {
    let is_marked = match between {
        Between::Unknown => cell.contains(is_separator),
        Between::Marks => true,
        Between::Spaces => false,
    };
    let is_between = move |c: char| {
        matches!(c, '#' | '\u{ff03}' | '\n' | '\r' | '\t')
            || if is_marked { is_separator(c) } else { c.is_whitespace() || is_separator(c) }
    };
    cell.split(is_between).map(str::trim).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(cell: &str) -> Vec<String> {
        parse(cell, Between::Unknown).expect("a list").into_iter().map(|(name, _)| name).collect()
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
            "cat\u{3001}it's",
            "cat\nit's",
            r#"[{"name":"cat"},{"title":"it's"}]"#,
            r#"[{'hashtag_name': 'cat', 'x': None}, {'hashtagName': "it's", 'y': [True, False]}]"#,
            r#"[{'cha_name': 'cat', 'cid': '1'}, {'name': "it's", 'title': 'about it'}]"#,
            r#"("cat", "it's")"#,
            r#"{"cat","it's"}"#,
            "{cat,it's}",
            r#"c("cat", "it's")"#,
            r#"['cat' "it's"]"#,
            "array(['cat', \"it's\"], dtype=object)",
            "[cat, it's]",
            r#""[\"cat\", \"it's\"]""#,
            r#""cat","it's""#,
            r##"["#cat", "#it's"]"##,
            "[['cat'], [\"it's\"]]",
        ] {
            assert_eq!(names(cell), ["cat", "it's"], "{cell}");
        }
        assert_eq!(names("cat, funny dog"), ["cat", "funny dog"]);
        for cell in [
            "[]",
            "",
            "{}",
            "set()",
            "character(0)",
            "NA",
            "NULL",
            "None",
            "[None]",
            "\\N",
            "()",
            "['']",
            "nan",
        ] {
            assert_eq!(names(cell), Vec::<String>::new(), "{cell}");
        }
        assert_eq!(names(r"['\xe9t\u00e9', 'a']"), ["été", "a"]);
        assert_eq!(names("{'name': 'cat'}"), ["cat"]);
        assert_eq!(names("['null', 'nan']"), ["null", "nan"]);
        let seen = parse("[{'id': '7551', 'name': 'cat'}]", Between::Unknown).expect("a list");
        assert_eq!(seen[0].1.map(HashtagId::get), Some(7551));
        let struct_of_duckdb = parse("[{'name': cat, 'id': 7551}]", Between::Unknown).expect("a list");
        assert_eq!(struct_of_duckdb[0].1.map(HashtagId::get), Some(7551));
    }

    #[test]
    fn what_has_brackets_and_is_no_list_is_refused() {
        for cell in [
            "['cat",
            "cat]",
            "[cat}",
            "{cat",
            "list[str]",
            "<tag>",
            "cat, [dog",
            "['a' 'b' ... 'c']",
            "{'x': 1}",
            "[True]",
            "data.frame(a)[1]",
            "\"cat",
            "cat \"dog\"",
            "[object Object]x",
            "cat (dog)",
            "c(\"cat\"",
        ] {
            let error = parse(cell, Between::Unknown).expect_err(cell);
            assert!(error.contains("is no list"), "{cell}: {error}");
        }
    }

    #[test]
    fn what_stands_between_names_is_that_of_the_column() {
        let column = ["gardening, grow your own", "grow your own", "", "['a', 'b']"];
        let between = Between::of(column.into_iter());
        assert_eq!(between, Between::Marks);
        let names = |cell| {
            parse(cell, between).expect("a list").into_iter().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names("grow your own"), ["grow your own"]);
        assert_eq!(names("#cat #dog"), ["cat", "dog"]);
        assert_eq!(Between::of(["cat dog", "bird"].into_iter()), Between::Spaces);
        assert_eq!(Between::of(["NA", "[]"].into_iter()), Between::Unknown);
        assert_eq!(parse("cat dog", Between::Spaces).map(|tags| tags.len()), Ok(2));
    }

    proptest! {
        #[test]
        fn no_tag_has_brackets_or_quotes(cell: String, list in r#"\[?['"a\\x{}: ,#N()c]{0,30}\]?"#) {
            for cell in [cell, list] {
                for (name, _) in parse(&cell, Between::Unknown).unwrap_or_default() {
                    prop_assert!(!name.contains(['[', ']', '{', '}', '(', ')', '"']), "{}", name);
                }
            }
        }
    }
}
