//! The formats of files that measuring commands write.

use std::path::Path;
use tables::Format;

/// Format of an output file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FileFormat {
    /// Rows.
    Rows(Format),
    /// A chart as vectors.
    Svg,
    /// A chart as pixels.
    Png,
}

impl FileFormat {
    /// Formats of rows.
    pub(crate) const ROWS: [Self; 5] = [
        Self::Rows(Format::Json),
        Self::Rows(Format::Ndjson),
        Self::Rows(Format::Csv),
        Self::Rows(Format::Xlsx),
        Self::Rows(Format::Parquet),
    ];

    /// All formats.
    pub(crate) const ALL: [Self; 7] = {
        let [json, ndjson, csv, xlsx, parquet] = Self::ROWS;
        [json, ndjson, csv, xlsx, parquet, Self::Svg, Self::Png]
    };

    /// Returns the name, which is also the extension of its files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rows(format) => format.name(),
            Self::Svg => "svg",
            Self::Png => "png",
        }
    }

    /// Returns the format of a file's extension, in small or capital letters.
    pub(crate) fn of_path(path: &Path) -> Option<Self> {
        if let Some(format) = Format::of_path(path) {
            return Some(Self::Rows(format));
        }
        Self::named(&path.extension()?.to_str()?.to_ascii_lowercase())
    }

    /// Returns the format of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// Returns true if it is not text, and so not for a terminal.
    pub(crate) const fn is_binary(self) -> bool {
        matches!(self, Self::Png | Self::Rows(Format::Xlsx | Format::Parquet))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_choose_the_format() {
        for format in FileFormat::ALL {
            let path = format!("out/cat.2026.{}", format.name().to_uppercase());
            assert_eq!(FileFormat::of_path(Path::new(&path)), Some(format));
        }
        assert_eq!(FileFormat::of_path(Path::new("cat.jsonl")), Some(FileFormat::Rows(Format::Ndjson)));
        for none in ["cat", "cat.txt", ".svg", "-"] {
            assert_eq!(FileFormat::of_path(Path::new(none)), None, "{none}");
        }
    }
}
