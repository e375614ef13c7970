//! Writes a report to a file or to standard output, in a format and in somebody's name.

use super::NewFile;
use crate::cli::documents::{Look, ReportForm};
use crate::exit::Failure;
use crate::output::{Out, printed};
use charts::report::{Brand, LOGO_BYTES_MAX, Logo, Report};
use reports::Format;
use std::fs::File;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

/// Destination of a report.
#[derive(Debug)]
pub(crate) struct Document {
    /// `None` for standard output.
    file: Option<NewFile>,
    format: Format,
    brand: Brand,
}

/// A written file.
#[derive(Debug)]
pub(crate) struct WrittenFile {
    pub(crate) name: String,
    pub(crate) format: Format,
    pub(crate) bytes: u64,
}

impl Document {
    /// Returns the destination of the command line, and begins its file, before anything is measured. `is_json` is
    /// true if a summary is printed to standard output.
    pub(crate) fn begin(path: &Path, command: &ReportForm, is_json: bool) -> Result<Self, Failure> {
        if path != Path::new("-") {
            let format = command.format.map_or_else(|| of_path(path), Ok)?;
            let brand = brand(&command.look)?;
            return Ok(Self { file: Some(NewFile::begin(path, command.force)?), format, brand });
        }
        if is_json {
            let why = "--json and -o - both print to standard output";
            return Err(Failure::usage(why).hint("-o FILE leaves standard output to --json"));
        }
        let format = command.format.unwrap_or_default();
        if format.is_binary() && io::stdout().is_terminal() {
            return Err(Failure::usage(format_args!("refusing to print {format} to a terminal"))
                .hint("-o FILE writes it to a file"));
        }
        Ok(Self { file: None, format, brand: brand(&command.look)? })
    }

    /// Writes a report in the look of the command line. `None` if it went to standard output.
    pub(crate) fn write(self, report: Report) -> Result<Option<WrittenFile>, Failure> {
        let report = Report { brand: self.brand, ..report };
        let bytes = reports::write(&report, self.format).map_err(Failure::new)?;
        let Some(mut file) = self.file else {
            printed(Out.write_all(&bytes).and_then(|()| Out.flush()))?;
            return Ok(None);
        };
        file.write_all(&bytes).map_err(|cause| {
            Failure::new(format_args!("the file {} cannot be written: {cause}", file.path().display()))
        })?;
        let name = file.path().display().to_string();
        Ok(Some(WrittenFile { name, format: self.format, bytes: file.finish()? }))
    }
}

/// Returns the format of a file's extension; a file without one is a page.
fn of_path(path: &Path) -> Result<Format, Failure> {
    let Some(extension) = path.extension() else { return Ok(Format::Html) };
    Format::of_path(path).ok_or_else(|| {
        let extension = extension.to_string_lossy();
        Failure::usage(format_args!("no report is written as .{extension} ({})", path.display()))
            .hint("use a file that ends in .html, .pdf, .xlsx or .zip, or --format")
    })
}

/// Returns the look of the command line.
pub(crate) fn brand(look: &Look) -> Result<Brand, Failure> {
    let logo = look.logo.as_deref().map(logo).transpose()?;
    let sender = look.sender.clone().unwrap_or_default();
    Ok(Brand { logo, colour: look.color, accent: look.accent, sender })
}

fn logo(path: &Path) -> Result<Logo, Failure> {
    let unread = |cause| Failure::new(format_args!("the logo {} cannot be read: {cause}", path.display()));
    let mut bytes = Vec::new();
    let most = u64::try_from(LOGO_BYTES_MAX).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path).and_then(|file| file.take(most).read_to_end(&mut bytes)).map_err(unread)?;
    Logo::read(bytes).map_err(|error| Failure::usage(format_args!("{}: {error}", path.display())))
}
