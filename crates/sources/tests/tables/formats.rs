//! Tables of known tools, without a word about their columns.

use super::{mapping, read, refused, try_read};
use domain::{Count, Source, Timestamp};
use sources::files::Options;

const HEADER: &str = "collected_from_url,id,thread_id,author,author_full,body,timestamp,unix_timestamp,music_name,music_id,tiktok_url,thumbnail_url,likes,comments,shares,plays,hashtags,challenges,location_created";

#[test]
fn zeeschuimers_and_4cats_csv_is_read() {
    for separator in [";", ","] {
        let header = HEADER.replace(',', separator);
        let rows = [
            "x|7476450316014498872|7476450316014498872|made.up|Made Up|\"one,\ntwo; \"\"three\"\" #cat\"|2025-02-28 12:45:43|1740746743|Sound|7123452387147720462|https://www.tiktok.com/@made.up/video/7476450316014498872|https://example.com/c.jpg|26600|235|383|458700|\"cat,thánhai\"|\"cat,thánhai\"|undefined",
            "x|7433754315686191962|7433754315686191962|other|Other|null|2024-11-05 11:23:32|1730805812|undefined|undefined|https://www.tiktok.com/@other/video/7433754315686191962||36900|311|undefined|null||\"dog\"|VN",
        ];
        let text = format!("{header}\n{}\n", rows.join("\n").replace('|', separator));
        let out = read(text, &[]);
        assert_eq!(out.reasons(), []);
        let [first, second] = &out.videos[..] else { panic!("{}", out.videos.len()) };
        assert_eq!(
            (first.source, first.counts.plays, first.counts.saves),
            (Source::Zeeschuimer, Count::rounded(458_700), None)
        );
        assert_eq!(
            (first.details.create_time, first.details.author.unique_id.as_str()),
            (Some(1_740_746_743), "made.up")
        );
        assert_eq!(first.details.title, "one,\ntwo; \"three\" #cat");
        assert_eq!(out.tags(), [vec!["cat", "thánhai"], vec!["dog"]]);
        assert_eq!(
            (second.counts.plays, second.counts.shares, second.counts.likes),
            (None, None, Count::rounded(36_900))
        );
        assert_eq!((second.details.title.as_str(), second.details.music.id.as_str()), ("", ""));
    }
}

#[test]
fn flattened_web_items_and_awemes_are_read() {
    let web = "id,desc,createTime,author.id,author.uniqueId,stats.playCount,stats.diggCount,stats.commentCount,stats.shareCount,stats.collectCount,challenges,music.id,video.duration\n\
        7476450316014498872,made up #cat,1740746743,6600000000000000001,made.up,98401,17,3,1,2,\"[{'id': '7551', 'title': 'cat'}]\",7100000000000000001,21\n";
    let mobile = "aweme_id,desc,create_time,cha_list,author.uid,author.unique_id,statistics.play_count,statistics.digg_count,statistics.comment_count,statistics.share_count,statistics.collect_count,music.id,video.duration\n\
        7476450316014498872,made up #cat,1740746743,\"[{'cid': '7551', 'cha_name': 'cat', 'view_count': 0, 'user_count': 0, 'is_commerce': False, 'banner_list': None}]\",6600000000000000001,made.up,98401,17,3,1,2,7100000000000000001,21000\n";
    for (text, source) in [(web, Source::WebItem), (mobile, Source::MobileAweme)] {
        let out = read(text, &[]);
        let [video] = &out.videos[..] else { panic!("{source:?}: {:?}", out.reasons()) };
        assert_eq!((video.source, video.id.get()), (source, 7_476_450_316_014_498_872));
        assert_eq!(video.counts.plays, Count::exact(98_401));
        assert_eq!(
            (video.details.author.unique_id.as_str(), video.author.map(|id| id.get())),
            ("made.up", Some(6_600_000_000_000_000_001))
        );
        assert_eq!(
            (video.details.create_time, video.tags[0].tag.name(), video.tags[0].id.map(|id| id.get())),
            (Some(1_740_746_743), "cat", Some(7551))
        );
    }
    // Objects in cells, and names joined by another sign.
    let cells = "id,desc,createTime,stats,author\n7476450316014498872,made up #cat,1740746743,\"{'playCount': 98401, 'diggCount': 17}\",\"{'id': '6600000000000000001', 'uniqueId': 'made.up'}\"\n";
    let awemes = "aweme_id,desc,create_time,statistics,author\n7476450316014498872,made up #cat,1740746743,\"{'play_count': 98401}\",\"{'uid': '6600000000000000001', 'unique_id': 'made.up'}\"\n";
    let low_line = "id,desc,createTime,author_uniqueId,author_id,stats_playCount,stats_diggCount\n7476450316014498872,made up #cat,1740746743,made.up,6600000000000000001,98401,17\n";
    for text in [cells, awemes, low_line] {
        let out = read(text, &[]);
        assert_eq!(
            (out.plays(), out.tags()),
            (vec![Some(98_401)], vec![vec!["cat"]]),
            "{text}: {:?}",
            out.reasons()
        );
        assert_eq!(out.videos[0].details.author.unique_id, "made.up", "{text}");
    }
    let broken = web.replace("98401", "1.2 tkr");
    assert_eq!(read(broken, &[]).reasons(), [(Some(2), "stats.playCount: \"1.2 tkr\" is not a number")]);
}

