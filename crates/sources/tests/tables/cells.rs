//! The content of a cell: numbers, words for nothing, lists, times, durations.

use super::read;
use domain::Count;

fn id(number: usize) -> u64 {
    7_576_322_311_435_845_001 + number as u64
}

fn counts(cells: &[&str]) -> super::Out {
    let rows: String =
        cells.iter().enumerate().map(|(at, cell)| format!("{}\t#x\t{cell}\n", id(at))).collect();
    read(format!("id\tcaption\tplays\n{rows}"), &["id=video_id", "caption=caption", "plays=plays"])
}

#[test]
fn a_count_is_read_whole_or_its_row_is_refused() {
    let cells = [
        ("1.2 M", 1_200_000),
        ("3,4 Mio.", 3_400_000),
        ("541 mil", 541_000),
        ("1.2M views", 1_200_000),
        ("12 K", 12_000),
        ("1,234 views", 1_234),
        ("7 likes", 7),
        ("12,3K", 12_300),
        ("1.2\u{a0}M", 1_200_000),
        ("1,5\u{202f}k", 1_500),
        ("2\u{2009}345", 2_345),
        ("1.234.567", 1_234_567),
        ("1 234 567", 1_234_567),
        ("1'234'567", 1_234_567),
        ("12,34,567", 1_234_567),
        ("3.5万", 35_000),
        ("1,2 млн", 1_200_000),
        ("98400.0", 98_400),
        ("1e+05", 100_000),
        ("0", 0),
        ("2,1 mi", 2_100_000),
    ];
    let out = counts(&cells.map(|(cell, _)| cell));
    assert_eq!(out.plays(), cells.map(|(_, want)| Some(want)), "{:?}", out.reasons());
    let refused = ["1,2 mil.", "1.2 foo", "1,2 B", "many", "12.5", "5%", "1.2M+", "-5"];
    let out = counts(&refused);
    assert_eq!(out.videos.len(), 0);
    assert!(out.reasons().iter().all(|(_, reason)| reason.starts_with("plays: \"")), "{:?}", out.reasons());
    assert_eq!(counts(&["1.2M"]).videos[0].counts.plays, Count::rounded(1_200_000));
    assert_eq!(counts(&["1,001,000"]).videos[0].counts.plays, Count::exact(1_001_000));
}

#[test]
fn words_for_nothing_are_nothing_in_every_column() {
    for word in [
        "",
        "NA",
        "N/A",
        "NULL",
        "null",
        "None",
        "NaN",
        "nan",
        "\\N",
        "-",
        "undefined",
        "#N/A",
        "<NA>",
        "NaT",
    ] {
        let text = format!(
            "id,who,text,plays,likes,at,tags,long,sound,land\n{},{word},{word},{word},30,{word},{word},{word},{word},{word}\n{},{word},hi,5,6,{word},{word},{word},{word},{word}\n",
            id(0),
            id(1)
        );
        let columns = [
            "id=video_id",
            "who=author_name",
            "text=caption",
            "plays=plays",
            "likes=likes",
            "at=create_time",
            "tags=hashtags",
            "long=duration_seconds",
            "sound=music_id",
            "land=region",
        ];
        let out = read(text, &columns);
        assert!(
            out.rejects.is_empty() && out.report.notes.is_empty(),
            "{word}: {:?} {:?}",
            out.reasons(),
            out.report.notes
        );
        let video = &out.videos[0];
        assert_eq!((video.counts.plays, video.counts.likes), (None, Count::exact(30)), "{word}");
        assert_eq!(
            (video.details.title.as_str(), video.details.create_time, video.tags.len()),
            ("", None, 0),
            "{word}"
        );
        assert_eq!(video.details.author.unique_id, "");
    }
}

fn lists(cells: &[&str]) -> super::Out {
    let rows: String = cells
        .iter()
        .enumerate()
        .map(|(at, cell)| format!("{},\"{}\",{}\n", id(at), cell.replace('"', "\"\""), at + 1))
        .collect();
    read(format!("id,tags,plays\n{rows}"), &["id=video_id", "tags=hashtags", "plays=plays"])
}

#[test]
fn lists_of_other_programs_are_read() {
    let cells = [
        "{gardening,tomato}",
        "c(\"gardening\", \"tomato\")",
        "[gardening, tomato]",
        "['gardening' 'tomato']",
        "['gardening'\n 'tomato']",
        "['gardening', 'tomato']",
        "[\"gardening\",\"tomato\"]",
        "('gardening', 'tomato')",
        "{'gardening', 'tomato'}",
        "array(['gardening', 'tomato'], dtype=object)",
        "{\"gardening\",tomato}",
        "[{'name': 'gardening', 'id': '1'}, {'name': 'tomato'}]",
        "[{\"cha_name\":\"gardening\"},{\"cha_name\":\"tomato\"}]",
        "[{'title': gardening}, {'title': tomato}]",
        "gardening, tomato",
        "gardening|tomato",
        "gardening;tomato",
        "#gardening #tomato",
        "frozenset({'gardening', 'tomato'})",
        "list(\"gardening\", \"tomato\")",
        "[u'gardening', u'tomato']",
    ];
    let out = lists(&cells);
    assert_eq!(out.reasons(), []);
    for (cell, tags) in cells.iter().zip(out.tags()) {
        assert_eq!(tags, ["gardening", "tomato"], "{cell}");
    }
    let none = lists(&["[]", "{}", "set()", "character(0)", "NA", "()", "NULL", "[None]"]);
    assert_eq!((none.videos.len(), none.tags().concat().len(), none.rejects.len()), (8, 0, 0));
}

