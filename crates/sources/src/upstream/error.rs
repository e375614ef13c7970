//! Errors of a call to an upstream.

/// Why a call failed. The texts are for the log and `tagmeter doctor`; clients get fixed ones.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UpstreamError {
    /// The key, or its permissions, were refused.
    #[error("access is refused: {reason}")]
    Refused {
        /// The upstream's message.
        reason: String,
    },
    /// The account at the upstream has no credits left.
    #[error("the account at the upstream has no credits left")]
    OutOfCredits,
    /// Too many calls at the moment.
    #[error("too many calls for now")]
    RateLimited {
        /// Milliseconds until the next attempt, if stated.
        retry_after_ms: Option<u64>,
    },
    /// The daily quota is used up.
    #[error("the upstream's quota of the day is used up")]
    QuotaUsedUp,
    /// An unexpected status.
    #[error("it answered {status}")]
    Status {
        /// The HTTP status.
        status: u16,
        /// Milliseconds until the next attempt, if stated.
        retry_after_ms: Option<u64>,
    },
    /// No complete answer in time.
    #[error("no answer within {timeout_ms} ms")]
    Timeout {
        /// Timeout in milliseconds.
        timeout_ms: u64,
    },
    /// Unreachable, or the connection broke.
    #[error("it cannot be reached: {reason}")]
    Connect {
        /// The network error.
        reason: String,
    },
    /// An implausibly large answer.
    #[error("the answer is larger than {bytes_max} bytes")]
    TooLarge {
        /// The limit.
        bytes_max: u64,
    },
    /// An answer that violates the protocol.
    #[error("the answer makes no sense: {reason}")]
    Malformed {
        /// The first violation.
        reason: String,
    },
    /// The requested record cannot be used; a file with it would have a reject. Retrying does not help.
    #[error("the record cannot be used: {reason}")]
    Rejected {
        /// Reason, naming the field and its value if one is at fault.
        reason: String,
    },
    /// A request refused for the moment; it will be accepted shortly.
    #[error("it is not ready for this yet: {reason}")]
    NotReady {
        /// The upstream's message.
        reason: String,
    },
    /// A request refused as invalid. Retrying does not help.
    #[error("it does not accept the request: {reason}")]
    Invalid {
        /// The upstream's message.
        reason: String,
    },
}

impl UpstreamError {
    /// Returns true if the same call may succeed shortly.
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

    /// Returns the milliseconds until the next attempt, if the upstream stated them.
    pub fn retry_after_ms(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after_ms } | Self::Status { retry_after_ms, .. } => *retry_after_ms,
            _ => None,
        }
    }

    /// Returns true for a fault of the upstream rather than of the request: such failures open the circuit
    /// breaker.
    pub fn is_fault(&self) -> bool {
        !matches!(self, Self::Invalid { .. } | Self::NotReady { .. } | Self::Rejected { .. })
    }

    /// Returns a label for metrics and logs.
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
