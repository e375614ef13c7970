//! Words for fields in the column names and keys of other programs, in the languages that exports use.

/// The meaning of a column or key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Meaning {
    VideoId,
    Url,
    HashtagName,
    Plays,
    Views,
    Videos,
    Hashtags,
    Caption,
    Creator,
    PostedAt,
    ReadAt,
}

/// Words separated by [`BETWEEN`].
pub(super) type Listed = &'static str;

/// Separator between two words.
pub(super) const BETWEEN: &str = ", ";

/// The words of a meaning, in lower case.
pub(super) struct Words {
    /// Whole words, most likely first.
    pub(super) exact: Listed,
    /// Parts of words, for languages that compound or inflect.
    pub(super) parts: Listed,
    /// Neutral words that may accompany them.
    pub(super) filler: Listed,
    /// Words that exclude the meaning, anywhere on the path.
    pub(super) other: Listed,
}

impl Meaning {
    /// All meanings.
    pub(super) const ALL: [Self; 11] = [
        Self::VideoId,
        Self::Url,
        Self::HashtagName,
        Self::Plays,
        Self::Views,
        Self::Videos,
        Self::Hashtags,
        Self::Caption,
        Self::Creator,
        Self::PostedAt,
        Self::ReadAt,
    ];

    pub(super) const fn words(self) -> &'static Words {
        match self {
            Self::VideoId => &VIDEO_ID,
            Self::Url => &URL,
            Self::HashtagName => &HASHTAG_NAME,
            Self::Plays => &PLAYS,
            Self::Views => &VIEWS,
            Self::Videos => &VIDEOS,
            Self::Hashtags => &HASHTAGS,
            Self::Caption => &CAPTION,
            Self::Creator => &CREATOR,
            Self::PostedAt => &POSTED_AT,
            Self::ReadAt => &READ_AT,
        }
    }
}

static VIDEO_ID: Words = Words {
    exact: "id, videoid, awemeid, postid, itemid, mediaid, contentid",
    parts: "",
    filler: "video, aweme, post, item, media, content, tiktok, str, pk, vid, clip",
    other: "author, creator, user, music, sound, song, channel, account, comment, hashtag, challenge, search, \
        owner, profile, sec, session, log, request",
};

static URL: Words = Words {
    exact: "url, link, href, permalink, uri, weburl, videourl, posturl, address",
    parts: "enlace, lien, 链接, 連結, リンク, 링크, ссылк",
    filler: "video, web, post, share, tiktok, page, item, canonical, webpage, original",
    other: "",
};

static HASHTAG_NAME: Words = Words {
    exact: "hashtag, tag, challenge, hashtags, name, title, keyword",
    parts: "хештег, хэштег, 话题, 標籤, 标签, ハッシュタグ, 해시태그",
    filler: "name, title, text, value",
    other: "id, url, link, count, description, author, user, creator",
};

const VIEW_WORDS: &str = "plays, play, views, view, playcount, viewcount, viewscount, playscount, videoviews, videoplays, \
        impressions, impression, watches, streams, hits, vues, vistas, lectures, visninger, visningar, \
        ganger, näytöt, näyttökerrat";
const VIEW_PARTS: &str = "aufruf, wiedergab, abgespielt, visuali, visionn, reproduc, riproduz, weergav, bekeken, afspilning, \
        avspill, uppspel, katselu, odtworz, wyświetl, wyswietl, zhlédn, zobraz, megtekint, vizualiz, \
        преглед, просмотр, перегляд, προβολ, izlenme, görüntülen, goruntulen, tayangan, ditonton, lượt xem, \
        luot xem, 播放, 观看, 觀看, 浏览, 瀏覽, 再生, 視聴, 조회, 재생, مشاهد, बार देखा, व्यूज, ยอดวิว, การดู, צפיות";

