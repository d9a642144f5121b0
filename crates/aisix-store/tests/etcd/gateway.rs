//! A gateway's half that follows an etcd, and what is put into it.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aisix_core::Snapshot;
use aisix_core::resource::PlainSecrets;
use aisix_store::{
    Applied, ConfigSource, ConfigStore as _, EtcdOptions, EtcdStore, Expect, StoreError, Supervisor,
};
use aisix_testing::{Etcd, wait};
use bytes::Bytes;

/// What a gateway serves from an etcd. It stops when it is dropped.
pub(crate) struct Gateway {
    pub(crate) applied: Applied,
    served: Arc<Mutex<Arc<Snapshot>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Gateway {
    pub(crate) fn start(source: impl ConfigSource) -> Self {
        let served = Arc::new(Mutex::new(Arc::new(Snapshot::default())));
        let published = served.clone();
        let publish = move |snapshot| *published.lock().unwrap() = snapshot;
        let (supervisor, applied) =
            Supervisor::new(Arc::new(source), Arc::new(PlainSecrets), publish);
        let task = tokio::spawn(supervisor.run(std::future::pending()));
        Self { applied, served, task }
    }

    pub(crate) fn serves(&self, model: &str) -> bool {
        self.served.lock().unwrap().model_named(model).is_some()
    }

    pub(crate) async fn comes_to_serve(&self, model: &str) {
        wait::until(&format!("{model} to be served"), || self.serves(model)).await;
    }

    pub(crate) async fn is_connected(&self, connected: bool) {
        let what = format!("connected to be {connected}");
        wait::until(&what, || self.applied.connected() == connected).await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Impatient, so that a test need not wait.
pub(crate) fn options(etcd: &Etcd) -> EtcdOptions {
    EtcdOptions {
        request_timeout: Duration::from_secs(2),
        keep_alive: Duration::from_millis(200),
        ..EtcdOptions::new(vec![etcd.url()], "/aisix")
    }
}

pub(crate) fn store(etcd: &Etcd) -> EtcdStore {
    EtcdStore::new(&options(etcd)).unwrap()
}

pub(crate) fn model(name: &str) -> Bytes {
    let model = r#"{"display_name":"NAME","provider":"p","model_name":"m","provider_key_id":"k"}"#;
    Bytes::from(model.replace("NAME", name))
}

pub(crate) async fn put_model(store: &EtcdStore, name: &str) {
    store.put(&format!("models/{name}"), model(name), Expect::Any).await.unwrap();
}

/// An error with its causes, as the log shows it.
pub(crate) fn chain(error: &StoreError) -> String {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    format!("{error}: {cause}")
}
