//! `tagmeter import`: reads captures into the store and reports the result.

use super::{Context, import_stored};
use crate::cli::Import;
use crate::exit::{Exit, Failure};
use crate::interrupt;
use crate::output::{counted, counted_as, escaped, grouped, print, print_json, print_text, say, table};
use crate::progress::Bar;
use catalog::import::{
    FileSummary, HowToRead, ImportInput, ImportInputs, ImportOptions, ImportReport, ObservedAt, PassedOver,
    RejectNote, StoredFieldsReport,
};
use serde::Serialize;
use sources::files::Mapping;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::hashtags::CatalogSize;

/// Maximum number of files whose problem is printed.
const PROBLEMS_SHOWN_MAX: usize = 10;

/// Output of `import --json`.
#[derive(Serialize)]
struct Imported {
    /// True if every input was read to its end and something measurable of each was stored, no plays, hashtags or views
    /// were missed, and not all inputs were empty.
    ok: bool,
    videos: Videos,
    hashtags: Hashtags,
    snapshots: Snapshots,
    /// Records of removed videos; absent if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    removed: Option<Removed>,
    rejected: Rejected,
    /// Number of records with each field, in all and by format.
    kept: StoredFieldsReport,
    /// Skipped files and entries by kind.
    passed_over: PassedOver,
    /// True if a signal ended the import early.
    interrupted: bool,
    /// Totals of the store after the import.
    held: StoreSize,
    files: Vec<FileSummary>,
}

