//! Links to TikTok as people paste them, read where a hashtag or a video is expected. Nothing is fetched: a short link,
//! which only TikTok can resolve, is refused.

use crate::{HashtagId, IdError, VideoId};
use percent_encoding::percent_decode_str;
use std::borrow::Cow;

/// Domains of TikTok's links; `tiktokv.com` is in the files that TikTok hands out to its users.
const DOMAINS: [&str; 2] = ["tiktok.com", "tiktokv.com"];
/// Hosts of short links.
const SHORT_HOSTS: [&str; 2] = ["vm.tiktok.com", "vt.tiktok.com"];

/// The target of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Link {
    /// The page of a hashtag, by its name.
    Hashtag(String),
    /// The page of a hashtag, by TikTok's id.
    HashtagId(HashtagId),
    /// A video or a photo post.
    Video(VideoId),
}

/// Why a link does not name what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// A video where a hashtag is expected.
    #[error("this is a link to a video; give a hashtag such as cat or https://www.tiktok.com/tag/cat")]
    Video,
    /// A hashtag where a video is expected.
    #[error(
        "this is a link to a hashtag; give a video id or a link such as https://www.tiktok.com/@user/video/7000000000000000001"
    )]
    Hashtag,
    /// An id where a name is expected.
    #[error("this link names hashtag {0} by its id; look it up by id")]
    HashtagId(HashtagId),
    /// `vm.tiktok.com` and its like.
    #[error(
        "this is a short link, which only TikTok can resolve; open it in a browser and copy the address it leads to"
    )]
    Short,
    /// A profile, a live stream or a playlist.
    #[error("this is a link to a creator; give a link to a hashtag or to a video")]
    Creator,
    /// A sound.
    #[error("this is a link to a sound; give a link to a hashtag or to a video")]
    Sound,
    /// A search or a page of TikTok's "discover".
    #[error("this is a link to a search; give a link to a hashtag or to a video")]
    Search,
    /// Any other page of TikTok.
    #[error(
        "this link to TikTok names neither a hashtag nor a video; give one such as https://www.tiktok.com/tag/cat"
    )]
    Other,
    /// A link elsewhere.
    #[error("this is a link, but not to TikTok; give one such as https://www.tiktok.com/tag/cat")]
    Foreign,
    /// A link to a video without a readable id.
    #[error("the id in this link cannot be read: {0}")]
    Id(IdError),
    /// A percent-encoded name that is not UTF-8.
    #[error("the name in this link is not UTF-8; copy the address again")]
    Encoding,
}

/// Why a text does not name a video.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VideoRefError {
    /// It is a link to something else.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// It is not an id.
    #[error("{0}; give a video's id or its link")]
    Id(#[from] IdError),
}

impl Link {
    /// Reads a text; `None` if it does not look like a link.
    pub fn read(text: &str) -> Option<Result<Self, LinkError>> {
        let text = text.trim().trim_matches(['<', '>', '"', '\'']);
        if text.starts_with('@') && text.contains('/') {
            return Some(of_path("", text));
        }
        let (is_link, rest) = match text.split_once("://") {
            Some((scheme, rest))
                if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") =>
            {
                (true, rest)
            }
            Some((scheme, _)) if scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
                return Some(Err(LinkError::Foreign));
            }
            _ => (text.starts_with("www."), text.trim_start_matches("//")),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        // A name before @ and a port are no part of the host.
        let host = authority.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default();
        let host = host.to_ascii_lowercase();
        let is_tiktok = DOMAINS.iter().any(|domain| {
            host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
        });
        match (is_tiktok, is_link) {
            (true, _) => Some(of_path(&host, path)),
            (false, true) => Some(Err(LinkError::Foreign)),
            (false, false) => None,
        }
    }
}

