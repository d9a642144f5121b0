use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};

use super::prepare;

#[tokio::test]
async fn callers_that_vanish_are_noticed_and_chunks_are_not_held_back() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let (_caller, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
    let (stream, _) = accepted.expect("a connection");
    prepare(&stream);
    assert!(SockRef::from(&stream).keepalive().expect("an option"));
    assert!(stream.nodelay().expect("an option"));
}
