//! Writes synthetic web captures as NDJSON, for benchmarks: deterministic, of the shape and size of real ones.
//!
//! `cargo run --release -p testkit --example generate_videos -- COUNT [TAGS] > videos.ndjson`
//!
//! Each video has five tags out of TAGS (2,000,000 unless told), drawn log-uniformly, which is Zipf's law with exponent
//! 1; one of 100,000 authors drawn the same way; a reading time; ids in no particular order.

use std::io::Write;

/// splitmix64: small, seeded, good enough for made-up data.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// 1 to `most`, each about as likely as its reciprocal.
    fn zipf(&mut self, most: u64) -> u64 {
        ((self.unit() * (most as f64).ln()).exp() as u64).clamp(1, most)
    }
}

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>().expect("a number"));
    let count = arguments.next().expect("how many videos");
    let tags_max = arguments.next().unwrap_or(2_000_000);
    let mut random = Random(42);
    let mut out = std::io::BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    for n in 0..count {
        let id = 7_000_000_000_000_000_000 + (n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 6);
        let author = random.zipf(100_000);
        let plays = random.zipf(1_000_000_000);
        let created = 1_640_995_200 + random.next() % 94_000_000;
        let (mut challenges, mut extra, mut desc) =
            (String::new(), String::new(), format!("video number {n} "));
        for place in 0..5 {
            let tag = random.zipf(tags_max);
            let comma = if place == 0 { "" } else { "," };
            let name = format!("tag{}{tag}", ["", "of", "my", "the", "go"][(tag % 5) as usize]);
            challenges += &format!(
                r#"{comma}{{"coverLarger":"","desc":"","id":"{}","profileLarger":"","title":"{name}"}}"#,
                1_000_000 + tag
            );
            extra += &format!(
                r#"{comma}{{"awemeId":"","end":{},"hashtagName":"{name}","isCommerce":false,"start":{},"subType":0,"type":1}}"#,
                desc.len() + name.len(),
                desc.len()
            );
            desc += &format!("#{name} ");
        }
        writeln!(
            out,
            concat!(
                r#"{{"author":{{"id":"{author}","nickname":"Author {author}","secUid":"MS4wLjABAAAA{author:040}","#,
                r#""uniqueId":"author{author}","verified":false}},"challenges":[{challenges}],"#,
                r#""collectTime":{collected},"createTime":{created},"desc":"{desc}","id":"{id}","#,
                r#""music":{{"authorName":"Author {author}","duration":21,"id":"{music}","original":true,"#,
                r#""title":"original sound"}},"stats":{{"collectCount":{saves},"commentCount":{comments},"#,
                r#""diggCount":{likes},"playCount":{plays},"shareCount":{shares}}},"textExtra":[{extra}],"#,
                r#""video":{{"codecType":"h264","cover":"https://p16.example.com/{id}~cover.jpeg","duration":21,"#,
                r#""height":1024,"id":"{id}","playAddr":"https://v16.example.com/{id}/play.mp4","ratio":"540p","width":576}}}}"#,
            ),
            author = 6_500_000_000_000_000_000 + author,
            challenges = challenges,
            extra = extra,
            desc = desc.trim_end(),
            id = id,
            created = created,
            collected = created + 86_400 + random.next() % 1_000_000,
            music = 7_100_000_000_000_000_000 + n % 50_000,
            plays = plays,
            likes = plays / 12,
            comments = plays / 900,
            shares = plays / 1500,
            saves = plays / 200,
        )?;
    }
    out.flush()
}
