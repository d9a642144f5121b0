//! What becomes of gateways when etcd is in trouble or holds nonsense: they serve on, say so, and
//! heal by themselves.

use aisix_testing::fixtures::openai;
use aisix_testing::{Etcd, Program, Reply, Request, ScriptedUpstream, wait};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use serde_json::{Value, json};

use crate::gateway::{Gateway, program};
use crate::status::{config, get};

const CALLER: &str = "sk-caller";

/// A gateway around an etcd, `more` being further keys of its section, with one model that answers.
struct Serving {
    gateway: Gateway,
    _upstream: ScriptedUpstream,
    provider_key: String,
}

impl Serving {
    async fn start(program: &Program) -> Self {
        let upstream = ScriptedUpstream::start();
        upstream.always(Reply::json(200, openai::chat_completion("Still here.")));
        let gateway = Gateway::start(program).await;
        let base = format!("{}/v1", upstream.base_url());
        let provider_key = gateway.provider_key("openai", &base, "sk-provider").await;
        gateway.model("chat", "gpt-4o", &provider_key).await;
        gateway.caller_key(CALLER, &["*"]).await;
        Self { gateway, _upstream: upstream, provider_key }
    }

    async fn ask(&self, model: &str) -> u16 {
        ask(&self.gateway, model).await
    }

    async fn create(&self, name: &str) -> aisix_testing::Response {
        create(&self.gateway, name, &self.provider_key).await
    }

    async fn config_comes_to(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        wait::until_async(what, async || holds(&config(&self.gateway).await)).await;
    }

    async fn metric(&self, sample: &str) -> String {
        let (_, text) = get(&self.gateway, "/metrics").await;
        let prefix = format!("{sample} ");
        let found = text.lines().find_map(|line| line.strip_prefix(&prefix));
        found.unwrap_or_else(|| panic!("no {sample} in {text}")).to_owned()
    }

    /// Waits until the log says this so often, and makes sure that it does not say it more often.
    async fn says(&self, times: usize, part: &str) {
        let said = || self.gateway.process.lines().iter().filter(|l| l.contains(part)).count();
        wait::until(&format!("the log to say '{part}'"), || said() >= times).await;
        assert_eq!(said(), times, "{part}");
    }

    /// What must be true while etcd cannot be read, for a reason that holds these words.
    async fn serves_on_without_etcd(&self, reason: &str) {
        self.config_comes_to(&format!("the report to say '{reason}'"), |config| {
            let failure = &config["last_failure"];
            failure["last_error_kind"] == "fetch"
                && failure["last_error"].as_str().is_some_and(|text| text.contains(reason))
        })
        .await;
        assert_eq!(config(&self.gateway).await["source"]["connected"], false);
        assert_eq!(self.ask("chat").await, 200);
        assert_eq!(self.metric("aisix_config_source_connected").await, "0");
        assert_ne!(self.metric("aisix_config_reload_failures_total{reason=\"fetch\"}").await, "0");
        self.says(1, "lost the configuration source").await;
    }

    async fn heals(&self) {
        self.config_comes_to("etcd to be watched", |config| config["source"]["connected"] == true)
            .await;
        assert_eq!(self.metric("aisix_config_source_connected").await, "1");
        assert_eq!(self.create("afterwards").await.status, 201);
        assert_eq!(self.ask("afterwards").await, 200);
        assert_eq!(self.ask("chat").await, 200);
    }
}

async fn ask(gateway: &Gateway, model: &str) -> u16 {
    let request = Request::post("/v1/chat/completions").bearer(CALLER);
    request.json(openai::chat_request(model, "Hi")).send(gateway.proxy).await.status
}

async fn create(gateway: &Gateway, name: &str, provider_key: &str) -> aisix_testing::Response {
    let value = model(name, provider_key);
    gateway.admin(Request::post("/admin/v1/models").json(value.to_string())).await
}

fn model(name: &str, provider_key: &str) -> Value {
    json!({
        "display_name": name, "provider": "openai", "model_name": "gpt-4o",
        "provider_key_id": provider_key,
    })
}

/// The program around an etcd, with further keys of its section in YAML's flow style.
fn around(etcd: &Etcd, more: &str) -> Program {
    let url = etcd.url();
    program(&format!("shutdown: {{min_drain_secs: 0}}\netcd: {{endpoints: ['{url}']{more}}}"))
}

