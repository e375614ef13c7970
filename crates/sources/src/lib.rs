//! Parses external data into observations and rejects: files of many tools ([`files`]) and live servers ([`upstream`]).
//! Deliberately absent: the database.
//!
//! [`files`] reads the user's files: [`files::open`] makes an input, [`files::read`] passes its items to a
//! [`files::Sink`]. Formats are detected by content; each may be plain, compressed (gzip, zstd), in an archive (tar, zip),
//! in the scripts of a saved page, or come from standard input:
//!
//! | name | shape | made by |
//! |---|---|---|
//! | zeeschuimer | NDJSON of web items under `data`, with `timestamp_collected` | Zeeschuimer, 4CAT |
//! | apify | dataset items, also of the overview: array or NDJSON of videos with `webVideoUrl` | Apify actors |
//! | apify | array or NDJSON of videos with `postPage`, `channel` and `views` | an Apify actor with names of its own |
//! | bright-data | array or NDJSON of posts with `post_id` and `profile_id` or `account_id` | Bright Data |
//! | tiktok-scraper | `{collector:[...]}`, array or NDJSON of videos with `authorMeta` | drawrowfly/tiktok-scraper, Kaggle sets |
//! | mobile-aweme | `aweme`: `{aweme_list}`, `{data:{aweme_list}}`, `{aweme}` with `_fetched_at`, array, single, NDJSON | mobile captures, EnsembleData, TikHub and other vendors |
//! | node-share | `{body:{itemListData:[{itemInfos}]}}`, `{data:[{itemInfos}]}`, array, NDJSON | older web captures of node/share |
//! | discover | `{body:[{exploreList:[{cardItem}]}]}` | web captures of node/share/discover |
//! | web-search | `{data:[{challenge,stats}]}` or array | web captures |
//! | web-challenge | `{challengeInfo:{challenge,stats,statsV2}}` or `{challenge,stats}`, also in saved pages | web captures |
//! | mobile-challenge | `{ch_info}`, `{data:{ch_info}}` | mobile captures, EnsembleData, TikHub and other vendors |
//! | contract | hashtags of `/challenge-info-*/` and `/search-challenge/`: `{challenge_list}`, `{code,msg,data}`, single, array, NDJSON | servers of the four challenge endpoints, tikwm |
//! | contract | videos of `/challenge-posts/`: `{videos}`, `{code,msg,data}`, single, array, NDJSON | servers of the four challenge endpoints, tikwm |
//! | web-item | `itemStruct`: array, object keyed "0", "1", `{itemList}`, `{items}`, `{itemInfo:{itemStruct}}`, single, NDJSON, saved pages | TikTok-Api, pytok, browser captures |
//! | display-api | `{data:{videos},error}`, array, NDJSON of videos with `share_url`, `embed_link` or `cover_image_url` | TikTok's Display API and its clients |
//! | research-api | `{data:{videos},error}`, `{videos}`, array, NDJSON of videos with `id` | TikTok's Research API and its clients |
//! | research-api | the same with `video_id` | clients of TikTok's Research API |
//! | yt-dlp | info JSON: single, playlist with `entries`, array, NDJSON | yt-dlp |
//! | apify | CSV of dataset items, also of the overview, with the column `webVideoUrl` | Apify actors |
//! | zeeschuimer | CSV of posts with the columns `tiktok_url`, `unix_timestamp`, `body`, `plays` | Zeeschuimer, 4CAT |
//! | web-item | tables of web items, mobile `aweme`, Zeeschuimer's lines, Bright Data's posts, the Research API's videos: columns such as `stats.playCount` | pandas, export buttons |
//! | creative-center | `{data:{list:[{hashtag_id,hashtag_name,publish_cnt,video_views,rank}]}}`, array or NDJSON of rows | TikTok Creative Center |
//! | series | CSV with the columns `snapshot_utc`, `challenge_id`, `challenge_name`, `views` | trackers |
//! | creative-center | CSV with the columns `hashtag_name`, `video_views` or `publish_count`, and `crawl_date`, `trend` or `country_info` | TikTok Creative Center |
//! | series | `TAG.txt` of lines `YYYY-MM-DD HH:MM:SS<TAB>views`, also in archives | trackers |
//!
//! [`upstream`] calls servers that answer with the user's own key.
//!
//! Reading order: [`files`] (what goes in and what comes out), `content` (what the bytes are), `packing`, `html`,
//! `document` and `lines` (records in a stream), `record` (one record), `files::format` (the list of formats) and any
//! format after that.

pub mod files;

pub mod id_list;

pub mod upstream;

mod removed;

mod run;

mod content;

mod encoding;

mod packing;

mod binary;

mod html;

mod document;

mod lines;

mod record;

mod future;

mod stored_fields;

mod lookalike;

mod stated;

mod reading;

mod posting;

mod json;

mod csv;

mod table;

mod literal;

mod written;

mod workbook;

mod parquet;

#[cfg(test)]
mod tests {
    #[test]
    fn the_table_of_formats_has_them_all() {
        let rows: Vec<_> = super::files::formats()
            .map(|(name, shape, made_by)| format!("//! | {name} | {shape} | {made_by} |"))
            .collect();
        let table = include_str!("lib.rs").lines().skip_while(|line| *line != "//! |---|---|---|").skip(1);
        let table: Vec<_> = table.take_while(|line| line.starts_with("//! |")).collect();
        assert_eq!(table, rows, "the table should read:\n{}", rows.join("\n"));
    }
}
