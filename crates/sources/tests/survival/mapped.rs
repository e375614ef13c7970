//! Tables and NDJSON of any make, whose columns are named.

use super::{Out, gather, gzip, refused, tar};
use domain::Source;
use sources::files::{self, FileError, Mapping, Options};
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::sync::Arc;

fn try_mapped(text: impl AsRef<[u8]>, columns: &[&str], constants: &[&str]) -> Result<Out, FileError> {
    let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let mapping = Mapping::parse(&owned(columns), &owned(constants)).expect("a mapping");
    let options = Options {
        threads: NonZeroUsize::new(2).expect("two"),
        mapping: Some(Arc::new(mapping)),
        ..Options::default()
    };
    gather(files::from_reader("x", Box::new(Cursor::new(text.as_ref().to_vec()))), options)
}

fn mapped(text: impl AsRef<[u8]>, columns: &[&str], constants: &[&str]) -> Out {
    try_mapped(text, columns, constants).expect("read")
}

const COLUMNS: [&str; 8] = [
    "Video-ID=video_id",
    "Afspilninger=plays",
    "Synes godt om=likes",
    "Hashtags=hashtags",
    "Dato=observed_at",
    "Tekst=caption",
    "Bruger=author_name",
    "Længde=duration_seconds",
];

#[test]
fn tables_of_any_separator_and_language_are_read() {
    let rows = [
        ["Video-ID", "Tekst", "Afspilninger", "Synes godt om", "Hashtags", "Dato", "Bruger", "Længde"],
        [
            "7622263851152706848",
            "\"to\nlinjer ,;\t \"\"x\"\" #caption\"",
            "\"1.234.567\"",
            "12",
            "\"['Kat', \"\"hund's\"\"]\"",
            "2024-03-01",
            "@mig",
            "14",
        ],
        ["12", "", "", "0", "#kat #æble", "1709251200", "", ""],
    ];
    for separator in [",", ";", "\t"] {
        let lines: Vec<_> = rows.iter().map(|row| row.join(separator)).collect();
        for text in [lines.join("\n"), format!("\u{feff}{}\r\n", lines.join("\r\n"))] {
            for bytes in
                [text.clone().into_bytes(), gzip(text.as_bytes()), tar(&[("a.csv", text.as_bytes())])]
            {
                let out = mapped(&bytes, &COLUMNS, &[]);
                assert_eq!(
                    (out.ids(), out.rejects.len()),
                    (vec![7_622_263_851_152_706_848, 12], 0),
                    "{text}"
                );
                let [first, second] = &out.videos[..] else { panic!("two") };
                assert_eq!(first.details.title.replace('\r', ""), "to\nlinjer ,;\t \"x\" #caption");
                assert_eq!(first.counts.plays.map(|c| (c.value(), c.is_rounded())), Some((1_234_567, false)));
                let tags = |v: &domain::VideoObservation| {
                    v.tags.iter().map(|t| t.tag.name().to_owned()).collect::<Vec<_>>()
                };
                assert_eq!(
                    (tags(first), tags(second)),
                    (vec!["Kat".into(), "hund's".into()], vec!["kat".into(), "æble".into()])
                );
                assert_eq!(
                    (first.source, first.details.author.unique_id.as_str(), first.details.duration_seconds),
                    (Source::Mapped, "mig", 14)
                );
                assert_eq!((second.counts.plays, second.counts.likes.map(|c| c.value())), (None, Some(0)));
                assert!(
                    out.videos.iter().all(|v| v.observed_at.map(|at| at.as_seconds()) == Some(1_709_251_200))
                );
            }
        }
    }
}

#[test]
fn captions_give_the_tags_where_no_list_does_and_links_the_ids() {
    let text = "url,text\nhttps://www.tiktok.com/@a/video/7622263851152706848?lang=en,\"hej #kat, #hund!\"\nnowhere,x\n";
    let out = mapped(text, &["url=url", "text=caption"], &["region=dk", "observed_at=2024-03-01"]);
    assert_eq!(out.ids(), [7_622_263_851_152_706_848]);
    let tags: Vec<_> = out.videos[0].tags.iter().map(|t| t.tag.name()).collect();
    assert_eq!(
        (tags, out.videos[0].details.region.map(|r| r.to_string())),
        (vec!["kat", "hund"], Some("DK".into()))
    );
    assert_eq!(
        (out.reason(), out.rejects[0].place.line),
        ("there is no video id in the link \"nowhere\"", Some(3))
    );
}

