//! Records and files that are known and not read: comments, profiles, posts of other sites, data of another use. They are
//! told by keys that only they have, named for what they are, once a file, with what to do about them.

use crate::json::keys::Keys;

/// A kind that is not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Foreign {
    /// One of them.
    one: &'static str,
    /// Several of them.
    many: &'static str,
    /// What to do about it; empty where nothing is to be done.
    advice: &'static str,
    /// Whether answers have such records beside those that are read, so that they are no fault of the file.
    pub(crate) is_beside: bool,
}

impl Foreign {
    const fn new(one: &'static str, many: &'static str, advice: &'static str) -> Self {
        Self { one, many, advice, is_beside: false }
    }

    const fn beside(one: &'static str, many: &'static str, advice: &'static str) -> Self {
        Self { one, many, advice, is_beside: true }
    }

    /// What is said of so many of them. `of` is what the first one says of itself.
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

/// Digits in groups of three.
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
    "it tells what one person watched, liked and wrote, and no counts of hashtags or videos; the links in it can be given to a tool that reads videos",
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

/// How a kind is told: all of these keys, and one of those where there are any.
struct Telling(&'static Foreign, &'static [&'static str], &'static [&'static str]);

impl Telling {
    fn fits(&self, keys: &Keys<'_>) -> bool {
        let Self(_, all, any) = self;
        keys.has_all(all) && (any.is_empty() || keys.has_any(any))
    }
}

/// From the most particular to the plainest.
static TELLING: &[Telling] = &[
    // Comments: of the app and the web, Apify's, tikwm's, the Research API's, Bright Data's.
    Telling(&COMMENTS, &["cid"], &COMMENT_KEYS),
    Telling(
        &COMMENTS,
        &["text", "video_id"],
        &["parent_comment_id", "reply_count", "reply_total", "like_count", "digg_count", "create_time"],
    ),
    Telling(
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
    Telling(
        &COMMENTS,
        &[],
        &["comment_text", "comment_id", "commentId", "replyCommentTotal", "reply_comment_total"],
    ),
    Telling(
        &COMMENTS,
        &["comments"],
        &["has_more", "cursor", "total", "hasMore", "status_code", "top_gifts"],
    ),
    // People: web, app, Research API, Bright Data.
    Telling(&PROFILES, &["user", "stats"], &[]),
    Telling(&PROFILES, &["userInfo"], &[]),
    Telling(
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
    Telling(&PROFILES, &["uniqueId", "nickname"], &[]),
    Telling(&PROFILES, &["unique_id", "nickname"], &[]),
    Telling(&PROFILES, &["biography"], &[]),
    Telling(&FOLLOWERS, &[], &["user_followers", "user_following"]),
    Telling(&FOLLOWERS, &["username", "display_name"], &[]),
    // Other sites.
    Telling(
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
    Telling(&TWEETS, &["full_text"], &[]),
    Telling(&TWEETS, &["text"], &["public_metrics", "referenced_tweets", "in_reply_to_user_id"]),
    Telling(&INSTAGRAM, &["GraphImages"], &[]),
    Telling(&PROFILES, &["authorMeta", "profile"], &[]),
    Telling(&YOUTUBE, &["snippet"], &[]),
    Telling(&YOUTUBE, &[], &["channelId", "numberOfSubscribers", "videoRenderer", "videoDetails"]),
    Telling(&INSTAGRAM, &["pk"], &["media_type", "code", "media_id", "taken_at"]),
    Telling(
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
    Telling(&VIMEO, &[], &["stats_number_of_plays", "stats_number_of_likes", "vimeo_id"]),
    Telling(&VIMEO, &["uri", "link", "name"], &["stats", "pictures", "duration"]),
    Telling(&REDDIT, &[], &["subreddit", "subreddit_id", "selftext"]),
    Telling(&FACEBOOK, &["platformId"], &["postUrl", "statistics", "account"]),
    Telling(&FACEBOOK, &[], &["facebookUrl", "reactionLikeCount", "pageName"]),
    Telling(&BLUESKY, &["uri", "cid", "record"], &[]),
    Telling(&MASTODON, &["reblogs_count"], &[]),
    Telling(&DOUYIN, &[], &["danmaku_control", "xigua_base_info", "entertainment_product_info", "awemeId"]),
    Telling(&SOUNDS, &["musicInfo"], &[]),
    Telling(&SOUNDS, &["music_info"], &[]),
    Telling(&OEMBED, &["provider_name", "html"], &[]),
];

/// How whole files of another use are told. They are no envelopes, whatever is in them.
static OF_FILES: &[Telling] = &[
    Telling(
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
    Telling(&DONATION, &["Activity", "Profile"], &[]),
    Telling(&DONATION, &["Activity", "Video"], &[]),
    Telling(&GEO_JSON, &["type", "features"], &[]),
    Telling(&GEO_JSON, &["type", "geometry"], &[]),
    Telling(&OPEN_API, &["info", "paths"], &["openapi", "swagger"]),
    Telling(&OPEN_API, &["info"], &["openapi", "swagger"]),
    Telling(&JSON_SCHEMA, &["$schema"], &["properties", "$defs", "definitions", "type"]),
    Telling(&POSTMAN, &["info", "item"], &[]),
    Telling(&NOTEBOOK, &["cells", "nbformat"], &[]),
    Telling(&PACKAGE, &["name", "version"], &["dependencies", "devDependencies", "scripts"]),
    Telling(
        &RUN_INPUT,
        &[],
        &["resultsPerPage", "proxyConfiguration", "shouldDownloadVideos", "searchSection"],
    ),
];

/// How what stands beside the records of a search is told.
static OF_SEARCHES: &[Telling] = &[
    // What a search has beside videos: people, live rooms, words to search for.
    Telling(&SEARCH_ASIDE, &["type", "common"], &[]),
    Telling(
        &SEARCH_ASIDE,
        &["type"],
        &["user_list", "live_list", "lives", "related_word_list", "music_list"],
    ),
];

/// Keys that a comment has and neither a video nor a hashtag has.
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

/// What records of videos call their plays.
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

/// The kind of an object that no format reads.
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
    let mut all = TELLING.iter().chain(OF_SEARCHES);
    let told = all.find(|telling| telling.fits(keys)).map(|Telling(kind, ..)| *kind);
    // X, YouTube and others call things alike; a link is sure.
    let by_link = || LINKS.iter().find_map(|key| of_link(&keys.text(key)?));
    let kind = by_link().or(told)?;
    // Nobody's comment or profile has a number of plays: rather a video whose keys nobody knows.
    let is_doubtful = [&COMMENTS, &PROFILES, &FOLLOWERS, &SOUNDS].contains(&kind);
    (!is_doubtful || !keys.has_any(&PLAYS)).then_some(kind)
}

/// Keys of links to a record itself.
const LINKS: [&str; 6] = ["url", "link", "permalink", "webpage_url", "postUrl", "post_url"];

/// The kind of what a link leads to, where that is another site.
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

/// The kind of a whole file of another use.
pub(crate) fn of_file(keys: &Keys<'_>) -> Option<&'static Foreign> {
    if is_by_columns(keys) {
        return Some(&BY_COLUMNS);
    }
    OF_FILES.iter().find(|telling| telling.fits(keys)).map(|Telling(kind, ..)| *kind)
}

/// Whether an object is a table whose cells stand under the numbers of their rows, a column after another, or whose names of
/// columns stand apart from its rows.
fn is_by_columns(keys: &Keys<'_>) -> bool {
    let has_rows = |value: &[u8]| {
        value.strip_prefix(b"{").is_some_and(|inside| inside.trim_ascii_start().starts_with(b"\"0\""))
    };
    let mut values = keys.pairs().map(|(_, value)| value);
    keys.has_all(&["columns", "index", "data"]) || (keys.pairs().nth(1).is_some() && values.all(has_rows))
}

/// Whether a list under this key is one of records that are named.
pub(crate) fn is_list_key(key: &[u8]) -> bool {
    matches!(key, b"comments" | b"user_followers" | b"user_following" | b"tweets" | b"statuses")
}

/// The platform, where the kind does not name it.
pub(crate) fn named(kind: &'static Foreign, platform: &str) -> Option<Box<str>> {
    (kind == &OTHER_PLATFORM).then(|| platform.chars().take(60).collect())
}

/// The kind of what Zeeschuimer saw on this platform. `None` for TikTok's posts.
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
