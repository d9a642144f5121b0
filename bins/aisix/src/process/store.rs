//! The store, and the key to its secrets.

use std::sync::Arc;
use std::time::Duration;

use aisix_store::{
    ConfigSource as _, ConfigStore, EmbeddedStore, EtcdStore, FileStore, Identity, LocalReceipts,
    MasterKey, ReceiptSink, Roster, Sealer, Secrets,
};
use anyhow::{Context as _, bail, ensure};

use crate::config::{Config, Store};

/// The embedded store's file, in the store's directory.
const FILE: &str = "store.db";

/// The file of the key that the gateway makes itself, beside it.
const KEY_FILE: &str = "master.key";

/// How long a gateway's receipt lasts that it does not renew: so long after it hangs it is listed as
/// lost.
const TTL: Duration = Duration::from_secs(10);

/// The store that the configuration asks for.
pub(super) struct Opened {
    pub(super) store: Arc<dyn ConfigStore>,
    pub(super) secrets: Arc<Secrets>,
    /// Where the gateway reports what it serves.
    pub(super) receipts: Arc<dyn ReceiptSink>,
    /// Who serves what of this store.
    pub(super) roster: Roster,
    /// What has to be closed at the end.
    pub(super) embedded: Option<EmbeddedStore>,
    /// What can be read again.
    pub(super) file: Option<FileStore>,
}

/// Opens the store for the gateway with this identity, and makes sure that its secrets can be read.
///
/// # Errors
/// Where the embedded store is another process's or damaged, etcd cannot be what the configuration
/// says, something is wrong with the resources file or a secret that it refers to, or the key is missing, wrong, or nobody's
/// secret. That etcd does not answer is no error.
pub(super) async fn open(config: &Config, gateway: &Identity) -> anyhow::Result<Opened> {
    if let Some(path) = &config.resources_file {
        let sealer = shared_sealer(&config.store)?;
        let secrets = Arc::new(Secrets::new(sealer, config.secrets.references.clone()));
        let variables = Box::new(crate::validate::variable);
        let file = FileStore::open(path, variables, secrets.clone())?;
        let (store, alone) = (Arc::new(file.clone()), LocalReceipts::new(&*gateway.id));
        let (roster, receipts) = (alone.roster(), Arc::new(alone));
        let (embedded, file) = (None, Some(file));
        return Ok(Opened { store, secrets, receipts, roster, embedded, file });
    }
    if config.etcd.is_used() {
        let (etcd, sealer) =
            (EtcdStore::new(&config.etcd.options()?)?, shared_sealer(&config.store)?);
        let secrets = Arc::new(Secrets::new(sealer, config.secrets.references.clone()));
        let receipts = Arc::new(etcd.receipts(&gateway.environment, &gateway.id, TTL));
        let roster = etcd.roster(&gateway.environment);
        let store = in_environment(etcd, &config.etcd.env_id);
        return Ok(Opened { store, secrets, receipts, roster, embedded: None, file: None });
    }
    let store = EmbeddedStore::open(config.store.path.join(FILE)).await?;
    let sealer = own_sealer(&config.store, &store).await?;
    let embedded = Some(store.clone());
    let secrets = Arc::new(Secrets::new(sealer, config.secrets.references.clone()));
    let receipts = LocalReceipts::new(&*gateway.id);
    let (store, roster) = (Arc::new(store), receipts.roster());
    Ok(Opened { store, secrets, receipts: Arc::new(receipts), roster, embedded, file: None })
}

/// A store whose secrets are to be sealed anew, by nobody who serves.
pub(crate) struct Resealed {
    pub(crate) store: Arc<dyn ConfigStore>,
    pub(crate) sealer: Sealer,
    /// What has to be closed at the end.
    pub(crate) embedded: Option<EmbeddedStore>,
}

/// Opens the store to seal its secrets anew. The embedded one forgets what they were sealed with
/// before.
///
/// # Errors
/// As [`open`], and where there is no store, or no key to seal with.
pub(crate) async fn open_to_rekey(config: &Config) -> anyhow::Result<Resealed> {
    if config.resources_file.is_some() {
        bail!("resources_file: nothing in a file is encrypted: there is nothing to rekey");
    }
    if config.etcd.is_used() {
        let sealer = shared_sealer(&config.store)?;
        let keys = "store.master_key_file or store.master_key";
        ensure!(sealer.key_id().is_some(), "{keys}: needed to encrypt with");
        let etcd = EtcdStore::new(&config.etcd.options()?)?;
        let store = in_environment(etcd, &config.etcd.env_id);
        return Ok(Resealed { store, sealer, embedded: None });
    }
    let path = config.store.path.join(FILE);
    ensure!(path.exists(), "store.path: there is no store at {}", path.display());
    let store = EmbeddedStore::open_with_history(path, 0).await?;
    let sealer = own_sealer(&config.store, &store).await?;
    let embedded = Some(store.clone());
    Ok(Resealed { store: Arc::new(store), sealer, embedded })
}

async fn own_sealer(store: &Store, opened: &EmbeddedStore) -> anyhow::Result<Sealer> {
    let previous = previous_keys(store)?;
    Ok(match &store.master_key {
        Some(text) => {
            let key = MasterKey::from_text(text.expose()).context("store.master_key")?;
            let sealer = Sealer::with(&key).opening(&previous);
            sealer.check(&opened.list().await?)?;
            sealer
        }
        None => {
            let beside = || store.path.join(KEY_FILE);
            let file = store.master_key_file.clone().unwrap_or_else(beside);
            Sealer::with_key_file(opened, &file, &previous).await?
        }
    })
}

/// The keys that sealed before, and only open from now on.
fn previous_keys(store: &Store) -> anyhow::Result<Vec<MasterKey>> {
    let files = store.previous_master_key_files.iter().map(|path| {
        let key = "store.previous_master_key_files";
        MasterKey::load(path)?.with_context(|| format!("{key}: {} does not exist", path.display()))
    });
    let texts = store
        .previous_master_keys
        .iter()
        .map(|text| MasterKey::from_text(text.expose()).context("store.previous_master_keys"));
    files.chain(texts).collect()
}

fn in_environment(store: EtcdStore, id: &str) -> Arc<dyn ConfigStore> {
    match id {
        "" => Arc::new(store),
        environment => store.scoped(&format!("{environment}/")),
    }
}

/// Secrets that others read as well are sealed only with a key that the operator has given to all
/// of them. It is not made here, and etcd need not answer yet: a secret that another key sealed is
/// reported with its document.
fn shared_sealer(store: &Store) -> anyhow::Result<Sealer> {
    let key = match (&store.master_key, &store.master_key_file) {
        (Some(text), _) => MasterKey::from_text(text.expose()).context("store.master_key")?,
        (None, Some(path)) => MasterKey::load(path)?.with_context(|| {
            let path = path.display();
            format!("store.master_key_file: {path} does not exist: copy it from the other gateways")
        })?,
        (None, None) => return Ok(Sealer::plain()),
    };
    Ok(Sealer::with(&key).opening(&previous_keys(store)?))
}
