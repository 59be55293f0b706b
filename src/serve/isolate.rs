//! What the requests of one isolate share: it lasts as long as the instance does, and nobody may rely on it.

use super::issuers::KeyRings;
use super::memory::Ledger;
use super::versions::Versions;

/// Shared between requests that run by turns.
#[derive(Debug, Default)]
pub struct Isolate {
    /// Who holds how much of linear memory.
    pub memory: Ledger,
    /// Versions of sources that were asked for lately.
    pub(super) versions: Versions,
    /// Keys of issuers.
    pub(super) key_rings: KeyRings,
}