static PLAYS: Words = Words {
    exact: VIEW_WORDS,
    parts: VIEW_PARTS,
    filler: "count, counts, total, totals, number, num, no, nr, of, n, cnt, sum, video, videos, post, item, stat, \
        stats, statistics, metrics, metric, insights, tiktok, lifetime, public, organic, all, anzahl, \
        nombre, número, numero, antal, liczba, de, las, der, les, v2, value, raw, exact",
    other: "author, creator, user, profile, account, channel, music, sound, song, hashtag, hashtags, challenge, \
        url, link, addr, id, rate, ratio, average, avg, mean, median, per, percent, duration, seconds, \
        length, time, date, min, max, quality, list, more, follower, followers, subscribers, cover, like, \
        likes, comment, comments, share, shares, profil, weekly, daily, monthly",
};

static VIEWS: Words = Words {
    exact: VIEW_WORDS,
    parts: VIEW_PARTS,
    filler: "count, counts, total, totals, number, num, no, nr, of, cnt, sum, hashtag, tag, challenge, video, \
        videos, post, posts, stat, stats, tiktok, lifetime, public, all, anzahl, nombre, número, numero, \
        antal, de, v2, value, raw, exact, overall, info",
    other: "author, creator, user, profile, account, music, sound, song, url, link, id, rate, ratio, average, \
        avg, mean, median, per, percent, time, date, min, max, follower, followers, likes, comments, shares",
};

static VIDEOS: Words = Words {
    exact: "videos, posts, videocount, postcount, publishcount, publications, publish, uploads, beiträge, \
        vídeos, publicaciones, filmy, video, post",
    parts: "видео, публикац, 作品, 投稿, 视频, 影片, 게시물, 동영상",
    filler: "count, counts, total, number, num, no, nr, of, cnt, sum, stats, anzahl, nombre, número, antal, \
        tiktok, all",
    other: "url, link, id, view, views, author, creator, user, date, time, title, length",
};

static HASHTAGS: Words = Words {
    exact: "hashtags, hashtag, tags, tag, challenges, hashtaglist, taglist, hashtagnames, topics, topic, cha, \
        etiquetas, emneord, mots, schlagwörter, schlagworte, etiketter",
    parts: "hashtag, хештег, хэштег, 话题, 話題, 標籤, 标签, ハッシュタグ, タグ, 해시태그, 태그, etiket, وسم, هاشتاج, แฮชแท็ก, האשטאג",
    filler: "name, names, list, all, used, video, post, caption, text, array, str, string, in, title, titles, \
        extracted, clés",
    other: "count, number, num, total, id, ids, url, link, views, search, searched, input, query, keyword, \
        keywords, suggest, suggested, author, music, mention, mentions, product, category, html, \
        interaction, image, video_tag, user",
};

static CAPTION: Words = Words {
    exact: "caption, desc, description, text, title, videodescription, content, body, message, fulltitle, \
        beschreibung, legenda, texto, texte, légende, tekst, testo",
    parts: "descri, beschreib, описан, текст, 文案, 描述, 标题, 標題, 本文, 説明, 설명, 내용, açıklama",
    filler: "video, post, item, full, content, original, raw, tiktok, body, clean",
    other: "author, creator, user, music, sound, song, channel, profile, hashtag, challenge, url, link, \
        language, lang, comment, signature, bio, count, length",
};

