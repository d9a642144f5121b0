//! Listeners and workers: sharing a port, and closing it without losing anybody.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use aisix_core::Error;
use aisix_gateway::Settings;
use aisix_gateway::serve::Listener;
use aisix_hooks::{Flow, Hook, HookFactory, HookRequest, RequestInfo};
use aisix_testing::fixtures::openai;
use aisix_testing::{Connection, Gate, Reply, Request, ScriptedUpstream, wait};
use async_trait::async_trait;

use crate::common::world::{Served, streamed, whole};
use crate::common::*;

fn chat(body: impl Into<bytes::Bytes>) -> Request {
    Request::post("/v1/chat/completions").bearer(CALLER).json(body)
}

#[test]
fn a_port_that_is_taken_is_an_error_though_workers_share_theirs() {
    let any = "127.0.0.1:0".parse().expect("an address");
    let ours = Listener::bind(any, 2).expect("a port");
    assert_ne!(ours.local_addr().port(), 0);
    let taken = Listener::bind(ours.local_addr(), 2).expect_err("it is taken");
    assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
    let other = std::net::TcpListener::bind(any).expect("a port");
    let address = other.local_addr().expect("it is bound");
    let taken = Listener::bind(address, 1).expect_err("it is taken");
    assert_eq!(taken.kind(), std::io::ErrorKind::AddrInUse);
    drop(ours);
}

#[test]
fn a_port_is_free_again_once_its_listener_is_gone() {
    let ours = Listener::bind("127.0.0.1:0".parse().expect("an address"), 2).expect("a port");
    let address = ours.local_addr();
    drop(ours);
    Listener::bind(address, 2).expect("the port is free again");
}

#[tokio::test]
async fn several_workers_share_a_port_and_each_has_a_pool_of_its_own() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let world = World::of(&upstream);
    let served = world.serve(3);
    for _ in 0..64 {
        assert_eq!(chat(whole("hi")).send(served.address).await.status, 200);
    }
    // One after the other, so each worker needs one connection.
    assert!((2..=3).contains(&upstream.connections()), "{}", upstream.connections());
    served.workers.close().await;
}

#[tokio::test]
async fn closing_lets_an_open_stream_finish_and_takes_nobody_else() {
    let upstream = ScriptedUpstream::start();
    let gate = Gate::new();
    let frames = openai::chat_stream(["a", "b"]);
    let reply = Reply::open_sse()
        .chunks(frames[..2].to_vec())
        .wait_for(&gate)
        .chunks(frames[2..].to_vec())
        .end();
    upstream.enqueue(reply);
    let world = World::of(&upstream);
    let Served { address, workers } = world.serve(2);
    let mut streaming = Connection::open(address).await;
    streaming.send(chat(streamed("hi")).to_bytes()).await.expect("the gateway reads");
    streaming.head().await.expect("a head");
    streaming.event().await.expect("a stream").expect("an event");
    let mut resting = Connection::open(address).await;
    resting.send(Request::get("/livez").to_bytes()).await.expect("the gateway reads");
    assert_eq!(resting.response().await.expect("an answer").status, 200);

    world.shared.drain();
    let closing = tokio::spawn(workers.close());
    resting.closed().await.expect("a connection that rests is closed");
    wait::until_async("the port to be closed", async || {
        tokio::net::TcpStream::connect(address).await.is_err()
    })
    .await;
    assert!(!closing.is_finished(), "the stream is still open");
    assert_eq!(world.shared.in_flight(), 1);
    gate.open();
    let events = streaming.events().await.expect("a whole stream");
    assert_eq!(events.last().map(|event| event.data()), Some("[DONE]".to_owned()));
    streaming.closed().await.expect("and then it is closed");
    wait::within("the workers to end", closing).await.expect("no panic");
    assert_eq!(world.shared.in_flight(), 0);
}

/// Blocks its worker's thread until a test says so.
struct Blocks(Arc<Mutex<Receiver<()>>>, Sender<()>);

impl HookFactory for Blocks {
    fn name(&self) -> &'static str {
        "blocks"
    }

    fn start(&self, _: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        Some(Box::new(Self(self.0.clone(), self.1.clone())))
    }
}

#[async_trait]
impl Hook for Blocks {
    async fn on_request(&mut self, _: &mut HookRequest) -> Result<Flow, Error> {
        let _ = self.1.send(());
        // Whoever comes after the test has let go is not held.
        let _ = self.0.lock().expect("no test panicked").recv();
        Ok(Flow::Continue)
    }
}

#[tokio::test]
async fn closing_serves_whoever_is_in_the_queue() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let (go, held) = channel();
    let (reached, blocked) = channel();
    let hook: Arc<dyn HookFactory> = Arc::new(Blocks(Arc::new(Mutex::new(held)), reached));
    let all = documents::standard(&upstream.base_url());
    let world = World::hooked(Settings::default(), &all, vec![hook]);
    let Served { address, workers } = world.serve(1);

    let mut first = Connection::open(address).await;
    first.send(chat(whole("first")).to_bytes()).await.expect("the kernel takes it");
    wait::until("the worker to block", || blocked.try_recv().is_ok()).await;
    // Nobody accepts these: they are in the kernel's queue.
    let mut asking = Connection::open(address).await;
    asking.send(chat(whole("second")).to_bytes()).await.expect("the kernel takes it");
    let mut silent = Connection::open(address).await;
    let mut late = Connection::open(address).await;

    let closing = tokio::spawn(workers.close());
    tokio::task::yield_now().await;
    drop(go);
    late.send(chat(whole("third")).to_bytes()).await.expect("the gateway reads");
    assert_eq!(first.response().await.expect("an answer").status, 200);
    assert_eq!(asking.response().await.expect("an answer").status, 200);
    assert_eq!(late.response().await.expect("an answer").status, 200);
    silent.closed().await.expect("it is closed without a word");
    wait::within("the workers to end", closing).await.expect("no panic");
}