#[derive(Serialize)]
struct Videos {
    /// Records of videos that were read.
    records: u64,
    new: u64,
    changed: u64,
    unchanged: u64,
    /// Records skipped because the video or its creator was forgotten.
    #[serde(skip_serializing_if = "is_none")]
    forgotten: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_none(number: &u64) -> bool {
    *number == 0
}

#[derive(Serialize)]
struct Removed {
    /// Records of removed videos that were read.
    records: u64,
    /// Stored videos that count as removed from now on.
    marked: u64,
    /// Records of videos that are not stored.
    unknown: u64,
}

#[derive(Serialize)]
struct Hashtags {
    /// Records of hashtags that were read, beside those that only stand in videos.
    records: u64,
    new: u64,
    changed: u64,
}

#[derive(Serialize)]
struct Snapshots {
    new: u64,
    /// Observations without a reading time: they add no snapshot.
    without_time: u64,
    /// Observations whose time of reading is the one that --observed-at stated.
    time_stated: u64,
}

#[derive(Serialize)]
struct Rejected {
    records: u64,
    first: Vec<RejectNote>,
}

#[derive(Serialize)]
struct StoreSize {
    videos: u64,
    hashtags: u64,
}

pub(super) async fn run(command: Import, context: &Context) -> Result<Exit, Failure> {
    let mapping = if command.map.is_empty() {
        None
    } else {
        let mapping = Mapping::parse(&command.map, &command.map_constant).map_err(Failure::usage)?;
        Some(Arc::new(mapping))
    };
    let check = |at: ObservedAt| at.check(context.now());
    let observed_at = command.observed_at.map(check).transpose();
    let observed_at = observed_at.map_err(|why| Failure::usage(format_args!("--observed-at: {why}")))?;
    let inputs = listed(&command, &context.settings.data_dir.value)?;
    let rejects = command.rejects.as_deref().map(create).transpose()?;
    let store = context.open_store().await?;
    let measure = context.open_measure(store, &context.settings.data_dir.value).await?;
    let bar = Arc::new(Bar::new());
    let options = ImportOptions {
        rejects: rejects.map(|file| Box::new(BufWriter::new(file)) as _),
        progress: Some(Arc::clone(&bar) as _),
        mapping,
        how: HowToRead {
            observed_at,
            encoding: command.encoding,
            sheet: command.sheet.clone(),
            again: command.again,
        },
        called: None,
        stop: Some(interrupt::listen()?),
    };
    let imported = measure.catalog().import(inputs, options).await;
    bar.finish();
    let report = imported?;
    let imported = Imported::new(report, measure.store().catalog_size().await?);
    print_problems(&imported.files);
    import_stored::warn(&imported.files);
    if command.output.json {
        print_json(&imported)?;
    } else {
        imported.show(command.rejects.as_ref())?;
    }
    Ok(imported.exit())
}

/// Lists the inputs. Nothing is opened or created before all of them are known to exist.
fn listed(command: &Import, data_folder: &Path) -> Result<ImportInputs, Failure> {
    let named: Vec<ImportInput> = command.paths.iter().map(|path| input(path)).collect();
    let inputs = ImportInputs::list(&named, Some(data_folder))?;
    if let Some(path) = command.rejects.as_deref().filter(|path| inputs.contain(path)) {
        let refused = format!("--rejects {} is one of the files to import", path.display());
        return Err(Failure::usage(refused).hint("name another file: it would be written over"));
    }
    let names: Vec<_> =
        inputs.empty_folders().iter().map(|folder| escaped(&folder.display().to_string())).collect();
    if inputs.is_empty() {
        if let Some(passed_over) = shown(inputs.passed_over()) {
            say(format_args!("note: skipped {passed_over}"));
        }
        let holds = if names.len() == 1 { "holds" } else { "hold" };
        return Err(Failure::nothing_to_import(format_args!(
            "nothing to import: {} {holds} no files",
            names.join(", ")
        )));
    }
    for name in names {
        say(format_args!("warning: {name}: the folder holds no files"));
    }
    Ok(inputs)
}

fn input(path: &Path) -> ImportInput {
    if path.as_os_str() == "-" { ImportInput::Stdin } else { ImportInput::Path(path.to_owned()) }
}

fn create(path: &Path) -> Result<File, Failure> {
    File::create(path).map_err(|cause| {
        Failure::new(format_args!("the reject file {} cannot be created: {cause}", path.display()))
    })
}

/// Formats the counts of skipped files; `None` if nothing was skipped.
fn shown(passed_over: &PassedOver) -> Option<String> {
    let kinds: Vec<_> = passed_over.kinds().map(|(number, noun)| counted_as(number, noun)).collect();
    (!kinds.is_empty()).then(|| kinds.join(", "))
}

/// Prints the problems of whole files: the first ones, and how many more there are.
fn print_problems(files: &[FileSummary]) {
    let mut problems = files.iter().filter_map(problem);
    for problem in problems.by_ref().take(PROBLEMS_SHOWN_MAX) {
        say(format_args!("warning: {}", escaped(&problem)));
    }
    let more = problems.count() as u64;
    if more > 0 {
        say(format_args!("warning: ... and {} more; --json lists all", counted(more, "file")));
    }
}

/// Returns the problem of a whole file, with its name.
fn problem(file: &FileSummary) -> Option<String> {
    let named = |why: &str| {
        if why.starts_with(&file.file) { why.to_owned() } else { format!("{}: {why}", file.file) }
    };
    match &file.problem {
        Some(why) => Some(named(why)),
        None if file.is_empty => Some(named("the file is empty")),
        None if is_all_rejected(file) => Some(named("every record was rejected")),
        None => None,
    }
}

fn is_all_rejected(file: &FileSummary) -> bool {
    file.rejected > 0 && file.observations.values().all(|number| *number == 0)
}

impl Imported {
    fn new(report: ImportReport, size: CatalogSize) -> Self {
        let ImportReport { files, recorded, rejected, first_rejects, kept, passed_over, is_stopped, .. } =
            report;
        let (without_time, time_stated) = (report.without_time, report.times_stated);
        Self {
            ok: !is_stopped
                && !files.iter().any(|file| file.problem.is_some() || is_all_rejected(file))
                && !files.iter().any(FileSummary::misses_what_counts)
                && !files.iter().all(|file| file.is_empty),
            videos: Videos {
                records: recorded.video_records,
                new: recorded.videos_new,
                changed: recorded.videos_changed,
                unchanged: recorded.video_records.saturating_sub(
                    recorded.videos_new + recorded.videos_changed + recorded.videos_forgotten,
                ),
                forgotten: recorded.videos_forgotten,
            },
            removed: (recorded.removal_records > 0).then_some(Removed {
                records: recorded.removal_records,
                marked: recorded.videos_removed,
                unknown: recorded.removals_unknown,
            }),
            hashtags: Hashtags {
                records: recorded.hashtag_records,
                new: recorded.hashtags_new,
                changed: recorded.hashtags_changed,
            },
            snapshots: Snapshots { new: recorded.snapshots_new, without_time, time_stated },
            rejected: Rejected { records: rejected, first: first_rejects },
            kept,
            passed_over,
            interrupted: is_stopped,
            held: StoreSize { videos: size.videos, hashtags: size.hashtags },
            files,
        }
    }

    fn exit(&self) -> Exit {
        match (self.interrupted, self.ok) {
            (true, _) => Exit::Interrupted,
            (false, true) => Exit::Done,
            (false, false) => Exit::ImportIncomplete,
        }
    }

