//! Co-occurrence of hashtags (metrics.md: related tags), and detection of generic ones.

use super::{as_f64, ratio};

/// Share of all stored videos from which a hashtag is generic.
pub const GENERIC_SHARE: f64 = 0.15;

/// Videos under hashtags a and b.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PairCounts {
    /// Under both.
    pub both: u64,
    /// Under a.
    pub a: u64,
    /// Under b.
    pub b: u64,
    /// All videos they are counted among.
    pub all: u64,
}

/// Association of two hashtags.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Association {
    /// P(b|a): the share of the videos under a that are under b.
    pub probability: f64,
    /// P(a,b) / (P(a) P(b)): how many times as often as by chance.
    pub lift: f64,
    /// ln(lift) / -ln P(a,b): 1 when one never comes without the other, 0 as by chance, -1 never together.
    pub npmi: f64,
    /// P(a,b): the share of all videos that are under both.
    pub support: f64,
}

/// Computes the association of two hashtags. `None` if one has no videos, or for impossible counts.
pub fn association(counts: PairCounts) -> Option<Association> {
    let PairCounts { both, a, b, all } = counts;
    let either = a.checked_add(b)?.checked_sub(both)?;
    if a == 0 || b == 0 || both > a || both > b || either > all {
        return None;
    }
    let [both, a, b, all] = [both, a, b, all].map(as_f64);
    let (support, lift) = (both / all, (both / a) * (all / b));
    let npmi = if both == 0.0 {
        -1.0
    } else if support >= 1.0 {
        // The limit: both under every video.
        1.0
    } else {
        (lift.ln() / -support.ln()).clamp(-1.0, 1.0)
    };
    Some(Association {
        probability: ratio(both, a)?,
        lift: Some(lift).filter(|lift| lift.is_finite())?,
        npmi,
        support,
    })
}

/// Returns the ranking key of related hashtags: NPMI x log2(1 + videos under both). NPMI alone favours pairs
/// seen once; the logarithm makes three videos count twice as much as one, and a thousand only ten times.
pub fn relatedness(association: &Association, both: u64) -> f64 {
    association.npmi * as_f64(both).ln_1p() / std::f64::consts::LN_2
}

/// Words that ask for reach and say nothing of a video, each alone or several in a row; written as [`plain`] leaves them.
const GENERIC: &str = "4u 4upage 4you 4youpage 4yp blowthisup dlaciebie explore explorepage featureme foru forupage \
    foryou foryoupage foryourpage foryu foryoupag fouryou fouryoupage fy fyp fypage fürdich fuerdich goviral keşfet \
    kesfet keşfeteyiz kesfeteyiz makemeviral makethisviral neiperte parati paravoce paravocê perte pourtoi pourtoipage \
    recomendation recomendations rekomendasi tiktok trend trending trends viral virale vorjou vorjouw xuhuong \
    xuhướng xyzabc xyzbca xyzcba xyz рек рекомендаци врекомендаци おすめ";

/// Words that add nothing beside a generic one.
const FILLERS: &str = "chalenge dong en page post shorts tok video videos в глобальные можно хочу";

/// Returns true for a generic hashtag: by its key, which is generic words in any spelling (`fypシ`, `fyppp`,
/// `viral_video`, `foryoupageviral`), or by its share of all stored videos.
pub fn is_generic(key: &str, share_of_all: f64) -> bool {
    share_of_all >= GENERIC_SHARE || is_of_generic_words(&plain(key))
}

/// Simplifies a key: Latin letters for look-alikes, no trailing digits, no repeated letters, only letters
/// and digits, without the decorative kana and marks that follow generic words.
fn plain(key: &str) -> String {
    let mut plain = String::with_capacity(key.len());
    let is_latin = key.chars().any(|c| c.is_ascii_alphabetic());
    for letter in
        key.chars().filter(|c| c.is_alphanumeric() && !matches!(c, 'シ' | 'ッ' | 'ツ' | 'ジ' | 'ｼ' | 'ﾂ'))
    {
        let letter = if is_latin { latin(letter) } else { letter };
        if !plain.ends_with(letter) {
            plain.push(letter);
        }
    }
    plain.truncate(plain.trim_end_matches(|c: char| c.is_ascii_digit()).len());
    plain
}

const fn latin(letter: char) -> char {
    match letter {
        'а' => 'a',
        'е' => 'e',
        'о' => 'o',
        'р' => 'p',
        'с' => 'c',
        'у' => 'y',
        'х' => 'x',
        other => other,
    }
}

