//! `tagmeter demo`: serves synthetic data, with a key and calls to paste. It stays away from real data: its
//! folder is a temporary one, or one named on the command line that has nothing else in it.

use super::key::{NewKeyOptions, make_key};
use super::{Context, serve, worker};
use crate::config::Origin;
use crate::demo;
use crate::exit::Failure;
use crate::output::{counted, grouped, print, quoted};
use crate::progress::spinning;
use crate::telemetry;
use domain::{Clock, Credits, Email, Timestamp};
use measure::Measure;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use store::accounts::AccountCreated;
use store::{Store, StoreOptions, private};
use tempfile::TempDir;

const EMAIL: &str = "demo@example.com";
const CREDITS: u64 = 1_000_000;

/// Marks a folder as the demo's, which may be emptied.
const MARK: &str = "SYNTHETIC";
const MARK_TEXT: &str =
    "Made by `tagmeter demo`, which empties this folder at each start. Every number in it is made up.\n";

pub(super) async fn run(context: &Context) -> Result<(), Failure> {
    telemetry::start(&context.settings)?;
    refuse_database(context)?;
    let folder = Folder::prepare(context)?;
    let store = Store::open(&StoreOptions::in_folder(folder.path())).await?;
    let measure = context.open_measure(store.clone(), folder.path()).await?;
    let began = context.clock.now();
    spinning("making the data", fill(&measure, began)).await?;
    let key = make_account(context, &store).await?;
    let size = store.catalog_size().await?;
    let worker = worker::here(context, &measure, worker::uploads(folder.path())?)?;
    let server = serve::bind(context, measure, folder.path(), None).await?;
    let contents = format!("{} and {}", counted(size.hashtags, "hashtag"), counted(size.videos, "video"));
    let took_ms = context.clock.now().as_ms().saturating_sub(began.as_ms());
    let place = Place { base: format!("http://{}", server.local_addr()), folder: folder.path(), key: &key };
    print(welcome(&place, &folder, &contents, took_ms, context))?;
    serve::until_stopped(server, Some(worker)).await
}

/// Records the data and computes trends, so that the first request is fast.
async fn fill(measure: &Measure, now: Timestamp) -> Result<(), Failure> {
    measure.catalog().record(demo::observations(now)).await?;
    measure.follow_trends().await?;
    Ok(())
}

/// Address, folder and key of the demo, for the commands that it prints.
struct Place<'a> {
    base: String,
    folder: &'a Path,
    key: &'a str,
}

/// Refuses a database on the command line, where real data may be. One set elsewhere is not touched.
fn refuse_database(context: &Context) -> Result<(), Failure> {
    match &context.settings.database_url {
        Some(url) if matches!(url.origin, Origin::Flag(_)) => {
            Err(Failure::usage("the demo stores its data in SQLite files only")
                .hint("leave --database-url out"))
        }
        _ => Ok(()),
    }
}

async fn make_account(context: &Context, store: &Store) -> Result<String, Failure> {
    let now = context.clock.now();
    let email: Email = super::parsed(EMAIL)?;
    let credits = Credits::new(CREDITS).map_err(Failure::new)?;
    let (AccountCreated::Created(account_id) | AccountCreated::EmailTaken(account_id)) =
        store.create_account(&email, credits, now).await?;
    Ok(make_key(
        store,
        account_id,
        NewKeyOptions { name: "demo".to_owned(), ..NewKeyOptions::default() },
        now,
    )
    .await?
    .reveal())
}

fn welcome(place: &Place<'_>, folder: &Folder, contents: &str, took_ms: i64, context: &Context) -> String {
    let Place { base, key, .. } = place;
    let lifetime = match folder {
        Folder::Temporary(_) => "removed at the end",
        Folder::Named(_) => "emptied at the next start of the demo",
    };
    let seconds = Milliseconds(took_ms);
    format!(
        "SYNTHETIC DATA. Every hashtag total, video and creator here is made up; nothing was read from TikTok.\n\
         Created {contents} with {} days of history within {seconds}, in {} ({lifetime}).\n\
         Account {EMAIL} has {} credits. Its key is a new one at each start:\n\n  {key}\n\n\
         Listening on {base}\n\nTry, in another terminal:\n\n{}\n\n\
         To run the commands of the README unchanged, first:\n\n  {}\n\nCtrl-C stops it.",
        demo::DAYS,
        place.folder.display(),
        grouped(CREDITS),
        commands(place).join("\n"),
        exports(place, context),
    )
}

