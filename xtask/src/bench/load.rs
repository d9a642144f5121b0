//! Callers that ask as fast as they are answered.

use std::io::{BufReader, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, ensure};

use super::format::Format;
use super::subject::Subject;
use super::{Scenario, http};

/// Requests of one scenario to one proxy.
pub(super) struct Load {
    port: u16,
    request: Vec<u8>,
    connections: usize,
    /// What a complete answer ends with.
    ending: &'static [u8],
}

impl Load {
    /// Callers of this scenario, who hear answers in this format.
    pub(super) fn new(scenario: &Scenario, subject: &Subject, heard: Format) -> Self {
        let body = scenario.caller.request(scenario);
        let request = format!(
            "POST {} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            scenario.caller.path(),
            subject.caller_key(),
            body.len()
        );
        Self {
            port: subject.port(),
            request: request.into_bytes(),
            connections: scenario.connections,
            ending: heard.ending(scenario.chunks > 0),
        }
    }

    /// Asks for this long; answers how long each answer took.
    pub(super) fn run(&self, time: Duration) -> Result<Vec<Duration>> {
        let deadline = Instant::now() + time;
        thread::scope(|scope| {
            let callers: Vec<_> = (0..self.connections)
                .map(|_| scope.spawn(move || self.connection(deadline)))
                .collect();
            let mut latencies = Vec::new();
            for caller in callers {
                latencies.extend(caller.join().map_err(|_| anyhow!("a caller panicked"))??);
            }
            Ok(latencies)
        })
    }

    fn connection(&self, deadline: Instant) -> Result<Vec<Duration>> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).context("connecting")?;
        stream.set_nodelay(true)?;
        let mut writer = stream.try_clone()?;
        let mut reader = BufReader::with_capacity(64 << 10, stream);
        let mut body = Vec::new();
        let mut latencies = Vec::new();
        while Instant::now() < deadline {
            let asked = Instant::now();
            writer.write_all(&self.request)?;
            let head = http::head(&mut reader)?.context("the proxy closed the connection")?;
            http::body(&mut reader, &head, &mut body)?;
            latencies.push(asked.elapsed());
            ensure!(
                head.start.contains(" 200 ") && body.ends_with(self.ending),
                "unexpected answer: {} {}",
                head.start.trim_end(),
                String::from_utf8_lossy(&body[..body.len().min(300)])
            );
        }
        Ok(latencies)
    }
}
