//! The embedded store, and the key to its secrets.

use aisix_store::{ConfigSource as _, EmbeddedStore, MasterKey, Sealer};
use anyhow::Context as _;

use crate::config::Store;

/// The store's file, in the store's directory.
const FILE: &str = "store.db";

/// The file of the key that the gateway makes itself, beside it.
const KEY_FILE: &str = "master.key";

/// Opens the store and makes sure that its secrets can be read.
///
/// # Errors
/// Where the store is another process's or damaged, or the key is missing, wrong, or nobody's
/// secret.
pub(super) async fn open(store: &Store) -> anyhow::Result<(EmbeddedStore, Sealer)> {
    let opened = EmbeddedStore::open(store.path.join(FILE)).await?;
    let sealer = match &store.master_key {
        Some(text) => {
            let key = MasterKey::from_text(text.expose()).context("store.master_key")?;
            let sealer = Sealer::with(&key);
            sealer.check(&opened.list().await?)?;
            sealer
        }
        None => {
            let beside = || store.path.join(KEY_FILE);
            let file = store.master_key_file.clone().unwrap_or_else(beside);
            Sealer::with_key_file(&opened, &file).await?
        }
    };
    Ok((opened, sealer))
}