#[test]
fn apify_items_that_went_through_pandas_are_read() {
    let nested = ",id,text,createTime,createTimeISO,authorMeta,musicMeta,webVideoUrl,videoMeta,playCount,diggCount,collectCount,hashtags,isAd\n\
        0,7576337773318119151,bed 1 #gardening #tomato,1764003600,2025-11-24T16:00:00.000Z,\"{'id': '6871947674891853551', 'name': 'made.up.gardener', 'nickName': 'It\\'s me'}\",\"{'musicName': \"\"it's\"\", 'musicId': '7512345678901234567'}\",https://www.tiktok.com/@made.up.gardener/video/7576337773318119151,{'duration': 12},1201,30,5,\"[{'id': '7551', 'name': 'gardening', 'title': '', 'cover': ''}, {'name': 'tomato'}]\",False\n";
    let out = read(nested, &[]);
    let [video] = &out.videos[..] else { panic!("{:?}", out.reasons()) };
    assert_eq!(video.tags[0].id.map(|id| id.get()), Some(7551));
    assert_eq!((video.details.author.nickname.as_str(), video.details.duration_seconds), ("It's me", 12));
    assert_eq!(video.author.map(|id| id.get()), Some(6_871_947_674_891_853_551));
    let names = "id,text,createTimeISO,webVideoUrl,playCount,hashtags,author\n\
        7576337773318119151,bed 1,2025-11-24T16:00:00.000Z,https://www.tiktok.com/@made.up.gardener/video/7576337773318119151,1201,\"gardening, tomato\",made.up.gardener\n\
        7576353235200392670,bed 2,2025-11-24T16:00:00.000Z,https://www.tiktok.com/@made.up.gardener/video/7576353235200392670,1202,grow your own,\n";
    let out = read(names, &[]);
    assert_eq!(out.tags(), [vec!["gardening", "tomato"], vec!["grow your own"]], "{:?}", out.reasons());
    assert!(out.videos.iter().all(|video| video.details.author.unique_id == "made.up.gardener"));
    let broken = names.replace("grow your own", "['a'");
    assert_eq!(read(broken, &[]).rejects.len(), 1);
    for end in ["\r", "\r\n"] {
        assert_eq!(read(names.replace('\n', end), &[]).videos.len(), 2, "{end:?}");
    }
}

#[test]
fn creative_center_rows_without_a_day_end_with_their_curve() {
    let rows = "hashtag_id,hashtag_name,country_info,industry_info,trend,publish_cnt,video_views,rank\n\
        83683018,gardentok,\"{'id': 'MY', 'value': 'Malaysia', 'label': 'MY'}\",\"{'id': 25000000000, 'value': 'Games', 'label': 'label_25000000000'}\",\"[{'date': 1763424000, 'value': 0.15}, {'date': 1763510400, 'value': 1}]\",8721,105791735,1\n";
    let out = read(rows, &[]);
    let [window] = &out.windows[..] else { panic!("{:?}", out.reasons()) };
    assert_eq!(
        (window.observed_at.to_rfc3339().as_str(), window.views, window.posts, window.rank),
        ("2025-11-19T00:00:00Z", Some(105_791_735), Some(8721), Some(1))
    );
    assert_eq!((window.country.as_str(), window.industry.as_str()), ("Malaysia", "Games"));
    let none =
        rows.replace("\"[{'date': 1763424000, 'value': 0.15}, {'date': 1763510400, 'value': 1}]\"", "[]");
    assert!(read(&none, &[]).reasons()[0].1.contains("--observed-at"));
    let observed_at = Timestamp::parse("2025-11-20T12:00:00Z");
    let out = try_read(&none, Options { observed_at, ..mapping(&[]) }).expect("read");
    assert_eq!((Some(out.windows[0].observed_at), out.hashtags.len()), (observed_at, 0));
}

#[test]
fn research_api_videos_that_went_through_a_table_are_read() {
    let text = "id,create_time,username,region_code,video_description,view_count,like_count,hashtag_names,favorites_count\n\
        7576337773318119151,1764003600,made.up,US,bed #tomato,1201,30,\"['gardening', 'tomato']\",NA\n";
    let out = read(text, &[]);
    let [video] = &out.videos[..] else { panic!("{:?}", out.reasons()) };
    assert_eq!(
        (video.source, video.counts.plays, video.counts.saves),
        (Source::ResearchApi, Count::exact(1201), None)
    );
    assert_eq!(
        (out.tags(), video.details.author.unique_id.as_str()),
        (vec![vec!["gardening", "tomato"]], "made.up")
    );
    assert!(refused("id,body,likes\n1,x,2\n", &[]).contains("--map COLUMN=FIELD"));
}
