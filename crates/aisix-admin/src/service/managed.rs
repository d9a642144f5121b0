//! What sets one kind apart from another when it is written.

use aisix_core::id::ResourceKey;
use aisix_core::resource::{Kept, Shape};
use aisix_core::{Document, Resource};

use super::read::Held;
use crate::error::ApiError;

/// A kind of resource that administrators manage.
///
/// Everything that differs between kinds is said here, as questions about a value; how writes are
/// carried out is the same for all of them.
pub(crate) trait Managed: Resource {
    /// Brings the spellings that are accepted down to the one that is stored.
    fn normalise(_document: &mut Document) {}

    /// What no other resource of the kind may claim too, with the field that claims it.
    fn claims(&self) -> Vec<(&'static str, Self::Identity)> {
        self.identity().map(|identity| (Self::IDENTITY_FIELD, identity)).into_iter().collect()
    }

    /// What the writer is told of somebody else's claim; identities may be quoted.
    fn taken(identity: &Self::Identity) -> String {
        format!("'{identity}' is already used")
    }

    /// Whether the kind's other resources have a say in this change.
    fn concerns_peers(&self, previous: Option<&Self>) -> bool {
        previous.is_none_or(|previous| previous.claims() != self.claims())
    }

    /// Whether it can stand beside the kind's other resources, claims apart.
    fn stands_beside(&self, _peers: &[&Held<Self>]) -> Result<(), ApiError> {
        Ok(())
    }

    /// The resources that must exist for this one to work, with the field that names each.
    fn references(&self) -> Vec<(&'static str, ResourceKey)> {
        Vec::new()
    }

    /// A resource that was made for the one with this id alone, and goes with it.
    fn belonging(&self, _id: &str) -> Option<ResourceKey> {
        None
    }
}

impl<S: Shape> Managed for Kept<S> {
    fn references(&self) -> Vec<(&'static str, ResourceKey)> {
        self.spec.references()
    }
}
