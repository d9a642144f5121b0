use std::time::Duration;

use socket2::SockRef;
use tower::Service as _;

use super::{UpstreamSettings, tcp};

#[tokio::test]
async fn connections_are_probed_as_the_settings_say() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    let settings = UpstreamSettings {
        tcp_keepalive: Some(Duration::from_secs(71)),
        tcp_keepalive_interval: Some(Duration::from_secs(17)),
        tcp_keepalive_retries: Some(3),
        ..UpstreamSettings::default()
    };
    let stream = tcp(&settings).call(address).await.unwrap().into_inner();
    let socket = SockRef::from(&stream);
    assert!(socket.keepalive().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(71));
    assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(17));
    assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
}
