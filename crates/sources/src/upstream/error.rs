//! What can come of a call to an upstream, other than an answer.

/// Why there is no answer. The texts are for the log and for `tagmeter doctor`; clients are told fixed ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// It does not accept the key, or what the key may do.
    #[error("access is refused: {reason}")]
    Refused {
        /// What it said.
        reason: String,
    },
    /// The account at the upstream has no credits left.
    #[error("the account at the upstream has no credits left")]
    OutOfCredits,
    /// Too many calls for now.
    #[error("too many calls for now")]
    RateLimited {
        /// When it wants to be asked again, where it said so.
        retry_after_ms: Option<u64>,
    },
    /// Its quota of the day is used up.
    #[error("the upstream's quota of the day is used up")]
    QuotaUsedUp,
    /// It answered with a status that is no success and means nothing else here.
    #[error("it answered {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// When it wants to be asked again, where it said so.
        retry_after_ms: Option<u64>,
    },
    /// No whole answer within the deadline.
    #[error("no answer within {timeout_ms} ms")]
    Timeout {
        /// The deadline.
        timeout_ms: u64,
    },
    /// It cannot be reached, or the connection broke.
    #[error("it cannot be reached: {reason}")]
    Connect {
        /// What the network said.
        reason: String,
    },
    /// The answer is larger than any real one.
    #[error("the answer is larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// The answer is not what was agreed.
    #[error("the answer makes no sense: {reason}")]
    Malformed {
        /// The first thing that does not fit.
        reason: String,
    },
    /// The record that was asked for cannot be used: it would be a reject in a file, too. The same one will be again.
    #[error("the record cannot be used: {reason}")]
    Rejected {
        /// Why: with the field and its value where one is to blame.
        reason: String,
    },
    /// It refused a request that it will accept in a moment.
    #[error("it is not ready for this yet: {reason}")]
    NotReady {
        /// What it said.
        reason: String,
    },
    /// It says that the request is wrong. The same one will be wrong again.
    #[error("it does not accept the request: {reason}")]
    Invalid {
        /// What it said.
        reason: String,
    },
}

impl UpstreamError {
    /// Whether the same call may go through in a moment.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Refused { .. }
            | Self::OutOfCredits
            | Self::QuotaUsedUp
            | Self::Rejected { .. }
            | Self::Invalid { .. } => false,
            Self::Status { status, .. } => *status >= 500,
            Self::RateLimited { .. }
            | Self::Timeout { .. }
            | Self::Connect { .. }
            | Self::TooLarge { .. }
            | Self::Malformed { .. }
            | Self::NotReady { .. } => true,
        }
    }

    /// When the upstream wants to be asked again, where it said so.
    pub fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms } | Self::Status { retry_after_ms, .. } => *retry_after_ms,
            _ => None,
        }
    }

    /// Whether it says that something is wrong with the upstream, and not with what was asked for: such failures open
    /// the circuit.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::Invalid { .. } | Self::NotReady { .. } | Self::Rejected { .. })
    }

    /// A word for metrics and logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::OutOfCredits => "out_of_credits",
            Self::RateLimited { .. } => "rate_limited",
            Self::QuotaUsedUp => "quota_used_up",
            Self::Status { .. } => "status",
            Self::Timeout { .. } => "timeout",
            Self::Connect { .. } => "connect",
            Self::TooLarge { .. } => "too_large",
            Self::Malformed { .. } => "malformed",
            Self::Rejected { .. } => "rejected",
            Self::NotReady { .. } => "not_ready",
            Self::Invalid { .. } => "invalid",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_passing() {
        let status = |status| UpstreamError::Status { status, retry_after_ms: None };
        assert!(status(502).is_passing() && !status(418).is_passing());
        assert!(!UpstreamError::OutOfCredits.is_passing() && !UpstreamError::QuotaUsedUp.is_passing());
        assert!(UpstreamError::Timeout { timeout_ms: 1 }.is_passing());
        let limited = UpstreamError::RateLimited { retry_after_ms: Some(3) };
        assert_eq!((limited.is_passing(), limited.retry_after_ms()), (true, Some(3)));
    }
}
