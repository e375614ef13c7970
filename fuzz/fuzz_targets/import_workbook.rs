//! Workbooks: as they are, and made of well-formed archives whose parts are the bytes, so that cells are reached.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let columns = fuzz::mapping(&["id=video_id", "tags=hashtags", "text=caption", "plays=plays", "at=observed_at"]);
    fuzz::import("x.xlsx", bytes, Some(columns.clone()));
    const HEADER: &[u8] = b"<worksheet><sheetData><row><c t=\"str\"><v>id</v></c><c t=\"str\"><v>tags</v></c>\
        <c t=\"str\"><v>text</v></c><c t=\"str\"><v>plays</v></c><c t=\"str\"><v>at</v></c></row>";
    const STRINGS: &[u8] = b"<sst><si><t>cat</t></si><si><r><t>7100000000000000011</t></r></si></sst>";
    const STYLES: &[u8] = b"<x><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"22\"/></cellXfs></x>";
    let sheet = [HEADER, bytes, b"</sheetData></worksheet>"].concat();
    fuzz::import("x.xlsx", &fuzz::workbook(&sheet, STRINGS, STYLES), Some(columns.clone()));
    let sheet = [HEADER, b"<row><c><v>7100000000000000011</v></c><c/><c t=\"s\"><v>0</v></c><c s=\"1\"><v>5</v></c></row></sheetData>"].concat();
    fuzz::import("x.xlsx", &fuzz::workbook(&sheet, bytes, bytes), Some(columns));
});
