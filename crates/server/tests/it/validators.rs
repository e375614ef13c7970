//! Checks the served descriptions by another implementation: `scripts/oracles/openapi.py`. Skips with a message
//! if Python has no openapi-spec-validator; `TAGMETER_PYTHON` names another Python.

use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use testkit::{Request, TestServer};

/// Returns a Python with the libraries of the script.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
#[expect(clippy::disallowed_methods, reason = "which Python is for the machine to say, not for the settings")]
fn python() -> Option<String> {
    let python = std::env::var("TAGMETER_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let imports = Command::new(&python).args(["-c", "import openapi_spec_validator"]).output();
    if imports.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    println!("skipped: {python} has no openapi-spec-validator");
    None
}

/// Runs the script on the descriptions. Returns true if it accepts them, and its output.
fn validate(python: &str, descriptions: &Value) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/oracles/openapi.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(descriptions.to_string().as_bytes()).expect("the script reads");
    drop(input);
    let output = child.wait_with_output().expect("the script ends");
    let [said, failed] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.success(), said + &failed)
}

#[tokio::test]
async fn both_descriptions_are_valid_by_the_published_schemas() {
    let Some(python) = python() else { return };
    let server = TestServer::start().await;
    let newest = server.send(Request::get("/openapi.json")).await.json();
    let mut older = server.send(Request::get("/openapi-3.0.json")).await.json();
    let (is_valid, said) = validate(&python, &json!({"3.1": newest, "3.0": older}));
    assert!(is_valid, "{said}");
    // Valid in 3.1 alone, which the script notices.
    older["components"]["schemas"]["Challenge"]["properties"]["id"]["type"] = json!(["string", "null"]);
    let (is_valid, said) = validate(&python, &json!({"3.0": older}));
    assert!(!is_valid && said.contains("Challenge"), "{said}");
}
