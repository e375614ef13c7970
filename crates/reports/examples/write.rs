//! Writes a made-up report in every format into a folder, to look at.
//!
//! `cargo run -p reports --example write -- FOLDER`

#[path = "../tests/files/sample.rs"]
mod sample;

use reports::Format;
use std::error::Error;
use std::fs;
use std::path::PathBuf;
use strum::VariantArray;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).map(PathBuf::from).ok_or("a folder to write into")?;
    fs::create_dir_all(&folder)?;
    for format in Format::VARIANTS {
        fs::write(folder.join(format!("report.{format}")), reports::write(&sample::report(), *format)?)?;
    }
    Ok(())
}
