//! What the requests of one isolate share: it lasts as long as the instance does, and nobody may rely on it.

use super::breaker::Breakers;
use super::flights::Flights;
use super::issuers::KeyRings;
use super::make::Outcome;
use super::memory::Ledger;
use super::purges::PurgeBook;
use super::shelf::Shelf;
use super::versions::Versions;

/// Shared between requests that run by turns.
#[derive(Debug, Default)]
pub struct Isolate {
    /// Who holds how much of linear memory.
    pub memory: Ledger,
    /// Versions of pictures that were asked for lately.
    pub(super) versions: Versions,
    /// Keys of issuers.
    pub(super) key_rings: KeyRings,
    /// What is being made.
    pub(super) flights: Flights<Outcome>,
    /// What is being asked for anew.
    pub(super) refreshes: Flights<()>,
    /// Sources that fail.
    pub(super) breakers: Breakers,
    /// Marks and fonts.
    pub(super) shelf: Shelf,
    /// What was purged.
    pub(super) purges: PurgeBook,
}
