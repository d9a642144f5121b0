//! What is particular to models.

use aisix_core::id::ResourceKey;
use aisix_core::resource::ModelKind;
use aisix_core::{Id, Kind, Model};
use http::StatusCode;
use uuid::Uuid;

use super::managed::Managed;
use super::read::Held;
use crate::error::ApiError;

/// Ids of provider keys that belong to one model are made in this name space.
const OWNED_KEYS: Uuid = Uuid::from_u128(0x5c0e_4c6d_7d5b_4d0f_9a63_6f2f_8e1b_27a4);

/// The id of the provider key that the older API makes for the model with this id.
///
/// It follows from the model's id, so nothing else has to say that the two belong together, and
/// no other key can be mistaken for it.
pub(crate) fn owned_key_of(model: &str) -> Id {
    Id::from(Uuid::new_v5(&OWNED_KEYS, model.as_bytes()).to_string())
}

impl Managed for Model {
    fn concerns_peers(&self, previous: Option<&Self>) -> bool {
        previous.is_none_or(|previous| previous.claims() != self.claims())
            || self.direct().is_none()
            || self.stands_for_many()
    }

    /// Groups lead to direct models that are one upstream model each, as far as is known now.
    fn stands_beside(&self, peers: &[&Held<Self>]) -> Result<(), ApiError> {
        if self.direct().is_some() {
            return stands_for_one(self, peers);
        }
        let (names, shape) = (targets(self), self.shape());
        let refuse =
            |message| Err(ApiError::about(StatusCode::BAD_REQUEST, "routing.targets", message));
        if names.contains(&&*self.display_name) {
            return refuse(format!("the group '{}' cannot be its own target", self.display_name));
        }
        for peer in peers.iter().map(|held| &held.stored.spec) {
            if peer.direct().is_none() && names.contains(&&*peer.display_name) {
                let theirs = peer.shape();
                return refuse(format!("'{}' is {theirs}, not a direct model", peer.display_name));
            }
            if peer.stands_for_many() && names.contains(&&*peer.display_name) {
                let name = &peer.display_name;
                return refuse(format!("'{name}' stands for many models, a target must be one"));
            }
            if targets(peer).contains(&&*self.display_name) {
                let (name, group) = (&self.display_name, &peer.display_name);
                return refuse(format!(
                    "the group '{group}' has '{name}' as a target, so it cannot be {shape}"
                ));
            }
        }
        Ok(())
    }

    fn references(&self) -> Vec<(&'static str, ResourceKey)> {
        let key = self.direct().map(|direct| direct.provider_key_id.clone());
        let key = key.map(|id| ("provider_key_id", ResourceKey::new(Kind::ProviderKeys, id)));
        key.into_iter().collect()
    }

    fn belonging(&self, id: &str) -> Option<ResourceKey> {
        let owned = owned_key_of(id);
        let uses_it = self.direct().is_some_and(|direct| direct.provider_key_id == owned);
        uses_it.then(|| ResourceKey::new(Kind::ProviderKeys, owned))
    }
}

/// Refuses a direct model that stands for many, where a group leads to it.
fn stands_for_one(model: &Model, peers: &[&Held<Model>]) -> Result<(), ApiError> {
    let leads_here =
        |held: &&&Held<Model>| targets(&held.stored.spec).contains(&&*model.display_name);
    let Some(group) = peers.iter().find(leads_here).filter(|_| model.stands_for_many()) else {
        return Ok(());
    };
    let (name, group) = (&model.display_name, &group.stored.spec.display_name);
    let field = if model.wildcard().is_some() { "display_name" } else { "model_name" };
    let message =
        format!("the group '{group}' has '{name}' as a target, so it cannot stand for many models");
    Err(ApiError::about(StatusCode::BAD_REQUEST, field, message))
}

/// The names that a group leads to; none for any other model.
fn targets(model: &Model) -> Vec<&str> {
    match &model.kind {
        ModelKind::Group { routing } => routing.targets.iter().map(|to| &*to.model).collect(),
        _ => Vec::new(),
    }
}
