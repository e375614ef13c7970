//! Names of columns and keys, as exports of many makes have them.

use super::*;

fn best(json: &str) -> Lookalikes {
    let mut sample = Sample::default();
    sample.json(json.as_bytes());
    sample.lookalikes(Source::Mapped, &[])
}

fn name(json: &str, meaning: Meaning) -> Option<String> {
    best(json).get(meaning).map(Place::shown)
}

#[test]
fn words_are_found_whatever_stands_between_them() {
    for name in ["playCount", "play_count", "Play count", "play-count", "PLAY COUNT", "Play (count)"] {
        assert_eq!(words_of(name), ["play", "count"], "{name}");
    }
    assert_eq!(
        words_of("createTimeISO"),
        ["create", "time", "iso"].map(str::to_owned).to_vec(),
        "an acronym"
    );
    assert_eq!(words_of("播放量"), ["播放量"]);
}

#[test]
fn plays_are_known_in_many_spellings_and_languages() {
    for key in [
        "views",
        "view_count",
        "playCount",
        "plays",
        "impressions",
        "Aufrufe",
        "vistas",
        "vues",
        "Anzahl Aufrufe",
        "Video Views",
        "videoViewCount",
        "total_plays",
        "Reproducciones",
        "visualizações",
        "Visualizzazioni",
        "Afspilninger",
        "просмотры",
        "播放量",
        "再生数",
        "조회수",
        "izlenme",
        "Lượt xem",
        "Wiedergaben",
        "stats.views",
    ] {
        let json = format!("{{{}:1234}}", serde_json::to_string(key).expect("a text"));
        assert_eq!(name(&json, Meaning::Plays).as_deref(), Some(key), "{key}");
    }
    for key in [
        "music_plays",
        "author.views",
        "playUrl",
        "view_id",
        "avg_views",
        "views_per_day",
        "view_duration",
        "likes",
        "hashtag_views",
        "play_addr.width",
        "viewer",
        "playlist_id",
        "review",
        "profileViews",
    ] {
        let json = format!("{{{}:1234}}", serde_json::to_string(key).expect("a text"));
        assert_eq!(name(&json, Meaning::Plays), None, "{key}");
    }
    for value in ["0", "null", "\"\"", "\"2026-11-01\"", "true", "\"none\"", "[1]"] {
        assert_eq!(name(&format!("{{\"views\":{value}}}"), Meaning::Plays), None, "{value}");
    }
    assert_eq!(name(r#"{"views":"1.2M"}"#, Meaning::Plays).as_deref(), Some("views"));
}

#[test]
fn hashtags_creators_and_times_are_known_by_name_and_value() {
    for (json, meaning, want) in [
        (r#"{"tags":["cat"]}"#, Meaning::Hashtags, Some("tags")),
        (r#"{"hashtag_list":"cat, dog"}"#, Meaning::Hashtags, Some("hashtag_list")),
        (r#"{"challenges":[{"title":"cat"}]}"#, Meaning::Hashtags, Some("challenges")),
        (r#"{"tags":[],"hashtag_count":3,"tag_ids":["77"]}"#, Meaning::Hashtags, None),
        (r#"{"title":"d #cat"}"#, Meaning::Caption, Some("title")),
        (r#"{"title":"d"}"#, Meaning::Caption, None),
        (r#"{"author":"cat"}"#, Meaning::Creator, Some("author")),
        (
            r#"{"channel":{"id":"6871947674891853551","name":"C","username":"c"}}"#,
            Meaning::Creator,
            Some("channel.username"),
        ),
        (r#"{"author":{"nickname":"C","uniqueId":"c"}}"#, Meaning::Creator, Some("author.uniqueId")),
        (r#"{"user_followers":12345678,"author_url":"https://x/"}"#, Meaning::Creator, None),
        (r#"{"music_author":"cat"}"#, Meaning::Creator, None),
        (r#"{"authorMeta":"{'name': 'cat'}"}"#, Meaning::Creator, None),
        (r#"{"Kanal":"cat"}"#, Meaning::Creator, Some("Kanal")),
        (r#"{"posted_at":"2026-01-02"}"#, Meaning::PostedAt, Some("posted_at")),
        (r#"{"uploadedAt":1764003600,"timestamp":1764003600}"#, Meaning::PostedAt, Some("uploadedAt")),
        (r#"{"Datum":"2026-01-02"}"#, Meaning::PostedAt, Some("Datum")),
        (r#"{"author_created":1764003600,"duration":15,"updated":1764003600}"#, Meaning::PostedAt, None),
        (r#"{"scraped_at":"2026-01-02T03:04:05Z"}"#, Meaning::ReadAt, Some("scraped_at")),
        (r#"{"collected":1764003600}"#, Meaning::ReadAt, Some("collected")),
        (r#"{"collectCount":1764003600,"created":1764003600}"#, Meaning::ReadAt, None),
        (r#"{"fetched":true}"#, Meaning::ReadAt, None),
    ] {
        assert_eq!(name(json, meaning).as_deref(), want, "{json}");
    }
}

#[test]
fn a_list_of_records_is_gone_into_and_a_list_inside_a_record_is_not() {
    let inside =
        r#"{"id":"7000000000000000001","comments":[{"id":"7000000000000000002","author":"x","views":3}]}"#;
    assert_eq!((name(inside, Meaning::Creator), name(inside, Meaning::Plays)), (None, None));
    let page = r#"{"data":{"videos":[{"id":"7000000000000000001","views":3}]}}"#;
    assert_eq!(name(page, Meaning::Plays).as_deref(), Some("data.videos[].views"));
    assert_eq!(best(page).map(Meaning::Plays, true), None, "--map does not reach it");
    let large = format!("{{\"a\":[{}]}}", vec![r#"{"id":"7000000000000000001","views":3}"#; 4000].join(","));
    assert_eq!(name(&large, Meaning::Plays).as_deref(), Some("a[].views"));
}

#[test]
fn every_map_that_reads_a_record_is_named() {
    let json = r##"[{"id":"7576337773318119151","title":"d #cat","views":3515373,"likes":1,"hashtags":["cat"],
        "channel":{"id":"6871947674891853551","username":"c","followers":12},"uploadedAt":1764003600,
        "postPage":"https://www.tiktok.com/@c/video/7576337773318119151"}]"##;
    let maps = best(json).maps(true);
    let want = [
        "id=video_id",
        "views=plays",
        "hashtags=hashtags",
        "title=caption",
        "channel.username=author_name",
        "uploadedAt=create_time",
    ];
    assert_eq!(maps, want);
    let other = r#"{"sound":"7576337773318119151","views":3}"#;
    assert_eq!(best(other).maps(true), Vec::<String>::new(), "a number of 19 digits may be anything");
    assert_eq!(best(r#"{"views":3}"#).maps(true), Vec::<String>::new(), "nothing says which video it is");
}

#[test]
fn columns_of_a_table_are_recognised_by_their_cells_too() {
    let mut sample = Sample::default();
    sample.header(["Video", "Vistas", "Total plays", "Etiquetas"].into_iter());
    sample.row(["https://www.tiktok.com/@c/video/7000000000000000001", "", "12", "cat dog"].into_iter());
    let found = sample.lookalikes(Source::Mapped, &[]);
    assert!(found.are_columns);
    assert_eq!(
        found.map(Meaning::Plays, true).as_deref(),
        Some("Total plays=plays"),
        "the other has no value"
    );
    let unmapped = sample.lookalikes(Source::Mapped, &["Total plays"]);
    assert_eq!(unmapped.get(Meaning::Plays), None, "a column that is mapped is none");
    assert_eq!(found.map(Meaning::Hashtags, true).as_deref(), Some("Etiquetas=hashtags"));
}

#[test]
fn records_of_another_source_and_rejects_are_left_out() {
    let mut sample = Sample::default();
    sample.json(br#"{"views":1}"#);
    sample.settle(0, Some(Source::Apify));
    let mark = sample.mark();
    sample.json(br#"{"plays":1}"#);
    sample.settle(mark, None);
    assert_eq!(sample.lookalikes(Source::YtDlp, &[]).get(Meaning::Plays), None);
    let found = sample.lookalikes(Source::Apify, &[]);
    assert_eq!(found.get(Meaning::Plays).map(Place::shown).as_deref(), Some("views"));
}

#[test]
fn no_more_is_buffered_than_a_megabyte() {
    let mut sample = Sample::default();
    let record = format!("{{\"text\":\"{}\"}}", "x".repeat(60_000));
    for _ in 0..1000 {
        sample.json(record.as_bytes());
    }
    assert!(sample.is_full() && sample.bytes < BYTES_MAX + record.len() && sample.records.len() < 20);
}

#[test]
fn columns_of_an_unknown_table_are_guessed_by_name_alone() {
    let maps = |names: &[&str]| maps_of_names(names.iter().copied()).join(" ");
    assert_eq!(
        maps(&["id", "caption", "plays", "likes", "author_id", "posted"]),
        "id=video_id plays=plays caption=caption author_id=author_id posted=create_time"
    );
    assert_eq!(maps(&["Link", "Aufrufe"]), "Link=url Aufrufe=plays");
    assert_eq!(maps(&["hashtag", "views", "posts"]), "hashtag=hashtag_name views=views posts=videos");
    assert_eq!((maps(&["age", "weight"]), advice(["age"].into_iter())), (String::new(), String::new()));
    assert_eq!(
        advice(["video id", "Views"].into_iter()),
        "; perhaps --map 'video id=video_id' --map Views=plays"
    );
}