/// Returns the target of a path on TikTok.
fn of_path(host: &str, path: &str) -> Result<Link, LinkError> {
    if SHORT_HOSTS.contains(&host) {
        return Err(LinkError::Short);
    }
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let parts = match &parts[..] {
        ["h5", rest @ ..] => rest,
        [first, rest @ ..] if is_locale(first) && !rest.is_empty() => rest,
        all => all,
    };
    match parts {
        ["tag" | "challenge", name, ..] => named(name),
        ["share", "tag" | "challenge", id, ..] => number(id).map(Link::HashtagId),
        [creator, "video" | "photo", id, ..] if creator.starts_with('@') => number(id).map(Link::Video),
        ["embed" | "player", version, id, ..] if version.starts_with('v') => number(id).map(Link::Video),
        ["share", "video" | "photo", id, ..] | ["v" | "video" | "embed", id, ..] => {
            number(id).map(Link::Video)
        }
        ["t", ..] => Err(LinkError::Short),
        ["music" | "sound", ..] => Err(LinkError::Sound),
        ["search" | "discover" | "find", ..] => Err(LinkError::Search),
        [creator, ..] if creator.starts_with('@') => Err(LinkError::Creator),
        _ => Err(LinkError::Other),
    }
}

/// `en`, `pt-BR` or `zh-Hant-TW` before the path proper.
fn is_locale(part: &str) -> bool {
    let mut parts = part.split('-');
    parts.next().is_some_and(|language| language.len() == 2)
        && parts.all(|part| (2..=4).contains(&part.len()))
        && part.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-')
}

fn named(name: &str) -> Result<Link, LinkError> {
    let name = percent_decode_str(name).decode_utf8().map_err(|_| LinkError::Encoding)?;
    Ok(Link::Hashtag(name.trim_start_matches('#').to_owned()))
}

fn number<T: std::str::FromStr<Err = IdError>>(part: &str) -> Result<T, LinkError> {
    part.strip_suffix(".html").unwrap_or(part).parse().map_err(LinkError::Id)
}

/// The hashtag that a text means, as a name with `#` or an id where it is a link, otherwise the text itself.
pub fn hashtag_text(text: &str) -> Result<Cow<'_, str>, LinkError> {
    match Link::read(text).transpose()? {
        None => Ok(Cow::Borrowed(text)),
        Some(Link::Hashtag(name)) => Ok(Cow::Owned(format!("#{name}"))),
        Some(Link::HashtagId(id)) => Ok(Cow::Owned(id.to_string())),
        Some(Link::Video(_)) => Err(LinkError::Video),
    }
}

/// The same where only a name will do.
pub(crate) fn name_text(text: &str) -> Result<Cow<'_, str>, LinkError> {
    match Link::read(text).transpose()? {
        Some(Link::HashtagId(id)) => Err(LinkError::HashtagId(id)),
        _ => hashtag_text(text),
    }
}

