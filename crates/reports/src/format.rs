//! Formats of a report.

use std::path::Path;
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

/// Format of a report.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Display, EnumString, IntoStaticStr, VariantArray,
)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum Format {
    /// One self-contained page.
    #[default]
    Html,
    /// A document of A4 pages.
    Pdf,
    /// A workbook with native charts.
    Xlsx,
    /// The charts as PNG, with the page and a README.
    Zip,
}

impl Format {
    /// `html`, `pdf`, `xlsx` or `zip`: name and extension.
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the media type.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Html => "text/html; charset=utf-8",
            Self::Pdf => "application/pdf",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Zip => "application/zip",
        }
    }

    /// Returns the format of a file name; `None` for another extension or none. `.htm` is HTML.
    pub fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        if extension.eq_ignore_ascii_case("htm") { Some(Self::Html) } else { extension.parse().ok() }
    }

    /// True for formats that a terminal cannot show.
    pub const fn is_binary(self) -> bool {
        !matches!(self, Self::Html)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides() {
        let of = |name: &str| Format::of_path(Path::new(name));
        assert_eq!(of("a.pdf"), Some(Format::Pdf));
        assert_eq!(of("a.b.XLSX"), Some(Format::Xlsx));
        assert_eq!(of("a.htm"), Some(Format::Html));
        assert_eq!([of("a"), of("a.png"), of(".zip")], [None; 3]);
        assert!(Format::VARIANTS.iter().all(|format| of(&format!("x.{format}")) == Some(*format)));
    }
}
