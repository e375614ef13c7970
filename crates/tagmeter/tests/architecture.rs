//! Checks the code against ARCHITECTURE.md: the paths it names exist, crates use only the crates allowed, every
//! file opens with its purpose and stays small, and migrations are numbered alike for every backend.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[path = "architecture/words.rs"]
mod words;

/// Crates that each crate may use. Development dependencies are free, `testkit` is nothing else.
const ARROWS: [(&str, &[&str]); 18] = [
    ("domain", &[]),
    ("store", &["domain"]),
    ("search", &[]),
    ("tables", &["domain"]),
    ("sources", &["domain"]),
    ("charts", &["domain"]),
    ("notify", &["domain"]),
    ("reports", &["charts", "domain", "tables"]),
    ("catalog", &["domain", "search", "sources", "store"]),
    ("measure", &["catalog", "charts", "domain", "sources", "store", "tables"]),
    ("tracking", &["catalog", "domain", "store"]),
    ("alerting", &["catalog", "domain", "measure", "notify", "store"]),
    ("sharing", &["catalog", "charts", "domain", "measure", "store"]),
    ("scheduling", &["charts", "domain", "measure", "notify", "reports", "sharing", "store"]),
    (
        "server",
        &[
            "alerting",
            "catalog",
            "charts",
            "domain",
            "measure",
            "reports",
            "scheduling",
            "sharing",
            "store",
            "tables",
            "tracking",
        ],
    ),
    ("worker", &["alerting", "catalog", "domain", "scheduling", "sources", "store", "tracking"]),
    (
        "tagmeter",
        &[
            "alerting",
            "catalog",
            "charts",
            "domain",
            "measure",
            "notify",
            "reports",
            "scheduling",
            "search",
            "server",
            "sharing",
            "sources",
            "store",
            "tables",
            "tracking",
            "worker",
        ],
    ),
    (
        "testkit",
        &[
            "alerting",
            "catalog",
            "domain",
            "measure",
            "notify",
            "scheduling",
            "server",
            "sharing",
            "sources",
            "store",
            "worker",
        ],
    ),
];

/// Maximum lines of a file. (Most are shorter than a third of it.)
const LINES_MAX: usize = 500;

fn root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.canonicalize().expect("the workspace")
}

/// Lists all files under a folder whose name ends so, in order, without built or hidden ones.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
            let name = entry.file_name().expect("a name").to_string_lossy().into_owned();
            if name.starts_with('.') || name == "target" {
                continue;
            }
            if entry.is_dir() {
                open.push(entry);
            } else if name.ends_with(ending) {
                found.push(entry);
            }
        }
    }
    found.sort();
    found
}

#[test]
fn crates_use_only_the_crates_allowed() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let names: BTreeSet<&str> = packages.iter().filter_map(|p| p["name"].as_str()).collect();
    let listed: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, listed, "a new crate is drawn in ARCHITECTURE.md and listed here");
    for (name, may_use) in ARROWS {
        let package = packages.iter().find(|p| p["name"] == name).expect("listed");
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let used = dependency["name"].as_str().expect("a name");
            let is_for_tests = dependency["kind"] == "dev";
            assert!(
                is_for_tests || !names.contains(used) || may_use.contains(&used),
                "{name} must not use {used}; it may use {may_use:?}"
            );
        }
    }
}

/// Modules of `server` that only `router` and `server` use: the endpoints. Nothing below names them.
const ENDPOINTS: [&str; 3] = ["contract", "operations", "v1"];
/// Files of `server` that may name the endpoints: they tie paths to handlers, and answers to their renderers.
const ENDPOINT_USERS: [&str; 3] = ["lib.rs", "router.rs", "server.rs"];

#[test]
fn arrows_inside_the_server_lead_from_endpoints_inward() {
    let source = root().join("crates/server/src");
    let mut wrong = Vec::new();
    for file in files(&source, ".rs") {
        let name = file.strip_prefix(&source).expect("in the server").display().to_string();
        let own = ENDPOINTS.iter().find(|module| name.starts_with(&format!("{module}/")));
        let text = fs::read_to_string(&file).expect("a file");
        let forbidden = ENDPOINTS.iter().filter(|module| own != Some(module));
        let mut forbidden: Vec<String> = forbidden.map(|module| format!("crate::{module}")).collect();
        if ENDPOINT_USERS.contains(&name.as_str()) {
            continue;
        }
        if name.starts_with("http/") {
            forbidden.push("crate::gate".to_owned());
        }
        wrong.extend(
            forbidden.iter().filter(|path| names_module(&text, path)).map(|path| format!("{name}: {path}")),
        );
    }
    assert!(wrong.is_empty(), "these files of crates/server/src reach outward:\n{}", wrong.join("\n"));
}

