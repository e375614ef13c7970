//! The look of a report that is sent in somebody's name: logo, two colours, sender.

use crate::png::without_files;
use crate::{ChartError, Theme};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use resvg::tiny_skia::Pixmap;
use resvg::usvg::Tree;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Most bytes of a logo.
pub const LOGO_BYTES_MAX: usize = 512 * 1024;

/// Longest side of a logo, in pixels.
pub const LOGO_SIDE_MAX: u32 = 4000;

/// Least contrast of the accent against white paper: lines below it are hard to see (WCAG 1.4.11).
pub const CONTRAST_MIN: f64 = 3.0;

const PNG_BEGIN: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Place of the width in a PNG file; the height follows it.
const PNG_WIDTH_AT: usize = 16;

/// Why a logo or a colour cannot be used, and what would be valid.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BrandError {
    /// No colour as `#rrggbb`.
    #[error("{0:?} is no colour: write it as #rrggbb, such as #195cc7")]
    Colour(String),
    /// An accent that is hard to see on white.
    #[error(
        "the accent {colour} is too faint on white paper (contrast {contrast:.1} to 1): lines need {CONTRAST_MIN} to 1, so take a darker one"
    )]
    Faint {
        /// The colour.
        colour: Colour,
        /// Its contrast against white, from 1 to 21.
        contrast: f64,
    },
    /// More bytes than [`LOGO_BYTES_MAX`].
    #[error("the logo has {0} bytes: at most {LOGO_BYTES_MAX} are allowed, so save a smaller one")]
    LogoBytes(usize),
    /// A side of 0 or more than [`LOGO_SIDE_MAX`] pixels.
    #[error("the logo has {width} x {height} pixels: each side may have 1 to {LOGO_SIDE_MAX}")]
    LogoSize {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// Neither PNG nor SVG, or damaged.
    #[error("the logo is neither a PNG nor an SVG picture: {0}")]
    LogoContent(String),
}

/// An opaque colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour {
    /// Red, green and blue.
    pub rgb: [u8; 3],
}

impl FromStr for Colour {
    type Err = BrandError;

