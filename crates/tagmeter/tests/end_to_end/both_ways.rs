//! Every question of the API description over HTTP and on the command line with the same parameters: the
//! answers are the same, and both refuse the same values.

use crate::binary::{Place, Serving};
use crate::measuring;
use serde_json::Value;
use std::collections::BTreeSet;

/// The command of an operation of the API.
#[derive(Clone, Copy)]
struct Command {
    operation: &'static str,
    /// The command and the hashtag of the path.
    words: &'static [&'static str],
    /// Parameters that are arguments without a name.
    positional: &'static [&'static str],
    answer: Answer,
}

/// Place of the answer in the output of a command.
#[derive(Clone, Copy)]
enum Answer {
    /// In its JSON.
    Json {
        /// Pointer to the data.
        data: &'static str,
        /// Further fields of each row of the data.
        beside: &'static [&'static str],
        /// True if `meta` is that of the answer.
        has_meta: bool,
    },
    /// The output is rows.
    Rows,
    /// A file of this name is a chart.
    Chart(&'static str),
}

const JSON: Answer = Answer::Json { data: "/data", beside: &[], has_meta: true };

/// Details of a hashtag that the command line alone has.
const DETAILS: [&str; 6] = ["meta", "is_pgcshow", "is_challenge", "is_strong_music", "type", "cover"];

/// `lookup` has the answer's fields at the top, where `meta` describes the stored videos alone.
const LOOKUP: Answer = Answer::Json {
    data: "",
    beside: &{
        let [meta, a, b, c, d, e] = DETAILS;
        [meta, a, b, c, d, e, "snapshots", "windows"]
    },
    has_meta: false,
};

const SEARCH: Answer = Answer::Json { data: "/hashtags", beside: &DETAILS, has_meta: true };

const fn command(
    operation: &'static str,
    words: &'static [&'static str],
    positional: &'static [&'static str],
    answer: Answer,
) -> Command {
    Command { operation, words, positional, answer }
}

const COMMANDS: [Command; 11] = [
    command("show_hashtag", &["lookup", "cat"], &[], LOOKUP),
    command("list_hashtags", &["search"], &["query"], SEARCH),
    command("hashtag_history", &["history", "cat"], &[], JSON),
    command("hashtag_history_svg", &["history", "cat"], &[], Answer::Chart("cat.svg")),
    command("hashtag_history_png", &["history", "cat"], &[], Answer::Chart("cat.png")),
    command("hashtag_benchmark", &["benchmark", "cat"], &[], JSON),
    command("related_hashtags", &["related", "cat"], &[], JSON),
    command("hashtag_creators", &["creators", "cat"], &[], JSON),
    command("trending", &["trending"], &[], JSON),
    command("compare_hashtags", &["compare"], &["tags"], JSON),
    command("export", &["export"], &["of"], Answer::Rows),
];

/// `videos` walks every stored video, as `/challenge-posts/` does: its `videos` are the objects of the contract, with
/// 0 for an unknown count. The measurement has `null` there, leaves out videos whose sort value is unknown, and reads
/// a sample of a very large hashtag. For both to agree, `play_count` and its kind would have to mean something else on
/// one side, and the command could no longer list all videos.
const OTHERWISE: [&str; 1] = ["list_hashtag_videos"];

/// Parameters of a chart over HTTP alone, and the values with which it is drawn as on the command line.
const CHART: [&str; 5] = ["width", "height", "theme", "log", "index"];
const CHART_SIZE: &str = "&width=1000&height=500";

/// Parameters of the transport and of the shape of an answer.
const SHAPE: [&str; 7] = ["limit", "points", "cursor", "fields", "format", "bom", "fresh"];

/// A parameter of the API description.
struct Parameter<'a> {
    name: &'a str,
    schema: &'a Value,
    example: Option<String>,
    is_required: bool,
}

impl<'a> Parameter<'a> {
    fn of(described: &'a Value, command: &Command) -> Option<Self> {
        let name = described["name"].as_str().expect("a name");
        let is_of_chart = matches!(command.answer, Answer::Chart(_)) && CHART.contains(&name);
        let is_asked = described["in"] == "query" && !SHAPE.contains(&name) && !is_of_chart;
        let example = match &described["example"] {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            other => Some(other.to_string()),
        };
        let is_required = described["required"] == true;
        is_asked.then_some(Self { name, schema: &described["schema"], example, is_required })
    }

