//! One kind's resources, by id and by what must be unique.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;

use super::entry::{Diagnostic, RejectionKind, Revision, Stored};
use crate::id::{Id, ResourceKey};
use crate::resource::Resource;

/// The resources of a kind that serve, and those that wait for another to give up their identity.
#[derive(Clone)]
pub(super) struct Table<T: Resource> {
    serving: imbl::HashMap<Id, Arc<Stored<T>>>,
    owners: imbl::HashMap<T::Identity, Id>,
    /// Claimants of an identity that an earlier document owns, the earliest first.
    waiting: imbl::HashMap<T::Identity, Queue<T>>,
    /// Where a waiting document waits.
    waiting_ids: imbl::HashMap<Id, (T::Identity, Revision)>,
}

/// Documents in the order of their creation.
type Queue<T> = imbl::OrdMap<(Revision, Id), Arc<Stored<T>>>;

impl<T: Resource> Default for Table<T> {
    fn default() -> Self {
        Self {
            serving: imbl::HashMap::new(),
            owners: imbl::HashMap::new(),
            waiting: imbl::HashMap::new(),
            waiting_ids: imbl::HashMap::new(),
        }
    }
}

impl<T: Resource> Table<T> {
    pub(super) fn by_id(&self, id: &str) -> Option<&Arc<Stored<T>>> {
        self.serving.get(id)
    }

    pub(super) fn by_identity<Q>(&self, identity: &Q) -> Option<&Arc<Stored<T>>>
    where
        T::Identity: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.serving.get(self.owners.get(identity)?)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Stored<T>>> {
        self.serving.values()
    }

    pub(super) fn len(&self) -> usize {
        self.serving.len()
    }

    /// Inserts or replaces; answers what this id served before.
    pub(super) fn put(
        &mut self,
        stored: Stored<T>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Arc<Stored<T>>> {
        let (id, identity) = (stored.id.clone(), stored.spec.identity());
        let (before, _) = self.delete(&id);
        let stored = Arc::new(stored);
        let owner = self.owners.get(&identity).and_then(|owner| self.serving.get(owner)).cloned();
        match owner {
            Some(owner) if rank(&owner) < rank(&stored) => {
                diagnostics.push(duplicate::<T>(&id, &owner.id));
                self.wait(identity, stored);
            }
            Some(owner) => {
                diagnostics.push(duplicate::<T>(&owner.id, &id));
                self.serving.remove(&owner.id);
                self.wait(identity.clone(), owner);
                self.serve(identity, stored);
            }
            None => self.serve(identity, stored),
        }
        before
    }

    /// Removes; answers what this id served, and who serves in its place now.
    pub(super) fn delete(&mut self, id: &Id) -> (Option<Arc<Stored<T>>>, Option<Id>) {
        if let Some((identity, created)) = self.waiting_ids.remove(id) {
            self.stop_waiting(&identity, (created, id.clone()));
            return (None, None);
        }
        let Some(gone) = self.serving.remove(id) else {
            return (None, None);
        };
        let identity = gone.spec.identity();
        self.owners.remove(&identity);
        let heir = self.waiting.get(&identity).and_then(|queue| queue.get_min()).cloned();
        let heir = heir.map(|(place, heir)| {
            self.waiting_ids.remove(&place.1);
            self.stop_waiting(&identity, place);
            let id = heir.id.clone();
            self.serve(identity, heir);
            id
        });
        (Some(gone), heir)
    }

    fn serve(&mut self, identity: T::Identity, stored: Arc<Stored<T>>) {
        self.owners.insert(identity, stored.id.clone());
        self.serving.insert(stored.id.clone(), stored);
    }

    fn wait(&mut self, identity: T::Identity, stored: Arc<Stored<T>>) {
        self.waiting_ids.insert(stored.id.clone(), (identity.clone(), stored.created));
        self.waiting.entry(identity).or_default().insert(rank(&stored), stored);
    }

    fn stop_waiting(&mut self, identity: &T::Identity, place: (Revision, Id)) {
        if let Some(queue) = self.waiting.get_mut(identity) {
            queue.remove(&place);
            if queue.is_empty() {
                self.waiting.remove(identity);
            }
        }
    }
}

/// Who was created first serves; ids decide where one write created several.
fn rank<T>(stored: &Stored<T>) -> (Revision, Id) {
    (stored.created, stored.id.clone())
}

fn duplicate<T: Resource>(loser: &Id, winner: &Id) -> Diagnostic {
    let message = format!("{}: is already used by {}/{winner}", T::IDENTITY_FIELD, T::KIND);
    let key = ResourceKey::new(T::KIND, loser.clone()).to_string();
    Diagnostic::rejected(&key, RejectionKind::SchemaFailed, message)
}
