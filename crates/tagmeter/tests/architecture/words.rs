//! Checks that comments, messages and documents avoid the words that the glossary of CONTRIBUTING.md replaces.
//! Places that still have some are listed with their number, which may only fall.

use std::collections::BTreeMap;
use std::fs;

use super::{files, root};

/// Words that no comment, message or document contains. `held` is allowed with a lock, lease or permit, and in
/// `held out` (of a test set).
const BANNED: [&str; 8] =
    ["told", "tells", "untell", "anew", "held", "asked for", "of before", "stands behind"];
/// Words that no doc comment begins with: it names the thing first, or says what a function does.
const BANNED_OPENINGS: [&str; 7] = ["What", "Who", "Whether", "How", "Where", "Those", "Of"];
/// Near one of these, `held` is the right word.
const HOLDABLE: [&str; 3] = ["lock", "lease", "permit"];
/// First words of string literals that are SQL.
const SQL: [&str; 12] = [
    "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "WITH", "ALTER", "DROP", "AND", "WHERE", "FROM", "JOIN",
];

/// Places that are not done yet: a crate, or a document, with the number of its faults. Lower a number when you
/// mend some, delete the line at zero, and never raise one.
const LEFT: &[(&str, usize)] =
    &[("crates/catalog", 28), ("crates/server", 2), ("crates/store", 16), ("crates/tagmeter", 24)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Doc,
    Comment,
    Literal,
}

/// A run of comment lines of one kind, or one string literal.
#[derive(Debug)]
struct Piece {
    kind: Kind,
    line: usize,
    text: String,
}

/// Splits Rust source into its comments and string literals.
fn pieces(source: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut rest, mut line, mut code_since) = (source, 1, true);
    while let Some(first) = rest.chars().next() {
        let (kind, length, text) = if rest.starts_with("//") {
            let end = rest.find('\n').unwrap_or(rest.len());
            let is_doc = rest.starts_with("//!") || (rest.starts_with("///") && !rest.starts_with("////"));
            let text = rest[..end].trim_start_matches(['/', '!']).trim();
            (if is_doc { Kind::Doc } else { Kind::Comment }, end, text)
        } else if let Some((opening, closing)) = literal_opening(source, rest) {
            let body = &rest[opening..];
            let end = literal_end(body, &closing);
            (Kind::Literal, opening + end + closing.len(), &body[..end])
        } else {
            let length = if first == '\'' { char_literal(rest) } else { first.len_utf8() };
            code_since |= !first.is_whitespace();
            line += rest[..length].matches('\n').count();
            rest = &rest[length..];
            continue;
        };
        match pieces.last_mut() {
            Some(last) if !code_since && last.kind == kind && kind != Kind::Literal => {
                last.text.push(' ');
                last.text.push_str(text);
            }
            _ => pieces.push(Piece { kind, line, text: text.to_owned() }),
        }
        code_since = kind == Kind::Literal;
        let length = length.min(rest.len());
        line += rest[..length].matches('\n').count();
        rest = &rest[length..];
    }
    pieces
}

/// Returns the length of a literal's opening (`"`, `r#"`) and its closing, if one begins here.
fn literal_opening(source: &str, rest: &str) -> Option<(usize, String)> {
    if rest.starts_with('"') {
        return Some((1, "\"".to_owned()));
    }
    let before = source[..source.len() - rest.len()].chars().next_back();
    if !rest.starts_with('r') || before.is_some_and(|c| c.is_alphanumeric() && c != 'b' || c == '_') {
        return None;
    }
    let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
    rest[1 + hashes..].starts_with('"').then(|| (hashes + 2, format!("\"{}", "#".repeat(hashes))))
}

/// Returns where the literal's body ends. Backslashes escape in plain literals alone, whose closing is one
/// quote; a raw literal without hashes is read as a plain one, which matters only to a body that ends in a
/// backslash.
fn literal_end(body: &str, closing: &str) -> usize {
    if closing.len() > 1 {
        return body.find(closing).unwrap_or(body.len());
    }
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at,
            _ => {}
        }
    }
    body.len()
}

/// Returns the length of a character literal, or 1 for the quote of a lifetime.
fn char_literal(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => rest[2..].find('\'').map_or(1, |end| match &rest[2..3] {
            "'" => 4,
            _ => 2 + end + 1,
        }),
        Some(_) => chars.next().filter(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 1),
        None => 1,
    }
}

/// Replaces code in backquotes by a word that is never banned: names in code may be any word.
fn without_code(text: &str) -> String {
    text.split('`').step_by(2).collect::<Vec<_>>().join("code")
}