    /// Returns the values to try: all of a closed set, else the example, else one of its type.
    fn values(&self) -> Vec<String> {
        let words = self.schema["enum"].as_array();
        if let Some(words) = words {
            return words.iter().map(|word| word.as_str().expect("a word").to_owned()).collect();
        }
        let other = match (self.name, self.schema["type"].as_str()) {
            ("to", _) => Some("2026-11-12"),
            ("from" | "since", _) => Some("2026-11-05"),
            ("as_of", _) => Some("1ms"),
            ("video_id", _) => Some("7000000000000000007"),
            ("query" | "hashtag", _) => Some("cat"),
            (_, Some("boolean")) => Some(if self.schema["default"] == true { "false" } else { "true" }),
            (_, Some("integer" | "number")) => Some("7"),
            _ => None,
        };
        let values: BTreeSet<String> = self.example.iter().cloned().chain(other.map(str::to_owned)).collect();
        assert!(!values.is_empty(), "{} has no enum, no example and no known type", self.name);
        values.into_iter().collect()
    }

    /// Returns the value as arguments of the command line.
    fn arguments(&self, value: &str, command: &Command) -> Vec<String> {
        if command.positional.contains(&self.name) {
            return value.split(',').map(str::to_owned).collect();
        }
        match (self.name, value) {
            ("repair", "false") => vec!["--no-repair".to_owned()],
            ("generic", "true") => vec!["--with-generic".to_owned()],
            ("video_id", id) => vec!["--video".to_owned(), id.to_owned()],
            (name, value) => vec![format!("--{}", name.replace('_', "-")), value.to_owned()],
        }
    }
}

/// One question: pairs of the query, and arguments.
#[derive(Clone, Default)]
struct Asking {
    query: Vec<(String, String)>,
    arguments: Vec<String>,
}

impl Asking {
    fn and(&self, parameter: &Parameter<'_>, value: &str, command: &Command) -> Self {
        let mut more = self.clone();
        more.query.push((parameter.name.to_owned(), value.to_owned()));
        more.arguments.extend(parameter.arguments(value, command));
        more
    }
}

