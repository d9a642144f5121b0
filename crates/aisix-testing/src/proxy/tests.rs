use super::*;
use crate::{Connection, Reply, ScriptedUpstream};

const HEAD: &str = "CONNECT up.example:443 HTTP/1.1\r\nhost: up.example:443\r\n\r\n";

#[tokio::test]
async fn a_tunnel_leads_to_the_address_of_the_script_and_ends_with_either_side() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::text(200, "there").close());
    let proxy = ScriptedProxy::start(Verdict::Tunnel(upstream.address()));
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.write_all(HEAD.as_bytes()).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200"), "{said}");
    assert!(said.ends_with("there"), "{said}");
    assert_eq!(proxy.heads(), [HEAD]);
    drop(stream);
    proxy.wait_idle().await;
    upstream.wait_idle().await;
}

#[tokio::test]
async fn a_refusal_is_said_as_it_is_written() {
    let proxy = ScriptedProxy::start(Verdict::Hang);
    proxy.set(Verdict::Say("HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n".into()));
    let mut connection = Connection::open(proxy.address()).await;
    connection.send(HEAD).await.unwrap();
    assert_eq!(connection.response().await.unwrap().status, 403);
    proxy.asked(1).await;
    proxy.wait_idle().await;
}
