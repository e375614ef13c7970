//! ZIP: read by a reader of archives, and its pictures by their headers.

use crate::sample::report;
use reports::{Format, SCALE};
use std::io::{Cursor, Read};
use zip::ZipArchive;

#[test]
fn an_archive_has_the_page_a_readme_and_each_chart_at_twice_its_size() {
    let bytes = reports::write(&report(), Format::Zip).expect("an archive");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).expect("an archive");
    let names: Vec<String> = archive.file_names().map(|name| name.expect("a name").into_owned()).collect();
    assert_eq!(names, ["README.txt", "report.html", "chart-01.png", "chart-02.png"]);
    let mut read = |name: &str| {
        let mut content = Vec::new();
        archive.by_name(name).expect("a file").read_to_end(&mut content).expect("its content");
        content
    };
    let readme = String::from_utf8(read("README.txt")).expect("UTF-8");
    for part in ["Summer campaign\n", "Prepared by Example Agency", "chart-02.png  Own and rival"] {
        assert!(readme.contains(part), "{part}\n{readme}");
    }
    let page = String::from_utf8(read("report.html")).expect("UTF-8");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("data:image/svg+xml;base64,"));
    for name in ["chart-01.png", "chart-02.png"] {
        let png = read(name);
        let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().expect("four bytes"));
        let scale = u32::from(SCALE);
        assert_eq!((side(16), side(20)), (1000 * scale, 500 * scale), "{name}");
    }
}
