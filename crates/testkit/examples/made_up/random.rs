//! Seeded random numbers for made-up data.

/// splitmix64: small, seeded, good enough for made-up data.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
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
    pub(crate) fn zipf(&mut self, most: u64) -> u64 {
        ((self.unit() * (most as f64).ln()).exp() as u64).clamp(1, most)
    }
}
