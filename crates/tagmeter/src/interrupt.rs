//! Ctrl-C and SIGTERM in commands that end by themselves: prints what was stored, and how to continue. Commands
//! that serve finish the calls under way instead (`commands/serve.rs`).

use crate::cli::Command;
use crate::commands::serve::stop_signal;
use crate::exit::{Exit, Failure};
use crate::measured::remove_unfinished;
use crate::output::say;
use tokio::sync::watch;

/// Becomes true at the first signal. The second one ends the process at once.
pub(crate) fn listen() -> Result<watch::Receiver<bool>, Failure> {
    let first = stop_signal()?;
    let (send, receive) = watch::channel(false);
    tokio::spawn(async move {
        first.await;
        send.send_replace(true);
        if let Ok(second) = stop_signal() {
            second.await;
            end();
        }
    });
    Ok(receive)
}

/// Ends the process with a message at the first signal, unless the command handles signals itself.
pub(crate) fn end_at_signal(command: &Command) -> Result<(), Failure> {
    let Some(message) = message(command) else { return Ok(()) };
    let signal = stop_signal()?;
    tokio::spawn(async move {
        signal.await;
        say(format_args!("Interrupted{message}"));
        end();
    });
    Ok(())
}

fn end() -> ! {
    remove_unfinished();
    std::process::exit(Exit::Interrupted as i32)
}

/// Returns the message of an interrupted command; `None` if the command prints its own.
fn message(command: &Command) -> Option<&'static str> {
    match command {
        Command::Demo(_) | Command::Serve(_) | Command::Worker | Command::Import(_) => None,
        Command::Backfill(_) => Some(
            ": the windows of days that were read whole are stored.\nhint: run the same command again to continue; they are not requested again",
        ),
        Command::Migrate(_) => {
            Some(": the rows copied so far stay in the target.\nhint: run the same command again to continue")
        }
        Command::Forget(_) => Some(
            ": what was forgotten so far is gone.\nhint: run the same command again to continue; it also drops the remaining copies",
        ),
        Command::Backup(_) => Some(
            ": the copy is not complete.\nhint: run the same command again; it replaces the unfinished copy (TO.unfinished)",
        ),
        Command::Export(_) | Command::Report(_) => {
            Some(": no file was written.\nhint: run the same command again")
        }
        _ => Some("."),
    }
}
