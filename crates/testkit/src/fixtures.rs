//! Small synthetic observations: a hashtag's record, a video. Everything not set is unknown.

use domain::observation::{HashtagCounts, HashtagDetails, TagRef, VideoCounts};
use domain::video::{Author, Music, VideoDetails};
use domain::{Count, HashtagObservation, Observation, Source, Tag, Timestamp, VideoObservation};

/// A hashtag's record in the making.
#[derive(Debug, Clone)]
pub struct HashtagFixture(HashtagObservation);

/// A record of `#name`.
pub fn hashtag(name: &str) -> HashtagFixture {
    HashtagFixture(HashtagObservation {
        tag: TagRef { tag: Tag::new(name).expect("a tag"), id: None },
        source: Source::Synthetic,
        observed_at: None,
        counts: HashtagCounts::default(),
        details: HashtagDetails::default(),
    })
}

/// The example record of the wire contract: #cat, 7551.
pub fn example_hashtag() -> HashtagFixture {
    let mut fixture = hashtag("cat").id(7551).views(1_000_681_687_205).creators(67_579_511);
    fixture.0.details = HashtagDetails {
        description: Some(String::new()),
        is_pgcshow: Some(false),
        is_commerce: Some(false),
        is_challenge: Some(true),
        is_strong_music: Some(false),
        kind: Some(2),
        cover: Some("https://p16.example.com/cat.jpeg".to_owned()),
    };
    fixture
}

impl HashtagFixture {
    /// TikTok's id.
    #[must_use]
    pub fn id(mut self, id: u64) -> Self {
        self.0.tag.id = Some(id.try_into().expect("an id"));
        self
    }

    /// Reported views.
    #[must_use]
    pub fn views(mut self, views: u64) -> Self {
        self.0.counts.views = Count::exact(views);
        self
    }

    /// Reported videos.
    #[must_use]
    pub fn videos(mut self, videos: u64) -> Self {
        self.0.counts.videos = Count::exact(videos);
        self
    }

    /// Reported creators.
    #[must_use]
    pub fn creators(mut self, creators: u64) -> Self {
        self.0.counts.creators = Count::exact(creators);
        self
    }

    /// When it was read.
    #[must_use]
    pub fn observed_at(mut self, at: Timestamp) -> Self {
        self.0.observed_at = Some(at);
        self
    }
}

impl From<HashtagFixture> for Observation {
    fn from(fixture: HashtagFixture) -> Self {
        Self::Hashtag(Box::new(fixture.0))
    }
}

impl From<HashtagFixture> for HashtagObservation {
    fn from(fixture: HashtagFixture) -> Self {
        fixture.0
    }
}

/// A video in the making.
#[derive(Debug, Clone)]
pub struct VideoFixture(VideoObservation);

/// A video with every text set and no count. The digest is of the id: call [`VideoFixture::version`] for another one.
pub fn video(id: u64) -> VideoFixture {
    let author_id = 1 + id % 7;
    VideoFixture(VideoObservation {
        id: id.try_into().expect("an id"),
        source: Source::Synthetic,
        observed_at: None,
        author: author_id.try_into().ok(),
        tags: Vec::new(),
        has_caption_tags: false,
        counts: VideoCounts::default(),
        details: VideoDetails {
            title: format!("video {id} 😺"),
            cover: format!("https://p16.example.com/{id}.jpeg"),
            play: format!("https://v16.example.com/{id}.mp4"),
            duration_seconds: 12,
            create_time: Some(1_666_781_116),
            music: Music {
                id: format!("{}", 6_715_002_916_702_259_202 + id),
                title: "original sound".to_owned(),
                author: format!("creator{author_id}"),
                original: true,
                ..Music::default()
            },
            author: Author {
                id: author_id.to_string(),
                unique_id: format!("creator{author_id}"),
                nickname: format!("Creator {author_id}"),
                ..Author::default()
            },
            ..VideoDetails::default()
        },
        digest: id,
    })
}

impl VideoFixture {
    /// Adds a tag of unknown id.
    #[must_use]
    pub fn tag(mut self, name: &str) -> Self {
        self.0.tags.push(TagRef { tag: Tag::new(name).expect("a tag"), id: None });
        self
    }

    /// Under this tag.
    #[must_use]
    pub fn tag_with_id(mut self, name: &str, id: u64) -> Self {
        let id = Some(id.try_into().expect("an id"));
        self.0.tags.push(TagRef { tag: Tag::new(name).expect("a tag"), id });
        self
    }

    /// Sets the author.
    #[must_use]
    pub fn author(mut self, id: u64) -> Self {
        self.0.author = id.try_into().ok();
        self.0.details.author.id = id.to_string();
        self
    }

    /// Sets the author, by handle only.
    #[must_use]
    pub fn handle(mut self, handle: &str) -> Self {
        self.0.author = None;
        self.0.details.author.id = String::new();
        self.0.details.author.unique_id = handle.to_owned();
        self
    }

    /// The display name of who posted it; empty for none.
    #[must_use]
    pub fn nickname(mut self, nickname: &str) -> Self {
        self.0.details.author.nickname = nickname.to_owned();
        self
    }

    /// Its plays.
    #[must_use]
    pub fn plays(mut self, plays: u64) -> Self {
        self.0.counts.plays = Count::exact(plays);
        self
    }

    /// Likes, comments, shares and saves.
    #[must_use]
    pub fn counts(mut self, likes: u64, comments: u64, shares: u64, saves: u64) -> Self {
        let counts = &mut self.0.counts;
        counts.likes = Count::exact(likes);
        counts.comments = Count::exact(comments);
        counts.shares = Count::exact(shares);
        counts.saves = Count::exact(saves);
        self
    }

    /// Country.
    #[must_use]
    pub fn region(mut self, region: &str) -> Self {
        self.0.details.region = Some(region.parse().expect("a region"));
        self
    }

    /// When it was read.
    #[must_use]
    pub fn observed_at(mut self, at: Timestamp) -> Self {
        self.0.observed_at = Some(at);
        self
    }

    /// When it was posted.
    #[must_use]
    pub fn created_at(mut self, at: Timestamp) -> Self {
        self.0.details.create_time = Some(at.as_seconds());
        self
    }

    /// Another record of the same video: a number that is part of its digest.
    #[must_use]
    pub fn version(mut self, version: u64) -> Self {
        self.0.digest ^= version.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self
    }
}

impl From<VideoFixture> for Observation {
    fn from(fixture: VideoFixture) -> Self {
        Self::Video(Box::new(fixture.0))
    }
}