#[test]
fn hashtags_are_read_from_tables_and_objects() {
    let columns = ["tag=hashtag_name", "info.id=hashtag_id", "v=views", "n=videos", "at=observed_at"];
    let text = concat!(
        r##"{"tag":"#cat","info":{"id":7551},"v":"4.6B","at":1709251200000}"##,
        "\n",
        r#"{"tag":"dog","n":5,"v":null,"new":[1]}"#,
        "\n",
        r#"{"tags":"x"}"#,
        "\n{\"tag\":\"a b\nnot JSON"
    );
    let out = mapped(text, &columns, &[]);
    assert_eq!(out.hashtags.len(), 2, "{:?}", out.rejects);
    let cat = &out.hashtags[0];
    assert_eq!(
        (cat.tag.id.map(|id| id.get()), cat.counts.views.map(|c| (c.value(), c.is_rounded()))),
        (Some(7551), Some((4_600_000_000, true)))
    );
    assert_eq!(out.hashtags[1].counts.videos.map(|c| c.value()), Some(5));
    assert_eq!(out.rejects[0].reason, "nothing under the key \"tag\"; the nearest is \"tags\"");
    assert_eq!(out.rejects.len(), 3);
    let list = mapped(r#"[{"tag":"cat"},{"tag":"dog"}]"#, &["tag=hashtag_name"], &[]);
    assert_eq!((list.hashtags.len(), list.rejects.len()), (2, 0));
}

#[test]
fn what_a_cell_cannot_be_is_reported_with_its_field() {
    for (row, part) in [
        ("abc,1,2024-03-01,US", "video id \"abc\""),
        ("18446744073709551617,1,2024-03-01,US", "below 2^63"),
        ("7.62e18,1,2024-03-01,US", "rounded by a tool"),
        (",1,2024-03-01,US", "the record has no video id"),
        ("5,many,2024-03-01,US", "plays: \"many\" is not a number"),
        ("5,-3,2024-03-01,US", "plays: \"-3\" is not a number"),
        ("5,1.2 tkr,2024-03-01,US", "plays: \"1.2 tkr\" is not a number"),
        ("5,1,2024-03-01,US,more", "the row has 5 cells, more than the 4 columns"),
        ("5,1", "the row has 2 cells, too few for \"made\""),
    ] {
        let columns = ["id=video_id", "plays=plays", "made=create_time", "land=region"];
        let out = mapped(format!("id,plays,made,land\n{row}\n6,1,,\n"), &columns, &[]);
        assert_eq!(out.ids(), [6], "{row}");
        assert!(out.reason().contains(part), "{row}: {}", out.reason());
    }
}

#[test]
fn a_column_that_is_not_there_is_reported_with_the_nearest() {
    let refused = |columns: &[&str]| match try_mapped("video_id;play_count\n1;2\n", columns, &[]) {
        Ok(out) => panic!("{:?}", out.report),
        Err(error) => error.to_string(),
    };
    assert_eq!(
        refused(&["video id=video_id", "play_count=plays"]),
        "x: no column \"video id\"; the nearest is \"video_id\" (columns: video_id, play_count)"
    );
    assert!(refused(&["video_id=video_id", "plays=plays"]).contains("the nearest is \"play_count\""));
}

#[test]
fn another_mapping_of_the_same_row_is_another_reading() {
    let digest = |columns: &[&str]| mapped("a,b\n1,2\n", columns, &[]).videos[0].digest;
    assert_eq!(digest(&["a=video_id", "b=plays"]), digest(&["a=video_id", "b=plays"]));
    assert_ne!(digest(&["a=video_id", "b=plays"]), digest(&["a=video_id", "b=likes"]));
}

#[test]
fn an_unknown_table_is_refused_with_its_columns() {
    let error = refused("Navn;Visninger\nkat;5\n");
    assert!(error.contains("--map COLUMN=FIELD; this one has the columns Navn, Visninger"), "{error}");
}
