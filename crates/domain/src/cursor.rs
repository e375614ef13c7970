//! The contract's integer cursor of a walk: which frozen ranking, and how far into it.
//!
//! `generation * 2^27 + position`, below 2^53. Within a walk the generation stays and the position grows, so the
//! cursor strictly increases. Generation 0 stands for "no ranking yet": such a cursor is a plain offset, which is what
//! clients that count for themselves (`cursor += count`) send.

/// Bits of the position: a walk can pass over 134 million videos.
const POSITION_BITS: u32 = 27;
/// Bits of the generation: numbers come round after 67 million rankings, long after a cursor has expired.
const GENERATION_BITS: u32 = 53 - POSITION_BITS;

/// Largest position.
pub const POSITION_MAX: u64 = (1 << POSITION_BITS) - 1;
/// Largest generation.
pub const GENERATION_MAX: u64 = (1 << GENERATION_BITS) - 1;

/// A place in a walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WalkCursor {
    generation: u64,
    position: u64,
}

impl WalkCursor {
    /// The beginning.
    pub const START: Self = Self { generation: 0, position: 0 };

    /// A place in a ranking; `None` when one of the two is out of range.
    pub const fn new(generation: u64, position: u64) -> Option<Self> {
        if generation > GENERATION_MAX || position > POSITION_MAX {
            return None;
        }
        Some(Self { generation, position })
    }

    /// From the wire. `None` at and above 2^53.
    pub const fn from_wire(cursor: u64) -> Option<Self> {
        Self::new(cursor >> POSITION_BITS, cursor & POSITION_MAX)
    }

    /// For the wire: below 2^53.
    pub const fn to_wire(self) -> u64 {
        (self.generation << POSITION_BITS) | self.position
    }

    /// Which frozen ranking; 0 for none yet.
    pub const fn generation(self) -> u64 {
        self.generation
    }

    /// Returns the number of videos already passed.
    pub const fn position(self) -> u64 {
        self.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn zero_is_the_start_and_small_numbers_are_offsets() {
        assert_eq!(WalkCursor::from_wire(0), Some(WalkCursor::START));
        assert_eq!(WalkCursor::from_wire(35).map(|c| (c.generation(), c.position())), Some((0, 35)));
        assert_eq!(WalkCursor::from_wire(1 << 53), None);
        assert_eq!(WalkCursor::from_wire(u64::MAX), None);
    }

    proptest! {
        #[test]
        fn the_wire_form_goes_both_ways_and_grows(g in 0..=GENERATION_MAX, p in 0..POSITION_MAX) {
            let here = WalkCursor::new(g, p).expect("in range");
            let next = WalkCursor::new(g, p + 1).expect("in range");
            prop_assert!(here.to_wire() < 1 << 53);
            prop_assert!(here.to_wire() < next.to_wire());
            prop_assert_eq!(WalkCursor::from_wire(here.to_wire()), Some(here));
        }
    }
}