/// Returns calls and commands that work unchanged.
fn commands(place: &Place<'_>) -> Vec<String> {
    let Place { base, folder, key } = place;
    let call = |path: &str| format!("  curl -H 'X-Api-Key: {key}' '{base}{path}'");
    let calls = [
        "/challenge-info-name/?name=cat",
        "/challenge-info-id/?id=7551",
        "/challenge-posts/?challenge_id=7551&count=2",
        "/search-challenge/?keyword=cat&count=3",
    ];
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_path_buf());
    let (program, folder) = (quoted(&program().to_string_lossy()), quoted(&folder.to_string_lossy()));
    let command = |words: &str| format!("  {program} {words} --data-dir {folder}");
    let commands = ["trending", "history cat --step week", "lookup cat"];
    calls.into_iter().map(call).chain(commands.into_iter().map(command)).collect()
}

/// Returns shell exports by which commands and calls find the folder and the key of the demo.
fn exports(place: &Place<'_>, context: &Context) -> String {
    let folder = std::path::absolute(place.folder).unwrap_or_else(|_| place.folder.to_owned());
    let mut exports =
        format!("export TAGMETER_DATA_DIR={} KEY={}", quoted(&folder.to_string_lossy()), place.key);
    if let Some(folder) = program().parent().filter(|folder| !folder.as_os_str().is_empty()) {
        exports.push_str(&format!(" PATH=\"$PATH\":{}", quoted(&folder.to_string_lossy())));
    }
    // A database that is set elsewhere would win over the folder.
    match context.settings.database_url.as_ref().map(|url| &url.origin) {
        Some(Origin::Environment(variable)) => format!("unset {variable}; {exports}"),
        Some(Origin::File(..)) => format!("{exports} TAGMETER_CONFIG=/dev/null"),
        _ => exports,
    }
}

/// Returns how this program is called: by its name if the shell finds it by that, else by its path.
fn program() -> PathBuf {
    let typed = std::env::args_os().next().map(PathBuf::from).unwrap_or_default();
    if typed.components().count() == 1 { typed } else { std::env::current_exe().unwrap_or(typed) }
}

/// `0.8 s`
struct Milliseconds(i64);

impl std::fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{} s", self.0 / 1000, self.0 % 1000 / 100)
    }
}

/// The folder of the demo's data.
enum Folder {
    /// Removed when this is dropped.
    Temporary(TempDir),
    /// Named with `--data-dir`; not removed.
    Named(PathBuf),
}

impl Folder {
    /// Uses only a folder named on the command line: one from the environment or a file has real data.
    fn prepare(context: &Context) -> Result<Self, Failure> {
        let setting = &context.settings.data_dir;
        if !matches!(setting.origin, Origin::Flag(_)) {
            let folder = tempfile::Builder::new().prefix("tagmeter-demo-").tempdir();
            let folder = folder
                .map_err(|cause| Failure::new(format_args!("cannot create a temporary folder: {cause}")))?;
            return Ok(Self::Temporary(folder));
        }
        let folder = &setting.value;
        match empty(folder) {
            Ok(true) => Ok(Self::Named(folder.clone())),
            Ok(false) => Err(Failure::usage(format_args!(
                "{} contains something that the demo did not create",
                folder.display()
            ))
            .hint("name a new or empty folder, or leave --data-dir out")),
            Err(cause) => Err(Failure::new(format_args!("{} cannot be used: {cause}", folder.display()))),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Named(folder) => folder,
        }
    }
}

/// Creates or empties a folder and marks it. Returns `false` if it contains anything that is not the demo's.
fn empty(folder: &Path) -> std::io::Result<bool> {
    let mark = folder.join(MARK);
    if mark.exists() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            // The store makes files only: a folder in here is somebody else's.
            if entry.file_type()?.is_dir() {
                return Ok(false);
            }
            fs::remove_file(entry.path())?;
        }
    }
    private::make_folder(folder)?;
    if fs::read_dir(folder)?.next().is_some() {
        return Ok(false);
    }
    private::options().write(true).create_new(true).open(mark)?.write_all(MARK_TEXT.as_bytes())?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_new_an_empty_or_the_demos_own_folder_is_used() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("demo");
        assert!(empty(&path).expect("a new one"));
        fs::write(path.join("catalog.db"), "old").expect("a file");
        assert!(empty(&path).expect("its own"));
        assert!(!path.join("catalog.db").exists());
        fs::create_dir(path.join("photos")).expect("a folder");
        assert!(!empty(&path).expect("its own, with something else in it"));

        let real = folder.path().join("real");
        fs::create_dir(&real).expect("a folder");
        fs::write(real.join("catalog.db"), "precious").expect("a file");
        assert!(!empty(&real).expect("a folder of real data"));
        assert_eq!(fs::read_to_string(real.join("catalog.db")).expect("untouched"), "precious");
    }
}
