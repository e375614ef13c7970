//! Ctrl-C and SIGTERM in commands that end by themselves: what is kept, and how to go on. Commands that serve finish what
//! is under way instead (`commands/serve.rs`).

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

/// Ends the process at the first signal and says so, where the command does not see to it itself.
pub(crate) fn end_at_signal(command: &Command) -> Result<(), Failure> {
    let Some(kept) = kept(command) else { return Ok(()) };
    let signal = stop_signal()?;
    tokio::spawn(async move {
        signal.await;
        say(format_args!("Interrupted{kept}"));
        end();
    });
    Ok(())
}

fn end() -> ! {
    remove_unfinished();
    std::process::exit(Exit::Interrupted as i32)
}

/// What stays of a command that is interrupted; `None` where the command says so itself.
fn kept(command: &Command) -> Option<&'static str> {
    match command {
        Command::Demo(_) | Command::Serve(_) | Command::Worker | Command::Import(_) => None,
        Command::Backfill(_) => Some(
            ": the windows of days that were read whole are kept.\nhint: run the same command again to go on; they are not requested again",
        ),
        Command::Migrate(_) => {
            Some(": what was copied is kept in the target.\nhint: run the same command again to go on")
        }
        Command::Forget(_) => Some(
            ": what was forgotten until now is gone.\nhint: run the same command again to go on; copies that are left are dropped then",
        ),
        Command::Backup(_) => Some(
            ": the copy is not complete.\nhint: run the same command again; it replaces what is left of this one (TO.unfinished)",
        ),
        Command::Export(_) | Command::Report(_) => {
            Some(": no file was written.\nhint: run the same command again")
        }
        _ => Some("."),
    }
}