/// Returns true if a source names the module, and not one whose name only begins so.
fn names_module(source: &str, path: &str) -> bool {
    source.match_indices(path).any(|(at, _)| {
        let next = source[at + path.len()..].chars().next();
        next.is_none_or(|next| !next.is_alphanumeric() && next != '_')
    })
}

#[test]
fn every_path_that_a_document_names_exists() {
    let root = root();
    let mut missing = Vec::new();
    let mut documents = files(&root.join("docs"), ".md");
    documents.extend(["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"].map(|name| root.join(name)));
    for document in documents {
        let text = fs::read_to_string(&document).expect("a document");
        for path in named_paths(&text) {
            let beside = document.parent().expect("a folder").join(&path);
            if !root.join(&path).exists() && !beside.exists() {
                missing.push(format!("{}: {path}", document.file_name().expect("a name").display()));
            }
        }
    }
    assert!(missing.is_empty(), "these paths do not exist:\n{}", missing.join("\n"));
}

/// Returns the repository's paths in a text: in backquotes and beginning with a folder or file of its root, or
/// the target of a relative link. Patterns (`<name>`, `*`) do not count.
fn named_paths(text: &str) -> BTreeSet<String> {
    const STARTS: [&str; 7] =
        ["crates/", "docs/", "scripts/", ".ci/", ".github/", "clippy.toml", "deny.toml"];
    let quoted = text.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
    let quoted = quoted.filter(|word| STARTS.iter().any(|start| word.starts_with(start)));
    let linked = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let linked = linked.filter(|link| !link.contains("://") && !link.starts_with('#'));
    let linked = linked.map(|link| link.split('#').next().unwrap_or(link));
    quoted
        .chain(linked)
        .map(|path| path.trim_end_matches([',', '.', ';', ':']).to_owned())
        .filter(|path| !path.contains(['<', '*', '{']))
        .collect()
}

#[test]
fn named_paths_are_found_in_text() {
    let text = "See `crates/domain/src/tag.rs`, `cargo run` and [the CLI](docs/cli.md#exit-codes) or `crates/<name>/src`.";
    let found: Vec<String> = named_paths(text).into_iter().collect();
    assert_eq!(found, ["crates/domain/src/tag.rs", "docs/cli.md"]);
}

#[test]
fn every_file_says_what_it_is_for_and_is_one_room() {
    let mut wrong = Vec::new();
    for file in files(&root(), ".rs") {
        let text = fs::read_to_string(&file).expect("a file");
        let shown = file.strip_prefix(root()).expect("in the workspace").display().to_string();
        if !text.starts_with("//! ") {
            wrong.push(format!("{shown} does not open with `//! ` and a sentence"));
        }
        let lines = text.lines().count();
        if lines > LINES_MAX {
            wrong.push(format!("{shown} has {lines} lines, over {LINES_MAX}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn migrations_are_numbered_from_one_and_alike_for_every_backend() {
    // File of the schema (a folder) -> lists of its steps, one for each backend that differs.
    let mut lists: BTreeMap<String, BTreeSet<Vec<String>>> = BTreeMap::new();
    for backend in fs::read_dir(root().join("crates/store/src")).expect("the store") {
        let migrations = backend.expect("an entry").path().join("migrations");
        let mut steps: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for step in if migrations.is_dir() { files(&migrations, ".sql") } else { Vec::new() } {
            let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
            steps.entry(name(step.parent().expect("a folder"))).or_default().push(name(&step));
        }
        for (folder, names) in steps {
            lists.entry(folder).or_default().insert(names);
        }
    }
    assert!(!lists.is_empty());
    for (folder, lists) in lists {
        assert_eq!(lists.len(), 1, "the backends have different steps for {folder}: {lists:?}");
        for (name, number) in lists.iter().flatten().zip(1..) {
            assert!(name.starts_with(&format!("{number:04}_")), "{folder}/{name} should be number {number}");
        }
    }
}
