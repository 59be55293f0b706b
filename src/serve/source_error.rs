//! What can go wrong between us and a source.

/// Why a source has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// It does not do what it is there for; another time it may.
    #[error("the source '{source_name}' {fault}")]
    Away {
        /// Its name.
        source_name: String,
        /// What it did.
        fault: Fault,
    },
    /// It does not let us in.
    #[error("the source '{source_name}' refuses us with {status}: {credentials}")]
    Denied {
        /// Its name.
        source_name: String,
        /// With which status.
        status: u16,
        /// What we came with, by its name.
        credentials: String,
    },
    /// It sends us where we do not go, or answers nonsense.
    #[error("the source '{source_name}' cannot be used: {reason}")]
    Wrong {
        /// Its name.
        source_name: String,
        /// What is wrong.
        reason: String,
    },
}

/// What a source does instead of answering.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It cannot be reached.
    #[error("fails: {0}")]
    Failed(String),
    /// It broke off while its bytes came.
    #[error("broke off: {0}")]
    BrokeOff(String),
    /// It answers with an error.
    #[error("answers {0}")]
    Status(u16),
    /// It takes longer than it may.
    #[error("took longer than {milliseconds} ms")]
    TimedOut {
        /// It may take so long.
        milliseconds: u32,
    },
    /// It ends before the end, or goes on after it.
    #[error("sent {got} bytes of {expected}")]
    Length {
        /// As many as it said.
        expected: u64,
        /// As many as came.
        got: u64,
    },
}

impl SourceError {
    /// Whether waiting was what went wrong.
    pub fn is_late(&self) -> bool {
        matches!(self, Self::Away { fault: Fault::TimedOut { .. }, .. })
    }

    /// Whether the same request may well succeed at once.
    pub fn is_worth_a_retry(&self) -> bool {
        matches!(self, Self::Away { fault, .. } if !matches!(fault, Fault::TimedOut { .. }))
    }

    /// The status that a cache tells of it (RFC 9211, `fwd-status`), where there was one.
    pub fn status(&self) -> Option<u16> {
        match self {
            Self::Away { fault: Fault::Status(status), .. } | Self::Denied { status, .. } => Some(*status),
            Self::Away { .. } | Self::Wrong { .. } => None,
        }
    }
}