/// The video that a text means: its id or a link to it.
pub fn video_id(text: &str) -> Result<VideoId, VideoRefError> {
    match Link::read(text).transpose()? {
        None => Ok(text.trim().parse()?),
        Some(Link::Video(id)) => Ok(id),
        Some(Link::Hashtag(_) | Link::HashtagId(_)) => Err(LinkError::Hashtag.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn links_to_hashtags_are_read_in_every_form() {
        for (text, want) in [
            ("https://www.tiktok.com/tag/cat", "#cat"),
            ("  http://tiktok.com/tag/Cat/  ", "#Cat"),
            ("HTTPS://WWW.TIKTOK.COM/tag/cat?lang=en&is_from_webapp=1", "#cat"),
            ("https://www.tiktok.com/tag/cat#top", "#cat"),
            ("https://m.tiktok.com/tag/cat", "#cat"),
            ("https://www.tiktok.com/en/tag/cat", "#cat"),
            ("https://www.tiktok.com/zh-Hant-TW/tag/%E7%8C%AB", "#猫"),
            ("https://www.tiktok.com/tag/%23cat", "#cat"),
            ("https://www.tiktok.com/tag/2024", "#2024"),
            ("https://www.tiktok.com/tag/猫", "#猫"),
            ("www.tiktok.com/tag/cat", "#cat"),
            ("tiktok.com/tag/cat", "#cat"),
            ("//www.tiktok.com/tag/cat", "#cat"),
            ("<https://www.tiktok.com/tag/cat>", "#cat"),
            ("https://m.tiktok.com/h5/share/tag/7551.html?u_code=1", "7551"),
            ("https://www.tiktok.com/share/challenge/7551", "7551"),
            ("cat", "cat"),
            ("#cat", "#cat"),
            ("7551", "7551"),
            ("@cat", "@cat"),
            ("tiktok.company", "tiktok.company"),
            ("a://b c", "a://b c"),
        ] {
            let read = hashtag_text(text);
            if text.starts_with("a://") {
                assert_eq!(read, Err(LinkError::Foreign));
            } else {
                assert_eq!(read.as_deref(), Ok(want), "{text}");
            }
        }
    }

    #[test]
    fn links_to_videos_are_read_in_every_form() {
        for text in [
            "7622263851152706848",
            "https://www.tiktok.com/@a.b_c/video/7622263851152706848",
            "https://www.tiktok.com/@a/photo/7622263851152706848?lang=de",
            "@a/video/7622263851152706848",
            "m.tiktok.com/v/7622263851152706848.html",
            "https://www.tiktok.com/embed/v2/7622263851152706848",
            "https://www.tiktok.com/embed/7622263851152706848",
            "https://www.tiktok.com/player/v1/7622263851152706848",
            "https://www.tiktokv.com/share/video/7622263851152706848/",
            "https://www.tiktok.com/en/@a/video/7622263851152706848/",
        ] {
            assert_eq!(video_id(text).map(VideoId::get), Ok(7_622_263_851_152_706_848), "{text}");
        }
        let refused = |text: &str| video_id(text).expect_err(text).to_string();
        assert!(refused("cat").contains("an id is 1 to 19 digits; give a video's id or its link"));
        assert!(refused("https://www.tiktok.com/tag/cat").starts_with("this is a link to a hashtag"));
        assert!(refused("https://www.tiktok.com/@a/video/").starts_with("this is a link to a creator"));
        assert!(
            refused("https://www.tiktok.com/@a/video/abc").starts_with("the id in this link cannot be read")
        );
    }

    #[test]
    fn other_links_are_refused_with_what_they_are() {
        for (text, why) in [
            ("https://www.tiktok.com/@a/video/7622263851152706848", LinkError::Video),
            ("https://vm.tiktok.com/ZMabc/", LinkError::Short),
            ("vt.tiktok.com/ZSabc", LinkError::Short),
            ("https://www.tiktok.com/t/ZTabc/", LinkError::Short),
            ("https://www.tiktok.com/@a", LinkError::Creator),
            ("https://www.tiktok.com/@a/live", LinkError::Creator),
            ("https://www.tiktok.com/music/some-sound-7000000000000000001", LinkError::Sound),
            ("https://www.tiktok.com/discover/funny-cats", LinkError::Search),
            ("https://www.tiktok.com/search?q=%23cat", LinkError::Search),
            ("https://www.tiktok.com/", LinkError::Other),
            ("https://www.tiktok.com/tag/", LinkError::Other),
            ("https://www.tiktok.com/tag/%ff", LinkError::Encoding),
            ("https://example.com/tag/cat", LinkError::Foreign),
            ("https://www.tiktok.com.example.com/tag/cat", LinkError::Foreign),
            ("https://www.tiktok.com@example.com/tag/cat", LinkError::Foreign),
            ("https://nottiktok.com/tag/cat", LinkError::Foreign),
            ("www.example.com/tag/cat", LinkError::Foreign),
            ("ftp://www.tiktok.com/tag/cat", LinkError::Foreign),
        ] {
            assert_eq!(hashtag_text(text), Err(why), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_name_comes_back_from_its_link(name in "[\\p{L}\\p{N}_]{1,30}") {
            let encoded = percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC);
            for link in [format!("https://www.tiktok.com/tag/{encoded}"), format!("tiktok.com/tag/{name}?lang=en")] {
                let want = format!("#{name}");
                prop_assert_eq!(hashtag_text(&link).map(Cow::into_owned), Ok(want));
            }
            prop_assert_eq!(hashtag_text(&name).map(Cow::into_owned), Ok(name));
        }

        #[test]
        fn no_text_is_a_fault(text in "\\PC{0,40}|(https?:)?//[a-z.@:]{0,12}(tiktok.com)?[/a-z@%0-9.?#]{0,30}") {
            let _ = (hashtag_text(&text), video_id(&text));
        }
    }
}
