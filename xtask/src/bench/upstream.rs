//! An upstream whose answers are fixed.

use std::io::{self, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use anyhow::Result;

use super::{SCENARIOS, Scenario, http};

/// Enough for the few frames of a connection's thread.
const STACK: usize = 128 << 10;

/// A running upstream; it ends with the process.
pub(super) struct Upstream {
    port: u16,
}

impl Upstream {
    /// Listens on a free port of the loopback interface.
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let connection = thread::Builder::new().stack_size(STACK);
                // A connection that cannot be served is an error that the load will see.
                let _ = connection.spawn(move || serve(stream));
            }
        });
        Ok(Self { port })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

fn serve(stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::with_capacity(64 << 10, stream);
    let mut body = Vec::new();
    while let Some(head) = http::head(&mut reader)? {
        http::body(&mut reader, &head, &mut body)?;
        let beginning = String::from_utf8_lossy(&body[..body.len().min(256)]);
        let scenario = SCENARIOS
            .iter()
            .find(|scenario| beginning.contains(scenario.model))
            .ok_or(io::ErrorKind::InvalidData)?;
        answer(&mut writer, scenario)?;
    }
    Ok(())
}

fn answer(writer: &mut TcpStream, scenario: &Scenario) -> io::Result<()> {
    let Scenario { model, upstream, .. } = *scenario;
    if scenario.chunks == 0 {
        let body = upstream.answer(model);
        let length = body.len();
        return writer.write_all(
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
                .as_bytes(),
        );
    }
    let mut head =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            .to_vec();
    head.extend(chunk(&upstream.beginning(model)));
    writer.write_all(&head)?;
    let content = chunk(&upstream.content(model));
    for _ in 0..scenario.chunks {
        writer.write_all(&content)?;
        if !scenario.pause.is_zero() {
            thread::sleep(scenario.pause);
        }
    }
    let mut end = chunk(&upstream.end(model));
    end.extend_from_slice(b"0\r\n\r\n");
    writer.write_all(&end)
}

/// One chunk of a body; nothing for no data, as an empty chunk would end the body.
fn chunk(data: &str) -> Vec<u8> {
    if data.is_empty() {
        return Vec::new();
    }
    format!("{:x}\r\n{data}\r\n", data.len()).into_bytes()
}
