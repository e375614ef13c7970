//! Known but unsupported records and files: comments, profiles, posts of other sites, unrelated data. Recognised by
//! keys that only they have, and reported once per file with advice.

use crate::json::keys::Keys;

/// An unsupported kind.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// Noun for one of them.
    one: &'static str,
    /// Noun for several.
    many: &'static str,
    /// Advice; empty if there is none.
    advice: &'static str,
    /// True if answers have such records beside supported ones, so that they are not a fault of the file.
    pub(crate) is_beside: bool,
}

impl Foreign {
    const fn new(one: &'static str, many: &'static str, advice: &'static str) -> Self {
        Self { one, many, advice, is_beside: false }
    }

    const fn beside(one: &'static str, many: &'static str, advice: &'static str) -> Self {
        Self { one, many, advice, is_beside: true }
    }

    /// Returns the message for `number` records. `of` describes the first one.
    pub(crate) fn message(&self, number: u64, of: Option<&str>) -> String {
        let what = match number {
            1 => self.one.to_owned(),
            _ => format!("{} {}", grouped(number), self.many),
        };
        let of = of.map(|of| format!(" ({of})")).unwrap_or_default();
        let colon = if self.advice.is_empty() { "" } else { ": " };
        format!("{what}{of}{colon}{}", self.advice)
    }
}

/// Formats a number in groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

const NOT_OF_TIKTOK: &str = "not data of TikTok; export TikTok's posts and import those";

pub(crate) static COMMENTS: Foreign = Foreign::new(
    "a comment on a video, not a video",
    "comments on videos, not videos",
    "comments are not read; import the videos themselves",
);
pub(crate) static PROFILES: Foreign = Foreign::new(
    "the profile of a user, not a video",
    "profiles of users, not videos",
    "profiles are not read; import the videos of the user",
);
static FOLLOWERS: Foreign = Foreign::new(
    "a user of a list of followers, not a video",
    "users of a list of followers, not videos",
    "lists of users are not read; import videos or hashtags",
);
static TWEETS: Foreign = Foreign::new(
    "a post of X (Twitter), not of TikTok",
    "posts of X (Twitter), not of TikTok",
    NOT_OF_TIKTOK,
);
static INSTAGRAM: Foreign =
    Foreign::new("a post of Instagram, not of TikTok", "posts of Instagram, not of TikTok", NOT_OF_TIKTOK);
static YOUTUBE: Foreign =
    Foreign::new("a record of YouTube, not of TikTok", "records of YouTube, not of TikTok", NOT_OF_TIKTOK);
static VIMEO: Foreign =
    Foreign::new("a record of Vimeo, not of TikTok", "records of Vimeo, not of TikTok", NOT_OF_TIKTOK);
static REDDIT: Foreign =
    Foreign::new("a post of Reddit, not of TikTok", "posts of Reddit, not of TikTok", NOT_OF_TIKTOK);
static FACEBOOK: Foreign = Foreign::new(
    "a post of Facebook or CrowdTangle, not of TikTok",
    "posts of Facebook or CrowdTangle, not of TikTok",
    NOT_OF_TIKTOK,
);
static BLUESKY: Foreign =
    Foreign::new("a post of Bluesky, not of TikTok", "posts of Bluesky, not of TikTok", NOT_OF_TIKTOK);
static MASTODON: Foreign =
    Foreign::new("a post of Mastodon, not of TikTok", "posts of Mastodon, not of TikTok", NOT_OF_TIKTOK);
pub(crate) static DOUYIN: Foreign = Foreign::new(
    "a video of Douyin, not of TikTok",
    "videos of Douyin, not of TikTok",
    "Douyin is another service with ids, hashtags and counts of its own; its videos are not read",
);
pub(crate) static OTHER_SITE: Foreign = Foreign::new(
    "a video of another site",
    "videos of another site",
    "not of TikTok; import what was read of tiktok.com",
);
pub(crate) static OTHER_PLATFORM: Foreign = Foreign::new(
    "an item of another platform",
    "items of another platform",
    "not of tiktok.com; export the items of TikTok and import those",
);
static SOUNDS: Foreign = Foreign::new(
    "a record of a sound, not a video",
    "records of sounds, not videos",
    "sounds are not read; import the videos",
);
static OEMBED: Foreign =
    Foreign::new("an oEmbed answer", "oEmbed answers", "there are no counts in it; import what has counts");
