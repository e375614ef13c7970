//! Destination and format of an answer: a table on the screen, JSON or CSV on standard output, or a file.

use super::{FileFormat, NewFile};
use crate::cli::measuring::{File, Shape};
use crate::exit::Failure;
use crate::output::{Out, print_json, printed, say};
use charts::Chart;
use domain::Timestamp;
use measure::{Measured, Meta, Tabular};
use serde::Serialize;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use tables::{Format, Options};

/// Output of `--json`.
#[derive(Serialize)]
struct Answer<'a, T> {
    data: &'a T,
    /// Reading times, basis, sample and caveats.
    meta: &'a Meta,
    /// True if there is more.
    has_more: bool,
}

/// Destination of an answer.
#[derive(Debug)]
pub(crate) enum Target {
    /// A table on the screen.
    Screen,
    /// Standard output, in a format.
    Print(FileFormat),
    /// A file, in a format.
    File(NewFile, FileFormat),
}

impl Target {
    /// Returns the target of the command line, and begins its file, before anything is measured.
    pub(crate) fn of(shape: &Shape, has_chart: bool) -> Result<Self, Failure> {
        if shape.json {
            return Ok(Self::Print(FileFormat::Rows(Format::Json)));
        }
        if shape.csv {
            return Ok(Self::Print(FileFormat::Rows(Format::Csv)));
        }
        Self::of_file(&shape.file, has_chart)
    }

    /// Returns the target of a command that writes a file or nothing.
    pub(crate) fn of_file(file: &File, has_chart: bool) -> Result<Self, Failure> {
        let named = file.output.as_deref().filter(|path| *path != Path::new("-"));
        let format = file.format.or_else(|| FileFormat::of_path(named?));
        if let Some(FileFormat::Svg | FileFormat::Png) = format
            && !has_chart
        {
            return Err(Failure::usage("this command draws no chart").hint(formats(false)));
        }
        match (named, format) {
            (Some(path), Some(format)) => Ok(Self::File(NewFile::begin(path, file.force)?, format)),
            (Some(path), None) => Err(Failure::usage(match path.extension() {
                Some(extension) => format!(
                    "this command does not write .{} files ({})",
                    extension.to_string_lossy(),
                    path.display()
                ),
                None => format!("{} has no extension, so its format is unknown", path.display()),
            })
            .hint(formats(has_chart))),
            (None, Some(format)) if format.is_binary() && io::stdout().is_terminal() => {
                Err(Failure::usage(format_args!("refusing to print {} to a terminal", format.name()))
                    .hint("-o FILE writes it to a file"))
            }
            (None, Some(format)) => Ok(Self::Print(format)),
            (None, None) if file.output.is_some() => {
                Err(Failure::usage("-o - needs a format").hint(formats(has_chart)))
            }
            (None, None) => Ok(Self::Screen),
        }
    }

    /// Returns true for a table on the screen.
    pub(crate) const fn is_screen(&self) -> bool {
        matches!(self, Self::Screen)
    }

    /// Writes an answer: on the screen by `show`, else in its format; `chart` draws it if that is requested.
    /// `nothing` is why an answer is empty, which goes to standard error whatever the format; a chart of
    /// nothing is an error.
    pub(crate) fn write<T: Serialize + Tabular>(
        self,
        measured: &Measured<T>,
        now: Timestamp,
        nothing: Option<String>,
        show: impl FnOnce(&T) -> Result<(), Failure>,
        chart: impl FnOnce() -> Option<Chart>,
    ) -> Result<(), Failure> {
        if let Self::Print(FileFormat::Svg | FileFormat::Png)
        | Self::File(_, FileFormat::Svg | FileFormat::Png) = &self
            && let Some(nothing) = &nothing
        {
            return Err(Failure::new(format_args!("there is nothing to draw. {nothing}")));
        }
        match &self {
            Self::Screen => {
                match nothing {
                    Some(nothing) => say(nothing),
                    None => show(&measured.data)?,
                }
                print_caveats(&measured.meta);
                return Ok(());
            }
            Self::Print(format) => print_missing(measured, *format, nothing, "The output")?,
            Self::File(file, format) => {
                let name = file.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
                print_missing(measured, *format, nothing, &name)?;
            }
        }
        match self {
            Self::Screen => Ok(()),
            Self::Print(FileFormat::Rows(Format::Json)) => print_json(&answer(measured)),
            Self::Print(format) => {
                let bytes = bytes(measured, format, now, chart)?;
                printed(Out.write_all(&bytes).and_then(|()| Out.flush()))
            }
            Self::File(mut file, format) => {
                let bytes = bytes(measured, format, now, chart)?;
                let written = file.write_all(&bytes);
                written.map_err(|cause| unwritten(file.path(), &cause))?;
                file.finish().map(drop)
            }
        }
    }
}

fn answer<T>(measured: &Measured<T>) -> Answer<'_, T> {
    Answer { data: &measured.data, meta: &measured.meta, has_more: measured.next.is_some() }
}