#[tokio::test]
async fn an_etcd_that_is_full_is_said_plainly_and_written_again_when_there_is_room() {
    let etcd = Etcd::start_with(&["--quota-backend-bytes", "4000000"]).await;
    let serving = Serving::start(&around(&etcd, "")).await;
    etcd.fill().await;

    let refused = serving.create("more").await;
    assert_eq!(refused.status, 500, "{}", refused.text());
    let message = "store error: the configuration store is full: what it holds serves on, and \
                   nothing can be written until its operator makes room";
    assert_eq!(refused.json::<Value>()["error_msg"], message);
    serving.says(1, "admin request failed").await;
    serving.says(1, "database space exceeded").await;
    assert_eq!(serving.ask("chat").await, 200);
    let report = config(&serving.gateway).await;
    assert_eq!(
        (&report["state"], &report["source"]["connected"]),
        (&json!("synced"), &json!(true))
    );

    let caller = serving.gateway.admin(Request::get("/admin/v1/apikeys")).await;
    let caller = caller.json::<Value>()[0]["id"].as_str().expect("an id").to_owned();
    let revoked =
        serving.gateway.admin(Request::delete(&format!("/admin/v1/apikeys/{caller}"))).await;
    assert_eq!(revoked.status, 200, "{}", revoked.text());
    assert_eq!(serving.ask("chat").await, 401, "a revocation does not wait for room");

    etcd.make_room().await;
    serving.gateway.caller_key(CALLER, &["*"]).await;
    serving.heals().await;
    serving.gateway.stop().await;
}

#[tokio::test]
async fn an_etcd_that_stops_in_the_middle_of_a_request_costs_that_request_only() {
    let etcd = Etcd::start().await;
    let serving = Serving::start(&around(&etcd, ", request_timeout_ms: 500")).await;
    etcd.pause();
    let refused = serving.create("meanwhile").await;
    assert_eq!(refused.status, 500, "{}", refused.text());
    assert!(refused.text().contains("the configuration store failed"), "{}", refused.text());
    serving.says(1, "admin request failed").await;
    assert_eq!(serving.ask("chat").await, 200);

    etcd.resume();
    serving.heals().await;
    serving.gateway.stop().await;
}

#[tokio::test]
async fn a_password_that_etcd_no_longer_takes_is_reported_until_it_does() {
    let mut etcd = Etcd::start().await;
    etcd.require_password("the-right-one").await;
    let login = ", user: root, password_env: ETCD_PASSWORD";
    let program = around(&etcd, login).env("ETCD_PASSWORD", "the-right-one");
    let serving = Serving::start(&program).await;
    etcd.change_password("the-right-one", "another").await;
    etcd.kill().await;
    etcd.start_again().await;

    serving.serves_on_without_etcd("cannot log in to etcd").await;
    assert_eq!(serving.create("meanwhile").await.status, 500);
    etcd.change_password("another", "the-right-one").await;
    serving.heals().await;
    let process = serving.gateway.stop().await;
    assert!(!process.lines().iter().any(|line| line.contains("the-right-one")));
}

/// Certificates of one authority for both sides of a connection to etcd, in files.
struct Certificates {
    program: Program,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Certificates {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("a certificate");
        let program = Program::aisix();
        program.write("ca.pem", authority.pem());
        Self { program, authority }
    }

    /// Writes a certificate and its key that expire with this year.
    fn write(&self, name: &str, year: i32) {
        let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        let mut params = CertificateParams::new(names).expect("names");
        params.not_after = date_time_ymd(year, 12, 31);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.authority).expect("a certificate");
        self.program.write(&format!("{name}.key"), key.serialize_pem());
        self.program.write(&format!("{name}.pem"), certificate.pem());
    }

    fn path(&self, name: &str) -> String {
        self.program.directory().join(name).display().to_string()
    }

    async fn etcd(&self) -> Etcd {
        let [ca, certificate, key] = ["ca.pem", "server.pem", "server.key"].map(|n| self.path(n));
        Etcd::start_with_tls(&[
            "--client-cert-auth",
            "--trusted-ca-file",
            &ca,
            "--cert-file",
            &certificate,
            "--key-file",
            &key,
        ])
        .await
    }

    fn keys(&self) -> String {
        let [ca, certificate, key] = ["ca.pem", "client.pem", "client.key"].map(|n| self.path(n));
        format!(
            ", tls: {{ca_cert_file: '{ca}', client_cert_file: '{certificate}', \
             client_key_file: '{key}'}}"
        )
    }
}

#[tokio::test]
async fn a_certificate_of_etcd_that_expires_is_reported_until_there_is_a_new_one() {
    let certificates = Certificates::new();
    certificates.write("server", 2999);
    certificates.write("client", 2999);
    let mut etcd = certificates.etcd().await;
    let serving = Serving::start(&around(&etcd, &certificates.keys())).await;

    certificates.write("server", 2001);
    etcd.kill().await;
    etcd.start_again().await;
    serving.serves_on_without_etcd("expired").await;
    certificates.write("server", 2999);
    serving.heals().await;
    serving.gateway.stop().await;
}