static DONATION: Foreign = Foreign::new(
    "a user's own data as TikTok hands it out (user_data_tiktok.json)",
    "files of users' own data as TikTok hands them out (user_data_tiktok.json)",
    "it lists what one person watched, liked and wrote, and has no counts of hashtags or videos; its links can be given to a tool that reads videos",
);
static GEO_JSON: Foreign =
    Foreign::new("GeoJSON, a map", "GeoJSON documents, maps", "there are no hashtags or videos in it");
static OPEN_API: Foreign = Foreign::new(
    "the description of an API (OpenAPI)",
    "descriptions of APIs (OpenAPI)",
    "there is no data in it; import answers of the API",
);
static JSON_SCHEMA: Foreign =
    Foreign::new("a JSON Schema", "JSON Schemas", "there is no data in it; import what it describes");
static POSTMAN: Foreign = Foreign::new(
    "a Postman collection",
    "Postman collections",
    "there are requests in it; save and import the answers",
);
static NOTEBOOK: Foreign = Foreign::new(
    "a Jupyter notebook",
    "Jupyter notebooks",
    "save the data that it reads or makes as a file and import that",
);
static PACKAGE: Foreign =
    Foreign::new("a package.json of a program", "package.json files of programs", "there is no data in it");
static RUN_INPUT: Foreign = Foreign::new(
    "the settings of an actor's run, not its results",
    "settings of actors' runs, not their results",
    "export the dataset of the run and import that",
);
static BY_COLUMNS: Foreign = Foreign::new(
    "a table that pandas wrote column by column",
    "tables that pandas wrote column by column",
    "write it with df.to_json(FILE, orient=\"records\") or as CSV or Parquet",
);
pub(crate) static VALUES: Foreign = Foreign::beside(
    "a bare value, no record",
    "bare values, no records",
    "only objects are read; a list of ids of deleted videos is for `tagmeter forget`",
);
pub(crate) static SEARCH_ASIDE: Foreign =
    Foreign::beside("an entry of a search that is no video", "entries of a search that are no videos", "");
pub(crate) static HAR_RESOURCE: Foreign = Foreign::beside(
    "a resource of a HAR that is no data of TikTok's hashtags and videos",
    "resources of a HAR that are no data of TikTok's hashtags and videos",
    "",
);
pub(crate) static HAR_WITHOUT_CONTENT: Foreign = Foreign::new(
    "an answer of TikTok in a HAR that was saved without contents",
    "answers of TikTok in a HAR that was saved without contents",
    "open the page with the developer tools open, reload, and save the HAR with contents",
);

