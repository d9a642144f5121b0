//! The proxies under test.

use std::fs;
use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::format::Format;
use super::{SCENARIOS, http};
use crate::cargo::Workspace;

/// How long a proxy may take to answer for the first time.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
const ADMIN_KEY: &str = "bench-admin-key";
pub(super) const CALLER_KEY: &str = "sk-bench-caller";

/// A running proxy; it is ended when dropped.
pub(super) struct Subject {
    child: Child,
    port: u16,
    /// How the proxy is started again.
    command: Vec<String>,
}

impl Subject {
    /// nginx as a plain reverse proxy, with its access log.
    pub(super) fn nginx(workspace: &Workspace, upstream: u16) -> Result<Self> {
        let directory = directory(workspace, "nginx")?;
        let port = free_port()?;
        let here = directory.display();
        let configuration = format!(
            "worker_processes {workers};\ndaemon off;\npid {here}/nginx.pid;\nerror_log {here}/error.log;\n\
             events {{ worker_connections 1024; }}\n\
             http {{\n  access_log {here}/access.log;\n  client_max_body_size 0;\n  client_body_buffer_size 256k;\n\
             client_body_temp_path {here}/body;\n  proxy_temp_path {here}/proxy;\n\
             fastcgi_temp_path {here}/f; uwsgi_temp_path {here}/u; scgi_temp_path {here}/s;\n\
             upstream provider {{ server 127.0.0.1:{upstream}; keepalive 128; }}\n\
             server {{\n    listen 127.0.0.1:{port} reuseport;\n    keepalive_requests 1000000000;\n\
             location / {{\n      proxy_pass http://provider;\n      proxy_http_version 1.1;\n\
             proxy_set_header Connection \"\";\n      proxy_set_header Authorization \"Bearer upstream\";\n\
             proxy_buffering off;\n    }}\n  }}\n}}\n",
            workers = thread::available_parallelism()?,
        );
        let file = directory.join("nginx.conf");
        fs::write(&file, configuration)?;
        let program = ["/usr/sbin/nginx", "nginx"];
        let program =
            program.iter().find(|path| fs::exists(path).unwrap_or(false)).unwrap_or(&"nginx");
        let command = vec![(*program).to_owned(), "-c".to_owned(), file.display().to_string()];
        Self::start(command, port)
    }

    /// The gateway with its embedded store and everything on that is on by default.
    pub(super) fn gateway(workspace: &Workspace, upstream: u16) -> Result<Self> {
        let directory = directory(workspace, "gateway")?;
        let store = format!("store:\n  path: {}\n", directory.join("store").display());
        let (gateway, admin) = Self::gateway_with(workspace, &directory, &store)?;
        gateway.configure(admin, upstream)?;
        Ok(gateway)
    }

    /// The gateway with these further settings, and the port of its administrators.
    pub(super) fn gateway_with(
        workspace: &Workspace,
        directory: &Path,
        settings: &str,
    ) -> Result<(Self, u16)> {
        let (port, admin) = (free_port()?, free_port()?);
        let configuration = format!(
            "proxy:\n  addr: 127.0.0.1:{port}\nadmin:\n  addr: 127.0.0.1:{admin}\n  admin_keys: [{ADMIN_KEY}]\n\
             observability:\n  metrics: {{prometheus: {{addr: '127.0.0.1:0'}}}}\n\
             shutdown:\n  min_drain_secs: 0\n{settings}",
        );
        let file = directory.join("config.yaml");
        fs::write(&file, configuration)?;
        let binary = workspace.release_binary().display().to_string();
        let command = vec![binary, "--config".to_owned(), file.display().to_string()];
        Ok((Self::start(command, port)?, admin))
    }

    fn start(command: Vec<String>, port: u16) -> Result<Self> {
        let child = spawn(&command)?;
        let subject = Self { child, port, command };
        subject.answers("/livez", "")?;
        Ok(subject)
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn caller_key(&self) -> &'static str {
        CALLER_KEY
    }

    /// Ends and starts the proxy again and again; answers how long each start took to the first
    /// answer to a caller.
    pub(super) fn starts(&mut self, times: usize) -> Result<Vec<Duration>> {
        (0..times)
            .map(|_| {
                self.end();
                let began = Instant::now();
                self.child = spawn(&self.command)?;
                self.answers("/v1/models", CALLER_KEY)?;
                Ok(began.elapsed())
            })
            .collect()
    }

