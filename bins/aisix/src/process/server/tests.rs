use aisix_testing::{Connection, Request};
use axum::routing::get;
use tokio::sync::watch;

use super::*;

/// A listener with one path, which answers when it is told to.
struct Listening {
    address: SocketAddr,
    task: JoinHandle<()>,
    end: oneshot::Sender<()>,
    /// How many calls have begun.
    begun: watch::Sender<usize>,
    answer: watch::Sender<bool>,
}

async fn listening() -> Listening {
    listening_for(None).await
}

/// The same, with connections that may rest for so long.
async fn listening_for(idle: Option<Duration>) -> Listening {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (begun, answer) = (watch::Sender::new(0), watch::Sender::new(false));
    let (begins, answers) = (begun.clone(), answer.clone());
    let slow = get(async move || {
        begins.send_modify(|begun| *begun += 1);
        answers.subscribe().wait_for(|answer| *answer).await.unwrap();
        "done"
    });
    let router = Router::new().route("/slow", slow);
    let patience = Patience { head: Some(HEAD), idle };
    let (end, ended) = oneshot::channel();
    let task = tokio::spawn(serve(listener, None, router, patience, ended));
    Listening { address, task, end, begun, answer }
}

async fn calling(listening: &Listening) -> Connection {
    let mut connection = Connection::open(listening.address).await;
    connection.send(Request::get("/slow").to_bytes()).await.unwrap();
    listening.begun.subscribe().wait_for(|begun| *begun == 1).await.unwrap();
    connection
}

#[tokio::test(start_paused = true)]
async fn closes_a_connection_whose_head_never_ends() {
    let listening = listening().await;
    let mut connection = Connection::open(listening.address).await;
    connection.send("GET /slow HTTP/1.1\r\nhost:").await.unwrap();
    connection.closed().await.unwrap();
}

#[tokio::test]
async fn lets_a_call_under_way_finish_before_it_ends() {
    let listening = listening().await;
    let mut connection = calling(&listening).await;
    drop(listening.end);
    listening.answer.send_replace(true);
    assert_eq!(connection.response().await.unwrap().text(), "done");
    connection.closed().await.unwrap();
    listening.task.await.unwrap();
    std::net::TcpStream::connect(listening.address).unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn does_not_wait_forever_for_a_call_under_way() {
    let listening = listening().await;
    let _connection = calling(&listening).await;
    let asked = tokio::time::Instant::now();
    drop(listening.end);
    listening.task.await.unwrap();
    // The clock stands still but for the waits.
    assert_eq!(asked.elapsed().as_secs(), GRACE.as_secs());
}

#[tokio::test(start_paused = true)]
async fn closes_a_connection_that_rests_for_too_long_and_no_other() {
    let listening = listening_for(Some(Duration::from_secs(7))).await;
    let mut connection = calling(&listening).await;
    // The clock stands still but for the waits.
    tokio::time::sleep(Duration::from_secs(70)).await;
    listening.answer.send_replace(true);
    assert_eq!(connection.response().await.unwrap().text(), "done");
    let asked = tokio::time::Instant::now();
    connection.closed().await.unwrap();
    assert_eq!(asked.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn lets_a_connection_rest_as_long_as_it_likes_where_nothing_else_is_said() {
    let listening = listening().await;
    let mut connection = calling(&listening).await;
    listening.answer.send_replace(true);
    assert_eq!(connection.response().await.unwrap().text(), "done");
    tokio::time::sleep(Duration::from_secs(100_000)).await;
    connection.send(Request::get("/slow").to_bytes()).await.unwrap();
    assert_eq!(connection.response().await.unwrap().text(), "done");
}
