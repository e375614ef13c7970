//! Programs that check what was sent, with what they need on their standard input.

use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Exit code of a script whose library is not installed.
pub(crate) const WITHOUT_LIBRARY: i32 = 77;

/// Returns Python as the machine has it: `$TAGMETER_PYTHON`, or `python3`.
pub(crate) fn python() -> OsString {
    std::env::var_os("TAGMETER_PYTHON").unwrap_or_else(|| OsString::from("python3"))
}

/// Returns the path of a script.
pub(crate) fn oracle(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/oracles").join(name)
}

/// Runs a script on an input and returns what it prints, or why it cannot run here.
pub(crate) fn printed(
    program: OsString,
    script: &str,
    input: &serde_json::Value,
) -> Result<String, &'static str> {
    let mut command = Command::new(program);
    command.arg(oracle(script)).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else { return Err("the program is not installed") };
    // A script without its library exits before it reads.
    let _ = child.stdin.take().expect("a pipe").write_all(input.to_string().as_bytes());
    let output = child.wait_with_output().expect("the script ends");
    if output.status.code() == Some(WITHOUT_LIBRARY) {
        return Err("its library is not installed");
    }
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned())
}
