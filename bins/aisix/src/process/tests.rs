use std::net::{Ipv4Addr, SocketAddr};

use aisix_core::snapshot::Revision;
use aisix_store::{ConfigSource, Listing, LocalReceipts, Sealer, Secrets, StoreError, Watch};
use aisix_testing::wait;
use async_trait::async_trait;

use super::*;

const KNOBS: Knobs = Knobs { proxy: "proxy.addr", admin: "admin.addr" };

/// A source with a defect.
struct Broken;

#[async_trait]
impl ConfigSource for Broken {
    async fn list(&self) -> Result<Listing, StoreError> {
        panic!("a defect");
    }

    async fn watch(&self, _: Revision) -> Result<Watch, StoreError> {
        panic!("a defect");
    }
}

fn free() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

#[tokio::test]
async fn a_panic_of_whoever_follows_the_store_is_noticed() {
    let shared = Shared::new(Config::default().gateway(), Adapters::builtin());
    let secrets = Arc::new(Secrets::new(Sealer::plain(), Arc::default()));
    let receipts = LocalReceipts::new("a");
    let roster = receipts.roster();
    let registration = Arc::new(Registration::new(Arc::new(receipts), Identity::default()));
    let source = Arc::new(Broken);
    let mut following = Following::start(&shared, source, secrets, registration, None).await;
    wait::within("the end of the following", following.lost()).await;
    following.close().await;
    assert_eq!(roster.members().await.unwrap(), [], "it has left the record");
}

#[tokio::test]
async fn a_gateway_that_lacks_one_of_its_tasks_drains_without_window_and_ends_with_code_1() {
    let defects: [fn(&mut Process); 3] = [
        |process| process.supervisor.break_off(),
        |process| process.supervisor.break_off_reports(),
        |process| process.certificates.break_off(),
    ];
    for defect in defects {
        let directory = tempfile::TempDir::new().unwrap();
        let mut config = Config::default();
        (config.proxy.addr, config.proxy.workers) = (free(), Some(1));
        (config.admin.addr, config.admin.admin_key) = (free(), Some(Secret::new("k")));
        config.observability.metrics.prometheus.enabled = false;
        config.store.path = directory.path().to_owned();
        let mut process = Process::start(&config, KNOBS).await.unwrap();
        defect(&mut process);
        let mut signals = Signals::listen().unwrap();
        let ended = process.run(&mut signals, Duration::MAX);
        let code = wait::within("the end of the process", ended).await;
        assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::FAILURE));
    }
}

#[test]
fn a_gateway_without_an_environment_is_not_one_of_the_environment_default() {
    let mut config = Config::default();
    assert_eq!(identity(&config, free()).environment, "");
    config.etcd.env_id = "default".to_owned();
    assert_eq!(identity(&config, free()).environment, "default");
}