fn formats(has_chart: bool) -> String {
    let known: &[FileFormat] = if has_chart { &FileFormat::ALL } else { &FileFormat::ROWS };
    let names: Vec<&str> = known.iter().map(|format| format.name()).collect();
    format!("formats are {}; --format names one", names.join(", "))
}

/// Encodes an answer as the bytes of a file. Answers are small; large outputs are written by `tagmeter export`.
fn bytes<T: Serialize + Tabular>(
    measured: &Measured<T>,
    format: FileFormat,
    now: Timestamp,
    chart: impl FnOnce() -> Option<Chart>,
) -> Result<Vec<u8>, Failure> {
    let drawn = |chart: Option<Chart>| chart.ok_or_else(|| Failure::usage("there is no chart of this"));
    match format {
        FileFormat::Svg => Ok(charts::svg(&drawn(chart())?).map_err(Failure::new)?.into_bytes()),
        FileFormat::Png => charts::png(&drawn(chart())?).map_err(Failure::new),
        FileFormat::Rows(Format::Json) => {
            let mut bytes = serde_json::to_vec(&answer(measured)).map_err(Failure::new)?;
            bytes.push(b'\n');
            Ok(bytes)
        }
        FileFormat::Rows(format) => {
            let meta = pairs(&measured.meta);
            let options = Options { created: Some(now), ..Options::default() };
            let table = measured.data.table().map_err(Failure::new)?;
            let others = measured.data.others().map_err(Failure::new)?;
            let written = table.write_with(&others, Vec::new(), format, &meta, &options);
            written.map_err(|cause| rows_unwritten(&cause))
        }
    }
}

/// Returns the failure of writing rows.
pub(crate) fn rows_unwritten(cause: &io::Error) -> Failure {
    Failure::new(format_args!("the rows cannot be written: {cause}"))
}

fn unwritten(path: &Path, cause: &io::Error) -> Failure {
    Failure::new(format_args!("the file {} cannot be written: {cause}", path.display()))
}

/// Returns the metadata of an answer, as pairs for workbooks and Parquet files.
fn pairs(meta: &Meta) -> Vec<(&'static str, String)> {
    let mut pairs: Vec<(&'static str, String)> = Vec::new();
    let mut say = |name, value: Option<String>| pairs.extend(value.map(|value| (name, value)));
    say("observed_at", meta.observed_at.map(Timestamp::to_rfc3339));
    say("as_of", meta.as_of.map(Timestamp::to_rfc3339));
    say("source", Some(meta.source.join(" ")).filter(|source| !source.is_empty()));
    say("basis", meta.basis.map(str::to_owned));
    say("stale", meta.stale.then(|| "true".to_owned()));
    if let Some(sample) = &meta.sample {
        say("sample_videos", Some(sample.videos.to_string()));
        say("held_videos", Some(sample.held_videos.to_string()));
        say("reported_videos", sample.reported_videos.map(|videos| videos.to_string()));
        say("coverage", sample.coverage.map(|coverage| coverage.to_string()));
    }
    say("available_from", meta.available.as_ref().map(|available| available.from.to_rfc3339()));
    say("available_to", meta.available.as_ref().map(|available| available.to.to_rfc3339()));
    for caveat in &meta.caveats {
        say(caveat.code, Some(caveat.text.clone()));
    }
    pairs
}

/// Prints that a file has no rows, and which tables of the answer its format cannot contain.
fn print_missing<T: Tabular>(
    measured: &Measured<T>,
    format: FileFormat,
    nothing: Option<String>,
    name: &str,
) -> Result<(), Failure> {
    match nothing {
        Some(nothing) if measured.data.rows().is_empty() => {
            say(format_args!("{nothing} {name} has no rows."))
        }
        Some(nothing) => say(nothing),
        None => {}
    }
    if !matches!(format, FileFormat::Rows(Format::Ndjson | Format::Csv | Format::Parquet)) {
        return Ok(());
    }
    let others = measured.data.others().map_err(Failure::new)?;
    let others: Vec<_> = others.iter().filter(|(_, table)| !table.rows().is_empty()).collect();
    if !others.is_empty() {
        let names: Vec<&str> = others.iter().map(|(name, _)| *name).collect();
        let format = format.name();
        say(format_args!(
            "note: {format} contains one table; {} left out. .xlsx and .json contain all.",
            match names.as_slice() {
                [one] => format!("{one} is"),
                [first @ .., last] => format!("{} and {last} are", first.join(", ")),
                [] => String::new(),
            }
        ));
    }
    Ok(())
}

/// Prints the newest reading and the caveats of an answer.
fn print_caveats(meta: &Meta) {
    if let Some(at) = &meta.observed_at {
        let stale = if meta.stale { ", which is before the window" } else { "" };
        say(format_args!("Last read at {at}{stale}."));
    }
    print_notes(meta);
}

/// Prints the caveats of an answer.
pub(crate) fn print_notes(meta: &Meta) {
    for caveat in &meta.caveats {
        say(format_args!("note: {}", caveat.text));
    }
}
