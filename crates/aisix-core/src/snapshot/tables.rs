//! One table for each kind.

use super::Snapshot;
use super::entry::{Diagnostic, Entry, Finding, Value};
use super::table::{Shift, Table};
use crate::id::ResourceKey;
use crate::resource::{
    ApiKey, Kept, Kind, Model, ProviderKey, Resource, SecretResolver, Shape, every_kind,
};

/// A kind that a snapshot holds.
pub(super) trait Tabled: Resource {
    /// Where it holds them.
    fn table(tables: &Tables) -> &Table<Self>;

    /// The same, to change it.
    fn table_mut(tables: &mut Tables) -> &mut Table<Self>;
}

/// What a snapshot knows of a kind beside its table.
pub(super) trait Indexed: Resource {
    /// Takes over who serves no longer, and who serves now.
    fn index(_snapshot: &mut Snapshot, _shift: &Shift<Self>) {}
}

impl Indexed for ProviderKey {}

impl<S: Shape> Indexed for Kept<S> {}

impl Indexed for Model {
    fn index(snapshot: &mut Snapshot, shift: &Shift<Self>) {
        snapshot.index_models(shift);
    }
}

impl Indexed for ApiKey {
    fn index(snapshot: &mut Snapshot, shift: &Shift<Self>) {
        snapshot.index_api_keys(shift);
    }
}

macro_rules! define_tables {
    ($($variant:ident, $plural:ident, $type:ty, $singular:literal, $about:literal;)*) => {
        /// Every kind's resources.
        #[derive(Clone, Default)]
        pub(super) struct Tables {
            $(pub(super) $plural: Table<$type>,)*
        }

        impl Tables {
            pub(super) fn count(&self, kind: Kind) -> usize {
                match kind { $(Kind::$variant => self.$plural.len(),)* }
            }

            /// What there is of a document.
            pub(super) fn value(&self, key: &ResourceKey) -> Option<Value> {
                match key.kind { $(Kind::$variant => self.$plural.value(&key.id),)* }
            }

            /// What there is to say of a document that waits for another to give up a name.
            pub(super) fn duplicate_of(&self, key: &ResourceKey) -> Option<Diagnostic> {
                match key.kind { $(Kind::$variant => self.$plural.duplicate_of(&key.id),)* }
            }

            /// Who waits for a document to give up its name.
            pub(super) fn waiting_for(&self, key: &ResourceKey) -> Vec<ResourceKey> {
                let ids: Vec<_> = match key.kind {
                    $(Kind::$variant => self.$plural.waiting_for(&key.id).cloned().collect(),)*
                };
                ids.into_iter().map(|id| ResourceKey::new(key.kind, id)).collect()
            }

            /// Everyone who waits for another to give up a name.
            pub(super) fn duplicates(&self) -> impl Iterator<Item = Diagnostic> {
                std::iter::empty()$(.chain(self.$plural.duplicates()))*
            }
        }

        $(impl Tabled for $type {
            fn table(tables: &Tables) -> &Table<Self> {
                &tables.$plural
            }

            fn table_mut(tables: &mut Tables) -> &mut Table<Self> {
                &mut tables.$plural
            }
        })*

        impl Snapshot {
            /// Takes over one document of the kind that its key names.
            pub(super) fn set(
                &mut self,
                entry: &Entry,
                key: &ResourceKey,
                secrets: &dyn SecretResolver,
                previous: &Self,
            ) -> (Option<Finding>, Option<Diagnostic>) {
                match key.kind {
                    $(Kind::$variant => self.set_as::<$type>(entry, key, secrets, previous),)*
                }
            }

            /// Removes one document of the kind that its key names.
            pub(super) fn unset(&mut self, key: &ResourceKey) {
                match key.kind {
                    $(Kind::$variant => self.unset_as::<$type>(key),)*
                }
            }
        }
    };
}

every_kind!(define_tables);