    /// Parses `#rrggbb`, with or without the `#`.
    fn from_str(text: &str) -> Result<Self, BrandError> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        let is_hex = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten();
        let [_, red, green, blue] =
            number.ok_or_else(|| BrandError::Colour(text.chars().take(40).collect()))?.to_be_bytes();
        Ok(Self { rgb: [red, green, blue] })
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.rgb;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl TryFrom<String> for Colour {
    type Error = BrandError;

    fn try_from(text: String) -> Result<Self, BrandError> {
        text.parse()
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

impl Colour {
    /// Returns the contrast against another colour, from 1 to 21, by WCAG.
    pub(crate) fn contrast(self, other: Self) -> f64 {
        let (a, b) = (self.luminance() + 0.05, other.luminance() + 0.05);
        a.max(b) / a.min(b)
    }

    fn luminance(self) -> f64 {
        let linear = self.rgb.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        linear.iter().zip([0.2126, 0.7152, 0.0722]).map(|(part, weight)| part * weight).sum()
    }

    /// Returns the distance to another colour, 0 to 441.
    pub(crate) fn distance(self, other: Self) -> f64 {
        let squares = self.rgb.iter().zip(other.rgb).map(|(a, b)| (f64::from(*a) - f64::from(b)).powi(2));
        squares.sum::<f64>().sqrt()
    }

    /// Returns true if lines of this colour are visible in a theme.
    pub(crate) fn is_visible_in(self, theme: Theme) -> bool {
        theme.colours().surface.parse().is_ok_and(|surface: Self| self.contrast(surface) >= CONTRAST_MIN)
    }
}

/// A colour for lines: one that is visible on white.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Colour", into = "Colour")]
pub struct Accent(Colour);

impl Accent {
    /// Returns the colour.
    pub const fn colour(self) -> Colour {
        self.0
    }
}

impl TryFrom<Colour> for Accent {
    type Error = BrandError;

    fn try_from(colour: Colour) -> Result<Self, BrandError> {
        let contrast = colour.contrast(Colour { rgb: [255; 3] });
        if contrast < CONTRAST_MIN {
            return Err(BrandError::Faint { colour, contrast });
        }
        Ok(Self(colour))
    }
}

impl From<Accent> for Colour {
    fn from(accent: Accent) -> Self {
        accent.0
    }
}

impl FromStr for Accent {
    type Err = BrandError;

    fn from_str(text: &str) -> Result<Self, BrandError> {
        Self::try_from(text.parse::<Colour>()?)
    }
}

/// A logo: a PNG or SVG picture that was decoded once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Logo {
    bytes: Vec<u8>,
    is_png: bool,
    width: f32,
    height: f32,
}

impl Logo {
    /// Reads a PNG or SVG picture. Nothing that an SVG refers to outside itself is read.
    ///
    /// # Errors
    ///
    /// [`BrandError`] if it is too large, damaged or of another format.
    pub fn read(bytes: Vec<u8>) -> Result<Self, BrandError> {
        if bytes.len() > LOGO_BYTES_MAX {
            return Err(BrandError::LogoBytes(bytes.len()));
        }
        if bytes.starts_with(PNG_BEGIN) {
            return Self::of_png(bytes);
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| BrandError::LogoContent("no text".to_owned()))?;
        let tree = Tree::from_str(text, &without_files())
            .map_err(|error| BrandError::LogoContent(error.to_string()))?;
        let (width, height) = (tree.size().width(), tree.size().height());
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        let most = LOGO_SIDE_MAX as f32;
        if !(width >= 1.0 && height >= 1.0 && width <= most && height <= most) {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
            return Err(BrandError::LogoSize { width: width as u32, height: height as u32 });
        }
        Ok(Self { bytes, is_png: false, width, height })
    }

    fn of_png(bytes: Vec<u8>) -> Result<Self, BrandError> {
        let side = |at: usize| {
            let digits = bytes.get(at..at + 4)?.try_into().ok()?;
            Some(u32::from_be_bytes(digits))
        };
        let cut_off = || BrandError::LogoContent("the PNG is cut off".to_owned());
        let (width, height) = side(PNG_WIDTH_AT).zip(side(PNG_WIDTH_AT + 4)).ok_or_else(cut_off)?;
        // Checked before it is decoded: a few bytes may claim any size.
        let sides = 1..=LOGO_SIDE_MAX;
        if !(sides.contains(&width) && sides.contains(&height)) {
            return Err(BrandError::LogoSize { width, height });
        }
        Pixmap::decode_png(&bytes).map_err(|error| BrandError::LogoContent(error.to_string()))?;
        #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
        Ok(Self { bytes, is_png: true, width: width as f32, height: height as f32 })
    }

    /// Returns the file.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// True for PNG, false for SVG.
    pub const fn is_png(&self) -> bool {
        self.is_png
    }

    /// Returns the width and height within a box, in the box's unit, with its proportions.
    pub fn fitted(&self, width: f32, height: f32) -> (f32, f32) {
        let scale = (width / self.width).min(height / self.height);
        (self.width * scale, self.height * scale)
    }

    /// Returns an SVG logo as a drawing; `None` for PNG.
    ///
    /// # Errors
    ///
    /// [`ChartError::Paint`], though it was drawn before.
    pub fn tree(&self) -> Result<Option<Tree>, ChartError> {
        if self.is_png {
            return Ok(None);
        }
        let tree = Tree::from_data(&self.bytes, &without_files());
        tree.map(Some).map_err(|error| ChartError::Paint(error.to_string()))
    }

    /// Returns the picture as PNG: an SVG is drawn within a box of pixels.
    ///
    /// # Errors
    ///
    /// [`ChartError::Paint`] if it cannot be drawn.
    pub fn png(&self, width: f32, height: f32) -> Result<Vec<u8>, ChartError> {
        match self.tree()? {
            None => Ok(self.bytes.clone()),
            Some(tree) => crate::png::pixels(&tree, self.fitted(width, height)),
        }
    }

    /// Returns the picture as a `data:` URL.
    pub(crate) fn data_url(&self) -> String {
        let kind = if self.is_png { "png" } else { "svg+xml" };
        format!("data:image/{kind};base64,{}", STANDARD.encode(&self.bytes))
    }
}

impl TryFrom<String> for Logo {
    type Error = BrandError;

    /// Reads base64.
    fn try_from(text: String) -> Result<Self, BrandError> {
        let bytes = STANDARD.decode(text).map_err(|error| BrandError::LogoContent(error.to_string()))?;
        Self::read(bytes)
    }
}

impl From<Logo> for String {
    fn from(logo: Logo) -> Self {
        STANDARD.encode(&logo.bytes)
    }
}

/// The look of a report. Everything is optional.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Brand {
    /// Logo, at the top of the first page.
    pub logo: Option<Logo>,
    /// Colour of rules and bars. Text stays dark on light, so any colour is legible.
    pub colour: Option<Colour>,
    /// Colour of the first line of each chart.
    pub accent: Option<Accent>,
    /// Name of the sender. May be empty.
    pub sender: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SVG: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="#195cc7"/></svg>"##;

    #[test]
    fn colours_are_read_and_written() {
        for text in ["#195cc7", "195CC7"] {
            assert_eq!(text.parse::<Colour>().unwrap().to_string(), "#195cc7");
        }
        for text in ["", "#19", "blue", "#12345g", "#1234567", "#é234"] {
            assert!(text.parse::<Colour>().unwrap_err().to_string().contains("#rrggbb"), "{text}");
        }
    }

    #[test]
    fn a_faint_accent_is_refused_with_its_contrast() {
        let error = "#ffff00".parse::<Accent>().unwrap_err().to_string();
        assert!(error.contains("1.1 to 1") && error.contains("#ffff00"), "{error}");
        assert!("#195cc7".parse::<Accent>().is_ok());
    }

    #[test]
    fn a_logo_is_a_png_or_an_svg_of_some_size() {
        let svg = Logo::read(SVG.as_bytes().to_vec()).unwrap();
        assert!(!svg.is_png() && svg.fitted(100.0, 10.0) == (20.0, 10.0));
        let png = Logo::read(svg.png(80.0, 80.0).unwrap()).unwrap();
        assert!(png.is_png() && (png.width, png.height) == (80.0, 40.0));
        let mut huge = png.bytes().to_vec();
        huge[PNG_WIDTH_AT..PNG_WIDTH_AT + 4].copy_from_slice(&50_000_u32.to_be_bytes());
        assert!(matches!(Logo::read(huge), Err(BrandError::LogoSize { width: 50_000, height: 40 })));
        assert!(matches!(Logo::read(png.bytes()[..60].to_vec()), Err(BrandError::LogoContent(_))));
        assert!(matches!(Logo::read(b"GIF89a".to_vec()), Err(BrandError::LogoContent(_))));
        assert!(matches!(Logo::read(vec![0; LOGO_BYTES_MAX + 1]), Err(BrandError::LogoBytes(_))));
    }

    #[test]
    fn a_logo_reads_no_files() {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret.svg");
        std::fs::write(&secret, SVG).unwrap();
        let refers = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><image href="{}" width="40" height="20"/></svg>"#,
            secret.display()
        );
        let drawn = Logo::read(refers.into_bytes()).unwrap().png(40.0, 20.0).unwrap();
        let pixels = Pixmap::decode_png(&drawn).unwrap();
        assert!(pixels.pixels().iter().all(|pixel| pixel.alpha() == 0), "the file was drawn");
    }

    #[test]
    fn a_brand_is_stored_and_read_again() {
        let brand = Brand {
            logo: Some(Logo::read(SVG.as_bytes().to_vec()).unwrap()),
            colour: Some("#000000".parse().unwrap()),
            accent: Some("#195cc7".parse().unwrap()),
            sender: "ACME".to_owned(),
        };
        let text = serde_json::to_string(&brand).unwrap();
        assert_eq!(serde_json::from_str::<Brand>(&text).unwrap(), brand);
        let faint = text.replace("#195cc7", "#ffffff");
        assert!(serde_json::from_str::<Brand>(&faint).is_err(), "a stored brand is checked as well");
    }
}
