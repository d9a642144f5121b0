//! The proxies under test.

use std::fs;
use std::io::{BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::{SCENARIOS, http};
use crate::cargo::Workspace;

/// How long a proxy may take to answer for the first time.
const PATIENCE: Duration = Duration::from_secs(10);
const ADMIN_KEY: &str = "bench-admin-key";
const CALLER_KEY: &str = "sk-bench-caller";

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
        let program = program.iter().find(|path| fs::exists(path).unwrap_or(false)).unwrap_or(&"nginx");
        let command = vec![(*program).to_owned(), "-c".to_owned(), file.display().to_string()];
        Self::start(command, port)
    }

    /// The gateway with its embedded store and everything on that is on by default.
    pub(super) fn gateway(workspace: &Workspace, upstream: u16) -> Result<Self> {
        let directory = directory(workspace, "gateway")?;
        let (port, admin) = (free_port()?, free_port()?);
        let store = directory.join("store");
        let configuration = format!(
            "proxy:\n  addr: 127.0.0.1:{port}\nadmin:\n  addr: 127.0.0.1:{admin}\n  admin_keys: [{ADMIN_KEY}]\n\
             store:\n  path: {}\nshutdown:\n  min_drain_secs: 0\n",
            store.display()
        );
        let file = directory.join("config.yaml");
        fs::write(&file, configuration)?;
        let binary = workspace.release_binary().display().to_string();
        let command = vec![binary, "--config".to_owned(), file.display().to_string()];
        let gateway = Self::start(command, port)?;
        gateway.configure(admin, upstream)?;
        Ok(gateway)
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

    /// Starts the proxy again and again; answers how long each took to its first model list.
    pub(super) fn starts(mut self_: &Self, times: usize) -> Result<Vec<Duration>> {
        let _ = &mut self_;
        (0..times).map(|_| self_.start_again()).collect()
    }
}
