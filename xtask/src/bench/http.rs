//! As much HTTP/1.1 as the benchmark needs, on blocking sockets.

use std::io::{self, BufRead, BufReader, Read};
use std::net::TcpStream;

/// A head, read up to its blank line.
pub(super) struct Head {
    /// The first line.
    pub(super) start: String,
    /// The length of the body, where it is declared.
    pub(super) length: Option<usize>,
    /// Whether the body comes in chunks.
    pub(super) chunked: bool,
}

/// Reads a head; `None` at the end of the connection.
pub(super) fn head(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Head>> {
    let mut start = String::new();
    if reader.read_line(&mut start)? == 0 {
        return Ok(None);
    }
    let mut head = Head { start, length: None, chunked: false };
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { return Ok(Some(head)) };
        if name.eq_ignore_ascii_case("content-length") {
            head.length = value.trim().parse().ok();
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            head.chunked = value.trim().eq_ignore_ascii_case("chunked");
        }
    }
}

/// Reads a body into `body`, decoded.
pub(super) fn body(
    reader: &mut BufReader<TcpStream>,
    head: &Head,
    body: &mut Vec<u8>,
) -> io::Result<()> {
    body.clear();
    if !head.chunked {
        body.resize(head.length.unwrap_or(0), 0);
        return reader.read_exact(body);
    }
    let mut line = String::new();
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let size = usize::from_str_radix(line.trim(), 16)
            .map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        let begin = body.len();
        body.resize(begin + size, 0);
        reader.read_exact(&mut body[begin..])?;
        line.clear();
        reader.read_line(&mut line)?;
        if size == 0 {
            return Ok(());
        }
    }
}
