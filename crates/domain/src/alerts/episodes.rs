//! Episodes of an alert, and which of them are worth a message.

use super::AlertEvent;
use crate::Timestamp;

/// An episode: from the moment at which an alert fired until it recovered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Episode {
    /// When the number first was above the threshold, which identifies the episode.
    pub began_at: Timestamp,
    /// When the alert fired.
    pub fired_at: Timestamp,
    /// The number then.
    pub value: f64,
    /// When it recovered; `None` while it fires.
    pub ended_at: Option<Timestamp>,
    /// True if it is worth a message: the last message was longer ago than the cooldown.
    pub is_sent: bool,
}

/// Returns the episodes of events in order of time. Within the cooldown after a message, in milliseconds, no other is sent.
pub fn episodes(events: &[AlertEvent], cooldown_ms: i64) -> Vec<Episode> {
    let mut episodes: Vec<Episode> = Vec::new();
    let mut last_sent: Option<Timestamp> = None;
    for event in events {
        match *event {
            AlertEvent::Fired { episode, at, value } => {
                let since_ms = last_sent.map(|sent| at.as_ms().saturating_sub(sent.as_ms()));
                let is_sent = since_ms.is_none_or(|since_ms| since_ms >= cooldown_ms);
                last_sent = if is_sent { Some(at) } else { last_sent };
                episodes.push(Episode { began_at: episode, fired_at: at, value, ended_at: None, is_sent });
            }
            AlertEvent::Recovered { episode, at } => {
                if let Some(last) = episodes.last_mut().filter(|last| last.began_at == episode) {
                    last.ended_at = Some(at);
                }
            }
            AlertEvent::NoData { .. } | AlertEvent::DataBack { .. } => {}
        }
    }
    episodes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000 + hour * 3_600_000)
    }

    #[test]
    fn an_episode_within_the_cooldown_sends_no_message() {
        let fired = |hour| AlertEvent::Fired { episode: at(hour), at: at(hour), value: 3.0 };
        let recovered = |episode, hour| AlertEvent::Recovered { episode: at(episode), at: at(hour) };
        let events = [
            fired(0),
            recovered(0, 1),
            fired(2),
            recovered(2, 3),
            AlertEvent::NoData { since: at(3), at: at(4) },
            fired(24),
        ];
        let sent = |cooldown_ms| -> Vec<bool> {
            episodes(&events, cooldown_ms).iter().map(|episode| episode.is_sent).collect()
        };
        assert_eq!(sent(0), [true, true, true]);
        assert_eq!(sent(24 * 3_600_000), [true, false, true]);
        assert_eq!(sent(25 * 3_600_000), [true, false, false]);
        let ends: Vec<_> = episodes(&events, 0).iter().map(|episode| episode.ended_at).collect();
        assert_eq!(ends, [Some(at(1)), Some(at(3)), None]);
    }
}