#[tokio::test]
async fn a_certificate_of_ours_that_has_expired_is_replaced_without_a_restart() {
    let certificates = Certificates::new();
    certificates.write("server", 2999);
    certificates.write("client", 2001);
    let etcd = certificates.etcd().await;
    let gateway = Gateway::start(&around(&etcd, &certificates.keys())).await;
    let report = config(&gateway).await;
    assert_eq!(report["state"], "never_loaded");
    assert_eq!(report["last_failure"]["last_error_kind"], "fetch");

    certificates.write("client", 2999);
    wait::until_async("etcd to be watched", async || {
        config(&gateway).await["source"]["connected"] == true
    })
    .await;
    assert_eq!(config(&gateway).await["state"], "empty");
    gateway.stop().await;
}

#[tokio::test]
async fn a_document_that_turns_bad_serves_as_it_was_and_is_said_once() {
    let etcd = Etcd::start().await;
    let serving = Serving::start(&around(&etcd, "")).await;
    let good = model("written", &serving.provider_key).to_string();
    etcd.put("/aisix/models/written", &good).await;
    wait::until_async("the model", async || serving.ask("written").await == 200).await;
    let cases = [
        ("{", "non_json"),
        (r#"{"display_name": ["written"]}"#, "schema_failed"),
        ("\u{0}\u{1}", "non_json"),
    ];
    for (number, (bad, class)) in (1..).zip(cases) {
        etcd.put("/aisix/models/written", bad).await;
        serving
            .config_comes_to(class, |config| {
                config["state"] == "degraded" && config["rejected"][0]["last_error_kind"] == class
            })
            .await;
        assert_eq!(serving.ask("written").await, 200);
        assert_eq!(serving.metric("aisix_config_rejected_resources{kind=\"models\"}").await, "1");
        assert_eq!(
            serving.metric("aisix_config_stale_served_resources{kind=\"models\"}").await,
            "1"
        );
        serving.says(number, "rejected a document").await;
    }
    etcd.put("/aisix/gizmos/x", "{}").await;
    serving
        .config_comes_to("the unknown kind", |config| {
            config["rejected"][0]["last_error_kind"] == "unknown_kind"
        })
        .await;
    etcd.delete("/aisix/gizmos/x").await;
    etcd.put("/aisix/models/written", &good).await;
    serving.config_comes_to("the good document", |config| config["state"] == "synced").await;
    assert_eq!(serving.metric("aisix_config_rejected_resources{kind=\"models\"}").await, "0");
    serving.gateway.stop().await;
}

#[tokio::test]
async fn a_reference_to_nothing_fails_its_own_requests_and_heals_when_it_leads_somewhere() {
    let etcd = Etcd::start().await;
    let serving = Serving::start(&around(&etcd, "")).await;
    etcd.put("/aisix/models/dangling", model("dangling", "to-come").to_string()).await;
    wait::until_async("the model", async || serving.ask("dangling").await == 503).await;
    assert_eq!(serving.ask("chat").await, 200);
    assert_eq!(config(&serving.gateway).await["state"], "synced");

    let path = format!("/admin/v1/provider_keys/{}", serving.provider_key);
    let key = serving.gateway.admin(Request::get(&path)).await.json::<Value>();
    let base = &key["value"]["api_base"];
    let key = json!({
        "display_name": "late", "provider": "openai", "secret": "sk-late", "api_base": base,
    });
    etcd.put("/aisix/provider_keys/to-come", key.to_string()).await;
    wait::until_async("the model", async || serving.ask("dangling").await == 200).await;
    serving.gateway.stop().await;
}

#[tokio::test]
async fn two_administrators_at_two_gateways_lose_nothing_and_give_no_name_twice() {
    let etcd = Etcd::start().await;
    let serving = Serving::start(&around(&etcd, "")).await;
    let other = Gateway::start(&around(&etcd, "")).await;
    let (key, gateway) = (&serving.provider_key, &serving.gateway);
    let write = async |gateway: &Gateway, own: &str| {
        let mut made = Vec::new();
        for number in 0..12 {
            for name in [format!("both-{number}"), format!("{own}-{number}")] {
                let answer = create(gateway, &name, key).await;
                assert!(matches!(answer.status, 201 | 409), "{}", answer.text());
                if answer.status == 201 {
                    made.push(name);
                }
            }
        }
        made
    };
    let (mut made, more) = tokio::join!(write(gateway, "one"), write(&other, "two"));
    made.extend(more);
    made.push("chat".to_owned());
    made.sort_unstable();
    let names = |listed: Vec<Value>| {
        let name = |model: &Value| model["value"]["display_name"].as_str().map(str::to_owned);
        let mut names: Vec<_> = listed.iter().filter_map(name).collect();
        names.sort_unstable();
        names
    };
    for gateway in [gateway, &other] {
        let listed = gateway.admin(Request::get("/admin/v1/models")).await.json::<Vec<Value>>();
        assert_eq!(names(listed), made);
    }
    assert_eq!(made.len(), 1 + 3 * 12, "each common name went to one of them");
    serving.gateway.stop().await;
    other.stop().await;
}