/// Recognises a kind: all of the first keys, and one of the second if there are any.
struct Signature(&'static Foreign, &'static [&'static str], &'static [&'static str]);

impl Signature {
    fn fits(&self, keys: &Keys<'_>) -> bool {
        let Self(_, all, any) = self;
        keys.has_all(all) && (any.is_empty() || keys.has_any(any))
    }
}

/// Most specific first.
static SIGNATURES: &[Signature] = &[
    // Comments: of the app and the web, Apify's, tikwm's, the Research API's, Bright Data's.
    Signature(&COMMENTS, &["cid"], &COMMENT_KEYS),
    Signature(
        &COMMENTS,
        &["text", "video_id"],
        &["parent_comment_id", "reply_count", "reply_total", "like_count", "digg_count", "create_time"],
    ),
    Signature(
        &COMMENTS,
        &["text"],
        &[
            "parent_comment_id",
            "reply_comment_total",
            "replyCommentTotal",
            "repliesToId",
            "reply_to_reply_id",
        ],
    ),
    Signature(
        &COMMENTS,
        &[],
        &["comment_text", "comment_id", "commentId", "replyCommentTotal", "reply_comment_total"],
    ),
    Signature(
        &COMMENTS,
        &["comments"],
        &["has_more", "cursor", "total", "hasMore", "status_code", "top_gifts"],
    ),
    // People: web, app, Research API, Bright Data.
    Signature(&PROFILES, &["user", "stats"], &[]),
    Signature(&PROFILES, &["userInfo"], &[]),
    Signature(
        &PROFILES,
        &[],
        &[
            "follower_count",
            "followerCount",
            "following_count",
            "followingCount",
            "bio_description",
            "aweme_count",
            "top_videos_data",
        ],
    ),
    Signature(&PROFILES, &["uniqueId", "nickname"], &[]),
    Signature(&PROFILES, &["unique_id", "nickname"], &[]),
    Signature(&PROFILES, &["biography"], &[]),
    Signature(&FOLLOWERS, &[], &["user_followers", "user_following"]),
    Signature(&FOLLOWERS, &["username", "display_name"], &[]),
    // Other sites.
    Signature(
        &TWEETS,
        &[],
        &[
            "retweet_count",
            "retweetCount",
            "in_reply_to_status_id",
            "in_reply_to_status_id_str",
            "edit_history_tweet_ids",
            "rest_id",
            "tweet_results",
            "tweet",
            "tweet_id",
            "conversation_id_str",
            "retweeted_status",
            "quoteCount",
            "quote_count",
        ],
    ),
    Signature(&TWEETS, &["full_text"], &[]),
    Signature(&TWEETS, &["text"], &["public_metrics", "referenced_tweets", "in_reply_to_user_id"]),
    Signature(&INSTAGRAM, &["GraphImages"], &[]),
    Signature(&PROFILES, &["authorMeta", "profile"], &[]),
    Signature(&YOUTUBE, &["snippet"], &[]),
    Signature(&YOUTUBE, &[], &["channelId", "numberOfSubscribers", "videoRenderer", "videoDetails"]),
    Signature(&INSTAGRAM, &["pk"], &["media_type", "code", "media_id", "taken_at"]),
    Signature(
        &INSTAGRAM,
        &[],
        &[
            "edge_media_to_caption",
            "edge_liked_by",
            "edge_media_preview_like",
            "shortCode",
            "ownerUsername",
            "taken_at",
            "taken_at_timestamp",
            "media_product_type",
        ],
    ),
    Signature(&VIMEO, &[], &["stats_number_of_plays", "stats_number_of_likes", "vimeo_id"]),
    Signature(&VIMEO, &["uri", "link", "name"], &["stats", "pictures", "duration"]),
    Signature(&REDDIT, &[], &["subreddit", "subreddit_id", "selftext"]),
    Signature(&FACEBOOK, &["platformId"], &["postUrl", "statistics", "account"]),
    Signature(&FACEBOOK, &[], &["facebookUrl", "reactionLikeCount", "pageName"]),
    Signature(&BLUESKY, &["uri", "cid", "record"], &[]),
    Signature(&MASTODON, &["reblogs_count"], &[]),
    Signature(&DOUYIN, &[], &["danmaku_control", "xigua_base_info", "entertainment_product_info", "awemeId"]),
    Signature(&SOUNDS, &["musicInfo"], &[]),
    Signature(&SOUNDS, &["music_info"], &[]),
    Signature(&OEMBED, &["provider_name", "html"], &[]),
];

/// Recognises whole files of another use. They are never treated as envelopes.
static FILE_SIGNATURES: &[Signature] = &[
    Signature(
        &DONATION,
        &[],
        &[
            "App Settings",
            "Ads and data",
            "Direct Messages",
            "Direct Message",
            "Your Activity",
            "Likes and Favorites",
            "Tik Tok Shopping",
            "Tik Tok Shop",
            "TikTok Shop",
            "TikTok Shopping",
            "Tiktok Live",
            "TikTok Live",
            "Profile And Settings",
            "Off TikTok Activity",
            "Video Browsing History",
            "Watch History",
        ],
    ),
    Signature(&DONATION, &["Activity", "Profile"], &[]),
    Signature(&DONATION, &["Activity", "Video"], &[]),
    Signature(&GEO_JSON, &["type", "features"], &[]),
    Signature(&GEO_JSON, &["type", "geometry"], &[]),
    Signature(&OPEN_API, &["info", "paths"], &["openapi", "swagger"]),
    Signature(&OPEN_API, &["info"], &["openapi", "swagger"]),
    Signature(&JSON_SCHEMA, &["$schema"], &["properties", "$defs", "definitions", "type"]),
    Signature(&POSTMAN, &["info", "item"], &[]),
    Signature(&NOTEBOOK, &["cells", "nbformat"], &[]),
    Signature(&PACKAGE, &["name", "version"], &["dependencies", "devDependencies", "scripts"]),
    Signature(
        &RUN_INPUT,
        &[],
        &["resultsPerPage", "proxyConfiguration", "shouldDownloadVideos", "searchSection"],
    ),
];

/// Recognises items beside the records of a search.
static SEARCH_SIGNATURES: &[Signature] = &[
    // Search results other than videos: people, live rooms, suggested queries.
    Signature(&SEARCH_ASIDE, &["type", "common"], &[]),
    Signature(
        &SEARCH_ASIDE,
        &["type"],
        &["user_list", "live_list", "lives", "related_word_list", "music_list"],
    ),
];

/// Keys that comments have, and videos and hashtags do not.
const COMMENT_KEYS: [&str; 8] = [
    "reply_comment_total",
    "replyCommentTotal",
    "reply_id",
    "reply_to_reply_id",
    "comment_language",
    "repliesToId",
    "videoWebUrl",
    "aweme_id",
];

/// Keys of play counts in video records.
const PLAYS: [&str; 8] = [
    "play_count",
    "playCount",
    "plays",
    "view_count",
    "viewCount",
    "views",
    "video_views",
    "video_view_count",
];

/// Returns the kind of an object that no format reads.
pub(crate) fn of(keys: &Keys<'_>) -> Option<&'static Foreign> {
    if let Some(meta) = keys.object("__import_meta")
        && let Some(kind) = Keys::of(meta).text("source_platform").and_then(|platform| of_platform(&platform))
    {
        return Some(kind);
    }
    match keys.only() {
        Some(b"user" | b"users") => return Some(&PROFILES),
        Some(b"comments") => return Some(&COMMENTS),
        Some(b"Activity") => return Some(&DONATION),
        _ => {}
    }
    let mut all = SIGNATURES.iter().chain(SEARCH_SIGNATURES);
    let by_keys = all.find(|telling| telling.fits(keys)).map(|Signature(kind, ..)| *kind);
    // X, YouTube and others share key names; a link decides.
    let by_link = || LINKS.iter().find_map(|key| of_link(&keys.text(key)?));
    let kind = by_link().or(by_keys)?;
    // Comments and profiles have no play count: this is rather a video with unknown keys.
    let is_doubtful = [&COMMENTS, &PROFILES, &FOLLOWERS, &SOUNDS].contains(&kind);
    (!is_doubtful || !keys.has_any(&PLAYS)).then_some(kind)
}

/// Keys of a record's own link.
const LINKS: [&str; 6] = ["url", "link", "permalink", "webpage_url", "postUrl", "post_url"];

/// Returns the kind of a link to another site.
fn of_link(link: &str) -> Option<&'static Foreign> {
    let (_, site) = link.split_once("://")?;
    let site = site.split(['/', '?']).next().unwrap_or_default();
    let site = site.strip_prefix("www.").or(site.strip_prefix("m.")).unwrap_or(site);
    Some(match site {
        "youtube.com" | "youtu.be" => &YOUTUBE,
        "instagram.com" => &INSTAGRAM,
        "twitter.com" | "x.com" | "mobile.twitter.com" => &TWEETS,
        "vimeo.com" => &VIMEO,
        "facebook.com" => &FACEBOOK,
        "reddit.com" | "old.reddit.com" => &REDDIT,
        "douyin.com" | "iesdouyin.com" => &DOUYIN,
        _ => return None,
    })
}

/// Returns the kind of a whole file of another use.
pub(crate) fn of_file(keys: &Keys<'_>) -> Option<&'static Foreign> {
    if is_by_columns(keys) {
        return Some(&BY_COLUMNS);
    }
    FILE_SIGNATURES.iter().find(|telling| telling.fits(keys)).map(|Signature(kind, ..)| *kind)
}

/// Returns true if an object is a column-oriented table: cells keyed by row number, or column names apart
/// from the rows.
fn is_by_columns(keys: &Keys<'_>) -> bool {
    let has_rows = |value: &[u8]| {
        value.strip_prefix(b"{").is_some_and(|inside| inside.trim_ascii_start().starts_with(b"\"0\""))
    };
    let mut values = keys.pairs().map(|(_, value)| value);
    keys.has_all(&["columns", "index", "data"]) || (keys.pairs().nth(1).is_some() && values.all(has_rows))
}

/// Returns true if a list under this key contains records that are reported by name.
pub(crate) fn is_list_key(key: &[u8]) -> bool {
    matches!(key, b"comments" | b"user_followers" | b"user_following" | b"tweets" | b"statuses")
}

/// Returns the kind for a platform that the kind itself does not name.
pub(crate) fn named(kind: &'static Foreign, platform: &str) -> Option<Box<str>> {
    (kind == &OTHER_PLATFORM).then(|| platform.chars().take(60).collect())
}

/// Returns the kind of Zeeschuimer items from this platform. `None` for TikTok's posts.
pub(crate) fn of_platform(platform: &str) -> Option<&'static Foreign> {
    let platform = platform.trim();
    let has = |part: &str| platform.contains(part);
    if platform.is_empty() {
        None
    } else if has("comment") {
        Some(&COMMENTS)
    } else if has("douyin") {
        Some(&DOUYIN)
    } else if has("tiktok") {
        None
    } else if has("twitter") || platform == "x.com" {
        Some(&TWEETS)
    } else if has("instagram") {
        Some(&INSTAGRAM)
    } else {
        Some(&OTHER_PLATFORM)
    }
}

#[cfg(test)]
mod tests;