    /// CPU time that the proxy has used so far.
    pub(super) fn cpu_time(&self) -> Result<Duration> {
        let mut nanos = 0;
        for process in self.processes()? {
            for thread in fs::read_dir(format!("/proc/{process}/task"))? {
                let statistics = fs::read_to_string(thread?.path().join("schedstat"))?;
                let on_cpu = statistics.split(' ').next().unwrap_or("0");
                nanos += on_cpu.parse::<u64>().context("schedstat begins with nanoseconds")?;
            }
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// Resident memory, in KiB.
    pub(super) fn resident_kib(&self) -> Result<u64> {
        let mut kib = 0;
        for process in self.processes()? {
            let status = fs::read_to_string(format!("/proc/{process}/status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
            let number = line.and_then(|line| line.split_whitespace().next());
            kib += number.context("no VmRSS")?.parse::<u64>()?;
        }
        Ok(kib)
    }

    /// The process and its children: nginx serves in processes of its own.
    fn processes(&self) -> Result<Vec<u32>> {
        let parent = self.child.id();
        let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))?;
        let children =
            children.split_whitespace().map(str::parse).collect::<Result<Vec<_>, _>>()?;
        Ok(std::iter::once(parent).chain(children).collect())
    }

    /// Waits until the proxy answers this path at all; a caller's key makes it wait for 200.
    pub(super) fn answers(&self, path: &str, key: &str) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            match get(self.port, path, key) {
                Ok(start) if key.is_empty() || start.contains(" 200 ") => return Ok(()),
                _ => thread::sleep(Duration::from_micros(200)),
            }
        }
        bail!("{} does not answer on port {}", self.command[0], self.port)
    }

    fn configure(&self, admin: u16, upstream: u16) -> Result<()> {
        for format in [Format::OpenAi, Format::Anthropic] {
            let (adapter, path) = (format.adapter(), format.base_path());
            let key = post(
                admin,
                "provider_keys",
                &format!(
                    r#"{{"display_name":"{adapter}","provider":"{adapter}","adapter":"{adapter}","secret":"sk-upstream","api_base":"http://127.0.0.1:{upstream}{path}"}}"#
                ),
            )?;
            let created: serde_json::Value = serde_json::from_slice(&key)?;
            let id = created["id"].as_str().context("the provider key has an id")?;
            for scenario in SCENARIOS.iter().filter(|scenario| scenario.upstream == format) {
                let name = scenario.model;
                let model = format!(
                    r#"{{"display_name":"{name}","provider":"{adapter}","model_name":"{name}","provider_key_id":"{id}"}}"#
                );
                post(admin, "models", &model)?;
            }
        }
        let hash = sha256_of_caller_key()?;
        post(admin, "api_keys", &format!(r#"{{"key_hash":"{hash}","allowed_models":["*"]}}"#))?;
        self.answers("/v1/models", CALLER_KEY)
    }

    fn end(&mut self) {
        // SIGTERM, as an operator ends it; nginx would leave its workers behind otherwise.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        self.end();
    }
}

fn spawn(command: &[String]) -> Result<Child> {
    let (program, arguments) = command.split_first().context("a command has a program")?;
    let log = fs::File::create(std::env::temp_dir().join("aisix-bench.log"))?;
    Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .with_context(|| format!("cannot start {program}"))
}

/// An empty directory.
pub(super) fn directory(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let directory = workspace.tools().with_file_name("bench").join(name);
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

pub(super) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn get(port: u16, path: &str, key: &str) -> Result<String> {
    let request =
        format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {key}\r\n\r\n");
    Ok(exchange(port, &request)?.0)
}

fn post(admin: u16, collection: &str, body: &str) -> Result<Vec<u8>> {
    let length = body.len();
    let request = format!(
        "POST /admin/v1/{collection} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {ADMIN_KEY}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    let deadline = Instant::now() + PATIENCE;
    let (start, answer) = loop {
        match exchange(admin, &request) {
            Ok(answer) => break answer,
            Err(cause) if Instant::now() > deadline => return Err(cause),
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    };
    let text = String::from_utf8_lossy(&answer);
    ensure!(start.contains(" 201 "), "{collection} was not created: {start}{text}");
    Ok(answer)
}

/// The first line of the answer, and its body.
pub(super) fn exchange(port: u16, request: &str) -> Result<(String, Vec<u8>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(request.as_bytes())?;
    let mut reader = BufReader::new(stream);
    let head = http::head(&mut reader)?.context("the connection was closed")?;
    let mut body = Vec::new();
    http::body(&mut reader, &head, &mut body)?;
    Ok((head.start, body))
}

/// The hash as the documentation makes it, with the tool that every Debian has.
pub(super) fn sha256_of_caller_key() -> Result<String> {
    let mut child =
        Command::new("sha256sum").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    child.stdin.take().context("stdin is piped")?.write_all(CALLER_KEY.as_bytes())?;
    let output = child.wait_with_output()?;
    let text = String::from_utf8(output.stdout)?;
    Ok(text.split_whitespace().next().context("sha256sum prints a hash")?.to_owned())
}