#[test]
fn what_is_no_list_is_refused_and_no_tag_has_brackets() {
    let cells = [
        "['a'",
        "[a]]",
        "{a",
        "a]",
        "['a' ... 'b']",
        "[object Object]",
        "<tag>",
        "\"a",
        "{'x': 1}",
        "c(\"a\"",
    ];
    let out = lists(&cells);
    assert_eq!(out.videos.len(), 0, "{:?}", out.tags());
    assert!(
        out.reasons().iter().all(|(_, reason)| reason.contains("is no list that JSON")),
        "{:?}",
        out.reasons()
    );
}

#[test]
fn the_separator_is_that_of_the_column() {
    assert_eq!(
        lists(&["gardening, grow your own", "grow your own"]).tags(),
        [vec!["gardening", "grow your own"], vec!["grow your own"]]
    );
    assert_eq!(
        lists(&["grow your own", "gardening; grow"]).tags(),
        [vec!["grow your own"], vec!["gardening", "grow"]]
    );
    assert_eq!(lists(&["grow your own", "cat"]).tags(), [vec!["grow", "your", "own"], vec!["cat"]]);
    // Two words, cut apart by quotes of PostgreSQL or none of DuckDB.
    assert_eq!(
        lists(&["{cat,\"two words\"}", "[two words, cat]"]).tags(),
        [vec!["cat", "two words"], vec!["two words", "cat"]]
    );
    // Nothing in the list: the caption is read.
    let out = read(
        format!("id,text,tags\n{},a #cat,[]\n{},a #cat,dog\n", id(0), id(1)),
        &["id=video_id", "text=caption", "tags=hashtags"],
    );
    assert_eq!(out.tags(), [["cat"], ["dog"]]);
}

#[test]
fn a_detail_that_cannot_be_read_is_left_out_with_a_note() {
    let rows = [
        ("00:31", "20240805"),
        ("1:02:03", "24.11.2025 16:00"),
        ("long", "01/03/24"),
        ("forever", "soon"),
        ("31 s", "2025-11-24 16:00"),
    ];
    let text: String = rows
        .iter()
        .enumerate()
        .map(|(at, (long, made))| format!("{},{long},{made},5,Danmark\n", id(at)))
        .collect();
    let columns = ["id=video_id", "long=duration_seconds", "made=create_time", "plays=plays", "land=region"];
    let out = read(format!("id,long,made,plays,land\n{text}"), &columns);
    assert_eq!((out.plays(), out.rejects.len()), (vec![Some(5); 5], 0));
    let details: Vec<_> =
        out.videos.iter().map(|video| (video.details.duration_seconds, video.details.create_time)).collect();
    assert_eq!(
        details,
        [
            (31, Some(1_722_816_000)),
            (3723, Some(1_764_000_000)),
            (0, None),
            (0, None),
            (31, Some(1_764_000_000))
        ]
    );
    assert_eq!(
        out.report.notes,
        [
            "region: not a country of two letters; left out (5 records, the first: \"Danmark\")",
            "duration_seconds: not a duration; left out (2 records, the first: \"long\")",
            "create_time: not a time, or one of two days; left out (2 records, the first: \"01/03/24\")",
        ]
    );
}

#[test]
fn local_times_of_posting_are_known_by_the_ids() {
    // Each id was made in the second that its upper half says.
    let made = [1_764_000_000_i64, 1_764_100_000, 1_764_200_000, 1_764_300_000];
    for (zone, words) in [(25_200, "7 h ahead of"), (-19_800, "5 h 30 min behind"), (0, "")] {
        let rows: String = made
            .iter()
            .enumerate()
            .map(|(at, second)| {
                let stated = second + zone + i64::try_from(at).expect("small");
                let text = domain::Timestamp::from_ms(stated * 1000).to_rfc3339();
                format!("{},{},5\n", (second << 32) + 12_345, text.trim_end_matches('Z').replace('T', " "))
            })
            .collect();
        let out = read(format!("id,made,plays\n{rows}"), &["id=video_id", "made=create_time", "plays=plays"]);
        let times: Vec<_> = out.videos.iter().filter_map(|video| video.details.create_time).collect();
        assert_eq!(times, [1_764_000_000, 1_764_100_001, 1_764_200_002, 1_764_300_003], "{zone}");
        assert_eq!(out.report.notes.len(), usize::from(zone != 0), "{:?}", out.report.notes);
        assert!(
            out.report.notes.iter().all(|note| note.contains(words) && note.contains("4 records")),
            "{:?}",
            out.report.notes
        );
    }
}