/// Lists the banned words of a text, one entry for each time it has one.
fn banned_words(text: &str) -> Vec<&'static str> {
    let text = without_code(text).to_lowercase();
    let words: Vec<&str> =
        text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|w| !w.is_empty()).collect();
    let holds = HOLDABLE.iter().any(|thing| text.contains(thing));
    let mut found = Vec::new();
    for banned in BANNED {
        let length = banned.split(' ').count();
        let mut times = words.windows(length).filter(|window| window.join(" ") == banned).count();
        if banned == "held" {
            times -= words.windows(2).filter(|window| *window == ["held", "out"]).count();
        }
        if !(banned == "held" && holds) {
            found.extend(std::iter::repeat_n(banned, times));
        }
    }
    found
}

fn is_read_by_people(piece: &Piece) -> bool {
    let first = piece.text.split_whitespace().next().unwrap_or_default();
    piece.kind != Kind::Literal || (piece.text.trim().contains(' ') && !SQL.contains(&first))
}

/// Lists the faults of a Rust file as `line: word`.
fn faults_of_source(source: &str) -> Vec<String> {
    let mut faults = Vec::new();
    for piece in pieces(source).iter().filter(|piece| is_read_by_people(piece)) {
        let text =
            if piece.kind == Kind::Literal { piece.text.replace("\\n", " ") } else { piece.text.clone() };
        faults.extend(banned_words(&text).into_iter().map(|word| format!("{}: {word}", piece.line)));
        let first = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        if piece.kind == Kind::Doc && BANNED_OPENINGS.contains(&first) {
            faults.push(format!("{}: begins with {first}", piece.line));
        }
    }
    faults
}

/// Lists the faults of a Markdown document, without its code blocks.
fn faults_of_document(text: &str) -> Vec<String> {
    let prose = text.split("```").step_by(2).flat_map(str::lines);
    prose.flat_map(banned_words).map(str::to_owned).collect()
}

/// Lists all faults by place: a crate, or a document.
fn faults() -> BTreeMap<String, Vec<String>> {
    let root = root();
    let mut faults: BTreeMap<String, Vec<String>> = BTreeMap::new();
    // This file names the words.
    for file in files(&root, ".rs").iter().filter(|file| !file.ends_with("tests/architecture/words.rs")) {
        let name = file.strip_prefix(&root).expect("in the workspace");
        let place = name.iter().take(2).collect::<std::path::PathBuf>().display().to_string();
        let found = faults_of_source(&fs::read_to_string(file).expect("a file"));
        let found = found.into_iter().map(|fault| format!("{}:{fault}", name.display()));
        faults.entry(place).or_default().extend(found);
    }
    let mut documents = files(&root.join("docs"), ".md");
    documents.extend(
        ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root.join(name)),
    );
    for document in documents {
        let place = document.strip_prefix(&root).expect("in the workspace").display().to_string();
        let found = faults_of_document(&fs::read_to_string(&document).expect("a document"));
        faults.entry(place.clone()).or_default().extend(found.iter().map(|word| format!("{place}: {word}")));
    }
    faults.retain(|_, found| !found.is_empty());
    faults
}

#[test]
fn people_read_the_words_of_the_glossary() {
    let faults = faults();
    let allowed: BTreeMap<&str, usize> = LEFT.iter().copied().collect();
    let mut wrong = String::new();
    for (place, found) in &faults {
        let allowed = allowed.get(place.as_str()).copied().unwrap_or_default();
        if found.len() > allowed {
            wrong += &format!("{place} has {}, over {allowed}:\n  {}\n", found.len(), found.join("\n  "));
        }
    }
    for place in allowed.keys().filter(|place| !faults.contains_key(**place)) {
        wrong += &format!("{place} has none: delete its line\n");
    }
    assert!(wrong.is_empty(), "words that the glossary of CONTRIBUTING.md replaces:\n{wrong}");
}

#[test]
fn words_are_found_in_comments_and_messages_alone() {
    let source = r##"
//! Of the first line.
use c;
/// Returns what was asked
/// for, `told` by a name.
fn told(c: char, held: &'static str) -> bool {
    // While the lock is held.
    let quote = '"'; // It was held.
    let sql = "SELECT told FROM t"; let word = "anew";
    print(r#"nothing is "told" here"#, "made \"anew\" twice", '\'');
}
/// Whether it is.
"##;
    assert_eq!(
        faults_of_source(source),
        ["2: begins with Of", "4: asked for", "8: held", "10: told", "10: anew", "12: begins with Whether"]
    );
    assert_eq!(faults_of_document("It tells.\n```\ntold\n```\nMade anew, `held`."), ["tells", "anew"]);
}