/// Returns a question with the required parameters alone, then one for each value of each other parameter.
fn askings(parameters: &[Parameter<'_>], command: &Command) -> Vec<Asking> {
    let required = parameters.iter().filter(|parameter| parameter.is_required);
    let base = required.fold(Asking::default(), |asking, parameter| {
        asking.and(parameter, parameter.values().first().expect("a value"), command)
    });
    let mut all = vec![base.clone()];
    for parameter in parameters {
        for value in parameter.values() {
            if !parameter.is_required {
                all.push(base.and(parameter, &value, command));
            } else if parameters.iter().filter(|one| one.is_required).count() == 1 {
                all.push(Asking::default().and(parameter, &value, command));
            }
        }
    }
    all
}

fn encoded(path: &str, query: &[(String, String)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{}?{query}", path.replace("{ref}", "cat"))
}

/// Removes the beginning of a window that ends now, and a moment right before it, which differ each time.
fn without_now(data: &Value) -> Value {
    let mut data = data.clone();
    if let Some(members) = data.as_object_mut() {
        members.remove("since");
        members.remove("as_of");
    }
    data
}

/// Returns the data of the answer in the output of a command.
fn data_of(printed: &Value, pointer: &str, beside: &[&str]) -> Value {
    let mut data = printed.pointer(pointer).expect("the data").clone();
    let rows = match &mut data {
        Value::Array(rows) if !beside.is_empty() => rows.iter_mut().collect(),
        one => vec![one],
    };
    for row in rows {
        beside.iter().for_each(|name| drop(row.as_object_mut().expect("a row").remove(*name)));
    }
    data
}

/// Sends a question both ways and compares the answers.
fn compare(place: &Place, (server, key): (&Serving, &str), path: &str, command: &Command, asking: &Asking) {
    let arguments: Vec<&str> =
        command.words.iter().copied().chain(asking.arguments.iter().map(String::as_str)).collect();
    let path = encoded(path, &asking.query);
    match command.answer {
        Answer::Json { data, beside, has_meta } => {
            let (status, sent) = server.get(&path, key);
            assert_eq!(status, 200, "{path}: {sent}");
            let printed = place.json(&arguments);
            let data = data_of(&printed, data, beside);
            assert_eq!(without_now(&data), without_now(&sent["data"]), "{path} and {arguments:?}");
            if has_meta {
                assert_eq!(
                    without_now(&printed["meta"]),
                    without_now(&sent["meta"]),
                    "{path} and {arguments:?}"
                );
            }
        }
        Answer::Rows => {
            let (status, sent) = server.get_text(&format!("{path}&format=ndjson"), key);
            let printed = place.run(&[&arguments[..], &["-o", "-", "--format", "ndjson"]].concat());
            if asking.query.iter().any(|(name, _)| name == "hashtag") && asking.arguments[0] == "hashtags" {
                // The command line names a better command for one hashtag.
                assert_eq!(printed.code, Some(2), "{arguments:?}");
                return;
            }
            assert_eq!((status, printed.code), (200, Some(0)), "{path}: {sent} {printed:?}");
            assert_eq!(printed.out, sent, "{path} and {arguments:?}");
        }
        Answer::Chart(file) => {
            let (status, sent) = server.get_bytes(&format!("{path}{CHART_SIZE}"), key);
            let ended = place.run(&[&arguments[..], &["-o", file, "--force"]].concat());
            if status == 422 {
                assert_eq!(ended.code, Some(1), "{path}: {ended:?}");
                return;
            }
            assert_eq!((status, ended.code), (200, Some(0)), "{path}: {ended:?}");
            let drawn = std::fs::read(place.path().join(file)).expect("a chart");
            assert!(drawn == sent, "{path} and {arguments:?}: the charts differ");
        }
    }
}

/// Checks that a value outside a parameter's type is refused both ways, with the name of the parameter.
fn refused(
    place: &Place,
    (server, key): (&Serving, &str),
    path: &str,
    command: &Command,
    asking: &Asking,
    parameter: &Parameter<'_>,
) {
    let is_free_text = matches!(parameter.name, "query" | "hashtag" | "tags");
    if is_free_text || parameter.schema["type"] == "boolean" {
        return;
    }
    let base: Vec<_> = asking.query.iter().filter(|(name, _)| name != parameter.name).cloned().collect();
    let wrong = Asking { query: base, ..asking.clone() }.and(parameter, "no such value", command);
    let (status, problem) = server.get(&encoded(path, &wrong.query), key);
    assert_eq!((status, &problem["param"]), (422, &Value::from(parameter.name)), "{problem}");
    let arguments = parameter.arguments("no such value", command);
    let required = if parameter.is_required { &[][..] } else { &asking.arguments[..] };
    let all: Vec<&str> =
        command.words.iter().copied().chain(required.iter().chain(&arguments).map(String::as_str)).collect();
    let ended = place.run(&all);
    assert_eq!(ended.code, Some(2), "{all:?}: {ended:?}");
    let named = if parameter.is_required { "<" } else { arguments[0].as_str() };
    assert!(ended.err.contains(named), "{all:?}: {}", ended.err);
}

#[test]
fn every_question_is_answered_alike_over_http_and_on_the_command_line() {
    let place = measuring::place();
    let key = place.key();
    let server = place.serve();
    let (_, description) = server.get("/openapi.json", "");
    let mut questions = Vec::new();
    for (path, item) in description["paths"].as_object().expect("paths") {
        let operation = &item["get"];
        if operation["tags"][0] != "measurement" {
            continue;
        }
        let id = operation["operationId"].as_str().expect("an id");
        if OTHERWISE.contains(&id) {
            continue;
        }
        let command = COMMANDS.iter().find(|command| command.operation == id);
        let command = command.unwrap_or_else(|| panic!("no command for {id}: add it to COMMANDS"));
        let all = operation["parameters"].as_array().expect("parameters");
        let of = |described| Parameter::of(described, command);
        let parameters: Vec<Parameter<'_>> = all.iter().filter_map(of).collect();
        let askings = askings(&parameters, command);
        for asking in &askings {
            compare(&place, (&server, &key), path, command, asking);
        }
        for parameter in &parameters {
            refused(&place, (&server, &key), path, command, &askings[0], parameter);
        }
        questions.push(id);
    }
    assert_eq!(questions.len(), COMMANDS.len(), "{questions:?}");
}
