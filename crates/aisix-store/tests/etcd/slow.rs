//! An etcd behind a slow line.

use std::net::SocketAddr;
use std::time::Duration;

use aisix_store::{ConfigSource as _, ConfigStore as _, EtcdOptions, EtcdStore, Expect};
use aisix_testing::Etcd;
use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::gateway::{Gateway, chain, options, put_model, store};

/// How many bytes a slow line passes on at once.
const SIP: usize = 512;

/// A line to an etcd, whose speed a test decides.
struct Line {
    address: SocketAddr,
    slow: watch::Sender<bool>,
}

impl Line {
    async fn to(etcd: &Etcd) -> Self {
        let target = etcd.url().trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (slow, is_slow) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((here, _)) = listener.accept().await {
                let there = TcpStream::connect(&target).await.unwrap();
                let ((from, to), (back, forth)) = (here.into_split(), there.into_split());
                tokio::spawn(pass_on(from, forth, is_slow.clone()));
                tokio::spawn(pass_on(back, to, is_slow.clone()));
            }
        });
        Self { address, slow }
    }

    fn store(&self, etcd: &Etcd) -> EtcdStore {
        let endpoints = vec![format!("http://{}", self.address)];
        let request_timeout = Duration::from_millis(500);
        EtcdStore::new(&EtcdOptions { endpoints, request_timeout, ..options(etcd) }).unwrap()
    }
}

/// Passes bytes on: at once, or a few every millisecond.
async fn pass_on(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    slow: watch::Receiver<bool>,
) {
    let mut bytes = [0; 64 << 10];
    let mut pace = tokio::time::interval(Duration::from_millis(5));
    loop {
        let is_slow = *slow.borrow();
        let most = if is_slow { SIP } else { bytes.len() };
        if is_slow {
            pace.tick().await;
        }
        match from.read(&mut bytes[..most]).await {
            Ok(read) if read > 0 && to.write_all(&bytes[..read]).await.is_ok() => {}
            _ => return,
        }
    }
}

#[tokio::test]
async fn a_line_that_is_too_slow_for_an_answer_loses_nothing_and_heals() {
    let mut etcd = Etcd::start().await;
    let line = Line::to(&etcd).await;
    let (direct, slow) = (store(&etcd), line.store(&etcd));
    put_model(&direct, "before").await;
    let ballast = Bytes::from(vec![b'x'; 1 << 20]);
    direct.put("models/ballast", ballast, Expect::Any).await.unwrap();
    let gateway = Gateway::start(slow.clone());
    gateway.is_connected(true).await;

    line.slow.send_replace(true);
    let late = slow.list().await.unwrap_err();
    assert!(chain(&late).contains("no answer within 500ms"), "{}", chain(&late));
    assert!(gateway.serves("before"));
    // Whoever loses the connection now cannot list either.
    etcd.kill().await;
    gateway.is_connected(false).await;
    etcd.start_again().await;
    let failures = gateway.applied.status().reloads.failed_fetch;
    let again = || gateway.applied.status().reloads.failed_fetch > failures + 1;
    aisix_testing::wait::until("another listing to fail", again).await;
    assert!(gateway.serves("before"));
    let reason = gateway.applied.status().last_failure.unwrap();
    assert_eq!(reason.kind, "fetch");

    line.slow.send_replace(false);
    put_model(&direct, "after").await;
    gateway.comes_to_serve("after").await;
    gateway.is_connected(true).await;
}
