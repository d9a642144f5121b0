//! One connection of a scripted upstream: read a request, play its reply, and again.

use std::future::pending;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

use super::record::Record;
use super::{Received, Reply, Step};
use crate::wait;
use crate::wire::{self, Body, Malformed, RequestHead};

/// How a reply ended.
enum Ending {
    Complete,
    Close,
    Reset,
    /// The peer closed the connection first.
    Abandoned,
}

/// Why there is no further request.
enum NoRequest {
    Closed,
    Malformed(Malformed),
}

impl From<std::io::Error> for NoRequest {
    fn from(_: std::io::Error) -> Self {
        Self::Closed
    }
}

impl From<Malformed> for NoRequest {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

/// Serves one connection until either side ends it.
pub(super) async fn serve_connection(mut stream: TcpStream, number: usize, record: &Record) {
    // Every write is a packet, so that a test decides how bytes are split.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let mut unread = BytesMut::new();
    loop {
        let (received, keep_alive) = match read_request(&mut stream, &mut unread, number).await {
            Ok(request) => request,
            Err(NoRequest::Closed) => return,
            Err(NoRequest::Malformed(Malformed(why))) => {
                let reply = Reply::text(400, why.clone());
                record.problem(format!("malformed request: {why}"));
                play(reply, &mut stream, &mut unread).await;
                return;
            }
        };
        let reply = record.reply_to(&received);
        match play(reply, &mut stream, &mut unread).await {
            Ending::Complete if keep_alive => {}
            Ending::Complete | Ending::Close => return,
            Ending::Reset => {
                // A socket that is gone already needs no reset.
                let _ = stream.set_zero_linger();
                return;
            }
            Ending::Abandoned => return record.abandoned(received),
        }
    }
}

async fn read_request(
    stream: &mut TcpStream,
    unread: &mut BytesMut,
    connection: usize,
) -> Result<(Received, bool), NoRequest> {
    let RequestHead { method, target, headers, keep_alive, body } = loop {
        if let Some(head) = wire::take_request_head(unread)? {
            break head;
        }
        read_more(stream, unread).await?;
    };
    let body = read_body(body, stream, unread).await?;
    Ok((Received { method, path_and_query: target, headers, body, connection }, keep_alive))
}

async fn read_body(
    mut body: Body,
    stream: &mut TcpStream,
    unread: &mut BytesMut,
) -> Result<Bytes, NoRequest> {
    let mut whole = BytesMut::new();
    loop {
        while let Some(piece) = body.take(unread)? {
            whole.extend_from_slice(&piece);
        }
        if body.is_done() {
            return Ok(whole.freeze());
        }
        read_more(stream, unread).await?;
    }
}

async fn read_more(stream: &mut TcpStream, unread: &mut BytesMut) -> Result<(), NoRequest> {
    match stream.read_buf(unread).await? {
        0 => Err(NoRequest::Closed),
        _ => Ok(()),
    }
}

/// Plays a reply while watching whether the peer stays.
async fn play(reply: Reply, stream: &mut TcpStream, unread: &mut BytesMut) -> Ending {
    let (mut reader, mut writer) = stream.split();
    tokio::select! {
        biased;
        ending = perform(reply, &mut writer) => ending,
        () = peer_leaves(&mut reader, unread) => Ending::Abandoned,
    }
}

/// Resolves when the peer has closed; what it still sends is kept for the next request.
async fn peer_leaves(reader: &mut ReadHalf<'_>, unread: &mut BytesMut) {
    while !matches!(reader.read_buf(unread).await, Ok(0) | Err(_)) {}
}

async fn perform(reply: Reply, writer: &mut WriteHalf<'_>) -> Ending {
    for step in reply.into_steps() {
        let written = match &step {
            Step::WaitFor(gate) => {
                gate.pass().await;
                Ok(())
            }
            Step::Trickle { bytes, piece, pause } => trickle(writer, bytes, *piece, *pause).await,
            Step::Hang => pending().await,
            Step::Close => return Ending::Close,
            Step::Reset => return Ending::Reset,
            Step::Head(..) | Step::Bytes(_) | Step::Chunk(_) | Step::EndChunks => {
                writer.write_all(&step.written().unwrap_or_default()).await
            }
        };
        if written.is_err() {
            return Ending::Abandoned;
        }
    }
    Ending::Complete
}

async fn trickle(
    writer: &mut WriteHalf<'_>,
    bytes: &Bytes,
    piece: usize,
    pause: std::time::Duration,
) -> std::io::Result<()> {
    for piece in bytes.chunks(piece.max(1)) {
        writer.write_all(piece).await?;
        wait::pause(pause).await;
    }
    Ok(())
}