static CREATOR: Words = Words {
    exact: "username, author, creator, uploader, handle, uniqueid, authorname, authorusername, channel, account, \
        user, owner, profile, nickname, screenname, influencer, publisher, poster, tiktoker, konto, profil",
    parts: "autor, auteur, erstell, urheber, benutzer, nutzer, kanal, canal, usuari, utilisat, utente, \
        gebruiker, skaber, käyttäj, använd, bruker, użytkown, twórc, tvůrce, felhaszn, kullanıc, pengguna, \
        pembuat, kreator, người, автор, пользоват, 作者, 用户, 用戶, 昵称, 暱稱, 达人, 博主, 投稿者, ユーザー, アカウント, 작성자, 크리에이터, \
        사용자, χρήστη, δημιουργ, مستخدم, صانع, منشئ, ผู้ใช้, ผู้สร้าง, יוצר, משתמש",
    filler: "name, id, unique, display, full, nick, screen, tiktok, video, post, meta, info, data, login, uid, \
        user, of, item, account, details",
    other: "count, number, num, total, stats, stat, follower, followers, following, fans, likes, heart, \
        verified, private, bio, signature, description, avatar, picture, image, photo, thumb, thumbnail, \
        url, link, region, country, language, location, time, date, created, music, sound, song, comment, \
        comments, mention, mentions, tagged, type, category, email, phone, sec, is, has, agent, reposter, \
        collab, commerce, hashtag, challenge, settings, setting, open, short",
};

static POSTED_AT: Words = Words {
    exact: "createtime, createtimeiso, created, createdat, create, creation, published, publishedat, publish, \
        publishtime, publishdate, posted, postedat, postdate, posttime, uploaded, uploadedat, upload, \
        uploaddate, date, datetime, timestamp, time, day, dato, datum, data, fecha, tarih, tanggal",
    parts: "erstell, veröffentl, hochgelad, fecha, publi, pubblic, opublik, utworz, dodan, vytvoř, zveřejn, \
        opprett, oprett, skapad, publicer, julkais, létrehoz, közzét, дата, опублик, создан, створен, время, \
        日期, 时间, 時間, 发布, 發布, 投稿日, 日時, 公開, 날짜, 게시, 작성일, yayın, paylaş, dibuat, diunggah, ngày, đăng, ημερομην, \
        تاريخ, نشر, วันที่, תאריך",
    filler: "at, on, utc, iso, unix, epoch, video, post, item, time, date, datetime, of, ts, ms, seconds, local, \
        media, content, tiktok, aweme, timestamp, de, am, d, formatted, gmt, string, str, stamp, publication",
    other: "author, creator, user, account, channel, profile, music, sound, song, comment, comments, duration, \
        length, zone, timezone, offset, update, updated, modified, edited, last, expire, expires, end, \
        start, now, server, search, count, id, scheduled, run, log, scraped, scrape, scraping, crawled, \
        crawl, fetched, fetch, collected, collection, retrieved, captured, capture, downloaded, download, \
        extracted, extraction, accessed, snapshot, observed, queried, query, ingested, imported, exported, \
        export, seen, checked, harvested, recorded, abgerufen, erhoben, play, url, birth, join, joined, \
        registration",
};

static READ_AT: Words = Words {
    exact: "scraped, scrapedat, scrape, scraping, crawled, crawl, crawledat, fetched, fetchedat, fetch, \
        collected, collectedat, collection, retrieved, retrievedat, retrieval, captured, capture, \
        capturedat, downloaded, download, extracted, extraction, accessed, snapshot, observed, observation, \
        queried, query, ingested, harvested, recorded, seen, checked, measured, exported, export, updated, \
        update, lastupdated, refreshed, asof, abruf",
    parts: "abgeruf, erhoben, erfass, gesammel, consult, extra, récup, recup, recolect, recopil, coleta, raccol, \
        rilev, opgehaald, verzamel, hentet, hämtad, pobran, zebran, собран, выгруж, получен, зібран, 采集, 採集, \
        抓取, 爬取, 取得, 収集, 更新, 수집, çekil, toplan, diambil, dikumpul, thu thập, جمع",
    filler: "at, on, date, time, datetime, timestamp, utc, iso, epoch, ts, last, ms, unix, data, day, post, \
        video, item, meta, stats, tiktok, formatted, seconds",
    other: "author, creator, user, account, channel, profile, music, sound, count, url, link, id, comment, \
        comments, posted, published, created, create, addr, duration, start",
};
