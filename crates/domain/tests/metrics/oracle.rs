//! Checks metrics against an independent implementation: random series, videos and counts, and the real series if
//! available, are written as JSON with our results, and `scripts/oracles/metrics.py` recomputes them with numpy,
//! pandas, scipy and scikit-learn. Skipped, with a message, if Python lacks those; `TAGMETER_PYTHON` names another
//! one.

use crate::captures::captured;
use crate::cases;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Random cases of each kind.
const CASES: usize = 60;

/// A Python that has what the script needs.
#[expect(clippy::print_stdout, reason = "a test that is skipped says so")]
#[expect(clippy::disallowed_methods, reason = "which Python is for the machine to say, not for the settings")]
fn python() -> Option<String> {
    let python = std::env::var("TAGMETER_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let imports = Command::new(&python).args(["-c", "import numpy, pandas, scipy, sklearn"]).output();
    if imports.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    println!("skipped: {python} has no numpy, pandas, scipy and scikit-learn");
    None
}

/// Has the script work cases out; its words, once it agrees with all of them.
fn agrees(python: &str, cases: &Value) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/oracles/metrics.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("Python runs");
    let mut input = child.stdin.take().expect("a pipe");
    input.write_all(cases.to_string().as_bytes()).expect("the script reads");
    drop(input);
    let output = child.wait_with_output().expect("the script ends");
    let [known, failed] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert!(output.status.success(), "{known}\n{failed}");
    known
}

#[test]
fn random_cases_agree_with_pandas_numpy_and_scipy() {
    let Some(python) = python() else { return };
    let mut runner = TestRunner::deterministic();
    let mut several =
        |case: fn(&mut TestRunner) -> Value| (0..CASES).map(|_| case(&mut runner)).collect::<Vec<_>>();
    let cases = json!({
        "series": several(cases::series),
        "numbers": several(cases::numbers),
        "videos": several(cases::videos),
        "sides": several(cases::sides),
        "tags": several(cases::tags),
        "scores": several(cases::scores),
    });
    println!("{}", agrees(&python, &cases).trim());
}

/// Compares each `step`-th of the real series. The script takes most of the time.
#[expect(clippy::print_stdout, reason = "the script says how much it compared")]
fn real_series_agree(step: usize) {
    let (Some(captured), Some(python)) = (captured(), python()) else { return };
    let some = captured.iter().step_by(step);
    let series: Vec<Value> = some.map(|one| cases::of_series(&one.readings, &[], &[])).collect();
    println!("{}", agrees(&python, &json!({ "series": series })).trim());
}

#[test]
fn every_fourth_real_series_agrees_with_pandas_numpy_and_scipy() {
    real_series_agree(4);
}

#[test]
#[ignore = "takes minutes: cargo test -p domain --test metrics -- --ignored every_real_series"]
fn every_real_series_agrees_with_pandas_numpy_and_scipy() {
    real_series_agree(1);
}
