//! Ids that went through spreadsheets and floats.

use super::read;

const LINK: &str = "https://www.tiktok.com/@made.up/video/7476450316014498872";
const ID: u64 = 7_476_450_316_014_498_872;

#[test]
fn the_link_wins_over_what_a_spreadsheet_left_of_the_id() {
    for cell in [
        "7476450316014490000",
        "7.47645E+18",
        "\"7,47645E+18\"",
        "7476450316014499000",
        "7.476450316014499e+18",
        "7476450316014498872.0",
        "",
        "7476450316014498872",
    ] {
        let mapped =
            read(format!("id,link,plays\n{cell},{LINK},5\n"), &["id=video_id", "link=url", "plays=plays"]);
        assert_eq!((mapped.ids(), mapped.rejects.len()), (vec![ID], 0), "{cell}");
        assert_eq!(mapped.videos[0].details.author.unique_id, "made.up");
        let apify = read(
            format!(
                "\u{feff}id,webVideoUrl,text,createTimeISO,playCount\r\n{cell},{LINK},#cat,2025-02-28T12:45:43.000Z,98400\r\n"
            ),
            &[],
        );
        assert_eq!((apify.ids(), apify.rejects.len()), (vec![ID], 0), "{cell}: {:?}", apify.reasons());
        assert_eq!(apify.videos[0].details.author.unique_id, "made.up");
    }
}

#[test]
fn an_id_that_disagrees_with_the_link_is_refused_with_both() {
    for cell in ["7476450316014498871", "7476450316014480000", "7.4E+18"] {
        for (text, columns) in [
            (format!("id,link,plays\n{cell},{LINK},5\n"), &["id=video_id", "link=url", "plays=plays"][..]),
            (format!("id,webVideoUrl,text,playCount\n{cell},{LINK},#cat,98400\n"), &[]),
        ] {
            let out = read(text, columns);
            let [(_, reason)] = out.reasons()[..] else { panic!("{cell}: {:?}", out.ids()) };
            assert_eq!(reason, format!("video id {cell} disagrees with that of the link, {ID}"));
        }
    }
}

#[test]
fn ids_without_a_link_are_refused_where_digits_are_gone() {
    for cell in ["7.47645E+18", "7.476450316014499e+18", "7476450316014498816.0"] {
        let out = read(format!("id,plays\n{cell},5\n"), &["id=video_id", "plays=plays"]);
        assert!(out.reasons()[0].1.contains("was rounded by a tool (it kept"), "{cell}: {:?}", out.reasons());
    }
    // A column of ids that end in zeros was cut; one among others is an id.
    let cut =
        read("id,plays\n7476450316014490000,5\n7576337773318110000,6\n", &["id=video_id", "plays=plays"]);
    assert_eq!((cut.videos.len(), cut.rejects.len()), (0, 2));
    assert!(
        cut.reasons()[0].1.contains("looks rounded (its last digits are zeros), like most of this column")
    );
    let floats = read(
        "id,plays\n7476450316014498816,5\n7576337773318119424,6\n7576353235200392192,7\n",
        &["id=video_id", "plays=plays"],
    );
    assert_eq!((floats.videos.len(), floats.rejects.len()), (0, 3), "{:?}", floats.ids());
    let mixed = read(
        "id,plays\n7476450316014490000,5\n7576337773318119151,6\n7576353235200392670,7\n",
        &["id=video_id", "plays=plays"],
    );
    assert_eq!(mixed.plays(), [Some(5), Some(6), Some(7)]);
}

#[test]
fn unsure_ids_of_authors_and_sounds_are_left_out() {
    let text = "id,who,sound,plays\n7476450316014498872,6.605434915816951e+18,7.123452387147721e+18,1\n7433754315686191962,6605434915816951268.0,7123452387147720462.0,2\n";
    let out = read(text, &["id=video_id", "who=author_id", "sound=music_id", "plays=plays"]);
    let [first, second] = &out.videos[..] else { panic!("{:?}", out.reasons()) };
    assert_eq!(
        (first.author, first.details.author.id.as_str(), first.details.music.id.as_str()),
        (None, "", "")
    );
    assert_eq!(second.author.map(|id| id.get()), Some(6_605_434_915_816_951_268));
    assert_eq!(
        (second.details.author.id.as_str(), second.details.music.id.as_str()),
        ("6605434915816951268", "7123452387147720462")
    );
    assert_eq!(out.report.notes.len(), 2, "{:?}", out.report.notes);
    let cut = read(
        "id,who,plays\n7476450316014498872,6605434915816950000,1\n",
        &["id=video_id", "who=author_id", "plays=plays"],
    );
    assert_eq!((cut.videos[0].author, cut.videos[0].details.author.id.as_str()), (None, ""));
}
