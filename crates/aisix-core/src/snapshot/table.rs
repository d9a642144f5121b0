//! One kind's resources, by id and by what must be unique.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::Arc;

use super::entry::{Diagnostic, Finding, RejectionKind, Revision, Stored, Value};
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

/// What a change did to those who serve.
pub(super) struct Shift<T> {
    /// They serve no longer as they did.
    pub(super) gone: Vec<Arc<Stored<T>>>,
    /// They serve now.
    pub(super) came: Vec<Arc<Stored<T>>>,
    /// Who has to wait because of it.
    pub(super) duplicate: Option<Diagnostic>,
}

impl<T> Default for Shift<T> {
    fn default() -> Self {
        Self { gone: Vec::new(), came: Vec::new(), duplicate: None }
    }
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

    /// What this document says, also where it waits.
    pub(super) fn known(&self, id: &Id) -> Option<&Arc<Stored<T>>> {
        let waiting = || {
            let (identity, created) = self.waiting_ids.get(id)?;
            self.waiting.get(identity)?.get(&(*created, id.clone()))
        };
        self.serving.get(id).or_else(waiting)
    }

    /// Which of its writes a document's value is of, and whether it serves.
    pub(super) fn value(&self, id: &Id) -> Option<Value> {
        let modified = self.known(id)?.modified;
        Some(Value { modified, serves: self.serving.contains_key(id) })
    }

    /// Everyone who waits.
    pub(super) fn duplicates(&self) -> impl Iterator<Item = Diagnostic> {
        self.waiting.iter().flat_map(|(identity, queue)| {
            let owner = self.owners.get(identity);
            let waiting = queue.keys().zip(owner.into_iter().cycle());
            waiting.map(|((_, id), owner)| duplicate::<T>(id, owner))
        })
    }

    /// What there is to say of a document that waits.
    pub(super) fn duplicate_of(&self, id: &Id) -> Option<Diagnostic> {
        let (identity, _) = self.waiting_ids.get(id)?;
        Some(duplicate::<T>(id, self.owners.get(identity)?))
    }

    /// Who waits for a document to give up its identity, the earliest first.
    pub(super) fn waiting_for(&self, id: &Id) -> impl Iterator<Item = &Id> {
        let queue = || self.waiting.get(&self.serving.get(id)?.spec.identity()?);
        queue().into_iter().flat_map(|queue| queue.keys().map(|(_, id)| id))
    }

    /// Inserts, replaces, or removes where there is nothing to insert.
    pub(super) fn set(&mut self, id: &Id, stored: Option<Arc<Stored<T>>>) -> Shift<T> {
        let Some(stored) = stored else {
            return self.delete(id);
        };
        let Some(identity) = stored.spec.identity() else {
            let mut shift = self.delete(id);
            self.serving.insert(id.clone(), stored.clone());
            shift.came.push(stored);
            return shift;
        };
        let mut shift = match self.by_identity(&identity) {
            // Whoever waits for the name goes on waiting.
            Some(owner) if rank(owner) == rank(&stored) => {
                Shift { gone: vec![owner.clone()], ..Shift::default() }
            }
            _ => self.delete(id),
        };
        match self.by_identity(&identity).cloned() {
            Some(owner) if rank(&owner) < rank(&stored) => {
                shift.duplicate = Some(duplicate::<T>(id, &owner.id));
                self.wait(identity, stored);
                return shift;
            }
            Some(owner) if rank(&owner) > rank(&stored) => {
                shift.duplicate = Some(duplicate::<T>(&owner.id, id));
                self.serving.remove(&owner.id);
                self.wait(identity.clone(), owner.clone());
                shift.gone.push(owner);
            }
            _ => {}
        }
        self.serve(identity, stored.clone());
        shift.came.push(stored);
        shift
    }

    /// Removes, and lets the next in line serve.
    pub(super) fn delete(&mut self, id: &Id) -> Shift<T> {
        let mut shift = Shift::default();
        if let Some((identity, created)) = self.waiting_ids.remove(id) {
            self.stop_waiting(&identity, &(created, id.clone()));
        }
        let Some(gone) = self.serving.remove(id) else {
            return shift;
        };
        let identity = gone.spec.identity();
        shift.gone.push(gone);
        let Some(identity) = identity else {
            return shift;
        };
        self.owners.remove(&identity);
        let first = self.waiting.get(&identity).and_then(|queue| queue.get_min()).cloned();
        if let Some((place, heir)) = first {
            self.waiting_ids.remove(&heir.id);
            self.stop_waiting(&identity, &place);
            self.serve(identity, heir.clone());
            shift.came.push(heir);
        }
        shift
    }

    fn serve(&mut self, identity: T::Identity, stored: Arc<Stored<T>>) {
        self.owners.insert(identity, stored.id.clone());
        self.serving.insert(stored.id.clone(), stored);
    }

    fn wait(&mut self, identity: T::Identity, stored: Arc<Stored<T>>) {
        self.waiting_ids.insert(stored.id.clone(), (identity.clone(), stored.created));
        self.waiting.entry(identity).or_default().insert(rank(&stored), stored);
    }

    fn stop_waiting(&mut self, identity: &T::Identity, place: &(Revision, Id)) {
        if let Some(queue) = self.waiting.get_mut(identity) {
            queue.remove(place);
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
    let key = ResourceKey::new(T::KIND, loser.clone()).to_string();
    let message = format!("{}: is already used by {}/{winner}", T::IDENTITY_FIELD, T::KIND);
    Diagnostic { key, finding: Finding::rejected(RejectionKind::SchemaFailed, message) }
}
