//! Shares of a test: their tokens are drawn from a counter.

use measure::Measure;
use sharing::Sharing;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers drawn so far, by all tests of a process.
static DRAWN: AtomicU64 = AtomicU64::new(1);

/// Draws 256 bits that no other draw of this process has.
pub(crate) fn drawn() -> [u8; 32] {
    let number = u128::from(DRAWN.fetch_add(1, Ordering::Relaxed));
    let scattered =
        [0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835_u128, 0xd1b5_4a32_d192_ed03_aaaa_5555_1234_4321];
    let mut drawn = [0; 32];
    for (half, factor) in drawn.as_chunks_mut::<16>().0.iter_mut().zip(scattered) {
        *half = number.wrapping_mul(factor).to_be_bytes();
    }
    drawn
}

/// Returns shares of what is measured.
pub fn sharing(measure: &Measure) -> Sharing {
    Sharing::new(measure.clone(), Arc::new(|| Some(drawn())))
}