fn is_of_generic_words(plain: &str) -> bool {
    // By place in the text: whether words end there, without and with a generic one among them.
    let mut ends = vec![(false, false); plain.len() + 1];
    ends[0] = (true, false);
    for place in 0..plain.len() {
        let (is_end, has_generic) = ends[place];
        let Some(rest) = plain.get(place..).filter(|_| is_end) else { continue };
        for word in GENERIC.split(' ').filter(|word| rest.starts_with(word)) {
            ends[place + word.len()] = (true, true);
        }
        for word in FILLERS.split(' ').filter(|word| rest.starts_with(word)) {
            let end = &mut ends[place + word.len()];
            *end = (true, end.1 || has_generic);
        }
    }
    ends[plain.len()].1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_worked_out_by_hand_come_out() {
        // 10 of 1,000 under both, 20 under a, 50 under b: ten times as often as by chance.
        let pair = association(PairCounts { both: 10, a: 20, b: 50, all: 1_000 }).expect("a pair");
        assert_eq!((pair.probability, pair.lift, pair.support), (0.5, 10.0, 0.01));
        assert!((pair.npmi - 0.5).abs() < 1e-12);
        assert!((relatedness(&pair, 3) - 1.0).abs() < 1e-12);
        let npmi = |both, a, b, all| association(PairCounts { both, a, b, all }).map(|pair| pair.npmi);
        assert_eq!((npmi(0, 5, 5, 10), npmi(4, 4, 4, 4)), (Some(-1.0), Some(1.0)));
        assert!(npmi(5, 5, 5, 10).is_some_and(|npmi| (npmi - 1.0).abs() < 1e-12));
        for (both, a, b, all) in [(0, 0, 5, 10), (6, 5, 9, 10), (1, 8, 8, 10), (1, u64::MAX, 1, u64::MAX - 1)]
        {
            assert_eq!(npmi(both, a, b, all), None, "{both} {a} {b} {all}");
        }
    }

    #[test]
    fn the_words_are_written_as_keys_are_compared() {
        for word in GENERIC.split(' ').chain(FILLERS.split(' ')) {
            assert_eq!(plain(word), word);
        }
    }

    #[test]
    fn generic_ones_are_known_in_their_spellings_and_others_are_left_alone() {
        for key in [
            "fyp",
            "fypシ",
            "fypシ゚viral",
            "fyppppppppp",
            "fyyyyyp",
            "foryou",
            "foryoupage",
            "foryourpage",
            "foryoupage❤️❤️",
            "foryoupagе",
            "viral",
            "virall",
            "viral_video",
            "viralvideos",
            "tiktokviral",
            "viraltiktok",
            "trending",
            "parati",
            "paratii",
            "xyzbca",
            "fürdichpage",
            "voorjou",
            "рек",
            "рекомендации",
            "хочуврек",
            "глобальныерекомендации",
            "recommendations",
            "fy",
            "fypage",
            "fyppage",
            "fyp2024",
            "4upage",
            "4u",
            "pourtoi",
            "keşfet",
            "おすすめ",
            "fypviraltiktok",
            "trendingvideo",
        ] {
            assert!(is_generic(key, 0.0), "{key}");
        }
        for key in [
            "booktok",
            "cat",
            "fypokemon",
            "viralfood",
            "foodtiktok",
            "video",
            "page",
            "challenge",
            "trendyoutfit",
            "paratiisi",
            "f1",
            "learnontiktok",
            "dance",
            "",
            "🐱",
            "おすすめアニメ",
            "2024",
            "pagechallenge",
        ] {
            assert!(!is_generic(key, 0.0), "{key}");
        }
        assert!(is_generic("cat", 0.15) && !is_generic("cat", 0.14));
    }

    proptest! {
        #[test]
        fn npmi_is_symmetric_and_within_its_bounds(both in 0_u64..50, a in 0_u64..50, b in 0_u64..50, rest in 0_u64..500) {
            let (a, b) = (a + both, b + both);
            let all = a + b - both + rest;
            prop_assume!(a > 0 && b > 0);
            let one = association(PairCounts { both, a, b, all }).expect("a pair");
            let other = association(PairCounts { both, a: b, b: a, all }).expect("a pair");
            prop_assert!((one.npmi - other.npmi).abs() < 1e-9 && (one.lift - other.lift).abs() < 1e-9 * one.lift.max(1.0));
            prop_assert!((-1.0..=1.0).contains(&one.npmi) && (0.0..=1.0).contains(&one.probability));
            prop_assert!(relatedness(&one, both).is_finite());
        }

        #[test]
        fn any_text_is_generic_or_not(key in ".{0,40}") {
            let spelled = is_generic(&key, 0.0);
            prop_assert_eq!(spelled, is_generic(&format!("{key}_"), 0.0));
        }
    }
}