    fn show(&self, rejects_path: Option<&PathBuf>) -> Result<(), Failure> {
        let (videos, hashtags) = (&self.videos, &self.hashtags);
        let row =
            |name: &str, records: Option<u64>, new: u64, changed: Option<u64>, unchanged: Option<u64>| {
                let shown = |number: Option<u64>| number.map(grouped).unwrap_or_default();
                vec![name.to_owned(), shown(records), grouped(new), shown(changed), shown(unchanged)]
            };
        let rows = [
            row("videos", Some(videos.records), videos.new, Some(videos.changed), Some(videos.unchanged)),
            row("hashtags", Some(hashtags.records), hashtags.new, Some(hashtags.changed), None),
            row("snapshots", None, self.snapshots.new, None, None),
        ];
        print(table(&["", ">records", ">new", ">changed", ">unchanged"], rows))?;
        let formats = self.formats();
        if !formats.is_empty() {
            print(table(&["format", ">observations", ">files"], formats))?;
        }
        import_stored::show(&self.kept)?;
        print_text(format_args!(
            "Read {}; stored now: {}, {}.",
            counted(self.files.len() as u64, "file"),
            counted(self.held.videos, "video"),
            counted(self.held.hashtags, "hashtag")
        ))?;
        if let Some(passed_over) = shown(&self.passed_over) {
            print_text(format_args!("Skipped {passed_over}."))?;
        }
        self.show_gone()?;
        self.show_history()?;
        self.show_notes()?;
        self.show_rejected(rejects_path)?;
        if self.interrupted {
            say("Interrupted: everything read so far is stored.");
            say("hint: run the same command again to continue; stored records change nothing");
        }
        Ok(())
    }

    /// Prints the counts of removed and of forgotten videos.
    fn show_gone(&self) -> Result<(), Failure> {
        if let Some(Removed { records, marked, unknown }) = &self.removed {
            print_text(format_args!(
                "Removed on TikTok: {}; {} marked now, {} not stored.",
                counted(*records, "video"),
                grouped(*marked),
                grouped(*unknown)
            ))?;
        }
        if self.videos.forgotten > 0 {
            print_text(format_args!(
                "Skipped {} of forgotten videos or creators.",
                counted(self.videos.forgotten, "record")
            ))?;
        }
        Ok(())
    }

    /// Prints how many records have no reading time, and how many have a stated one.
    fn show_history(&self) -> Result<(), Failure> {
        let Snapshots { without_time, time_stated, .. } = self.snapshots;
        if time_stated > 0 {
            print_text(format_args!("Reading time stated for {}.", counted(time_stated, "record")))?;
        }
        if without_time == 0 {
            return Ok(());
        }
        let read = self.files.iter().flat_map(|file| file.observations.values()).sum::<u64>();
        let which = if without_time >= read {
            "the records have no reading time".to_owned()
        } else {
            format!("{} have no reading time", counted(without_time, "record"))
        };
        print_text(format_args!(
            "No history: {which}. Their counts are stored without a time; --observed-at states one."
        ))
    }

    /// Prints the notes on how files were read, each once.
    fn show_notes(&self) -> Result<(), Failure> {
        let mut notes: BTreeMap<&str, (&str, u64)> = BTreeMap::new();
        for (file, note) in
            self.files.iter().flat_map(|file| file.notes.iter().map(|note| (&file.file, note)))
        {
            notes.entry(note).or_insert((file, 0)).1 += 1;
        }
        for (note, (file, files)) in notes.iter().take(PROBLEMS_SHOWN_MAX) {
            let more =
                if *files > 1 { format!(" and {} more", counted(files - 1, "file")) } else { String::new() };
            print_text(format_args!("Note on {}{more}: {}", escaped(file), escaped(note)))?;
        }
        let more = notes.len().saturating_sub(PROBLEMS_SHOWN_MAX) as u64;
        if more > 0 {
            print_text(format_args!("... and {} more; --json lists all", counted(more, "note")))?;
        }
        Ok(())
    }

    fn show_rejected(&self, rejects_path: Option<&PathBuf>) -> Result<(), Failure> {
        if self.rejected.records == 0 {
            return Ok(());
        }
        print_text(format_args!("Rejected {}:", counted(self.rejected.records, "record")))?;
        for note in &self.rejected.first {
            print_text(format_args!("  {}", escaped(&place_and_reason(note))))?;
        }
        let printed = self.rejected.first.len() as u64;
        if self.rejected.records > printed {
            print_text(format_args!("  ... and {} more", grouped(self.rejected.records - printed)))?;
        }
        match rejects_path {
            Some(path) => say(format_args!("All rejected records are in {}.", path.display())),
            None => say("--rejects FILE writes them to a file."),
        }
        Ok(())
    }
}

impl Imported {
    /// Returns a row per format: its observations and their files.
    fn formats(&self) -> Vec<Vec<String>> {
        let mut formats = BTreeMap::new();
        for (format, observations) in self.files.iter().flat_map(|file| &file.observations) {
            let (all, files) = formats.entry(*format).or_insert((0, 0));
            *all += observations;
            *files += 1;
        }
        let row = |(format, (all, files)): (&str, (u64, u64))| {
            vec![format.to_owned(), grouped(all), grouped(files)]
        };
        formats.into_iter().map(row).collect()
    }
}

fn place_and_reason(note: &RejectNote) -> String {
    let line = note.line.map(|line| format!(" line {line}")).unwrap_or_default();
    let record = note.record.map(|record| format!(" record {record}")).unwrap_or_default();
    format!("{}{line}{record}: {}", note.file, note.reason)
}
