//! Secrets that are documents: upstreams quote the part that they were sent, and what was made of
//! one, and none of these gets out either.

use aisix_gateway::Settings;
use aisix_testing::fixtures::google::{PRIVATE_KEY, with_account, with_token};
use aisix_testing::{Canaries, Reply, ScriptedUpstream};
use serde_json::{Value, json};

use crate::common::spoken::{FORMATS, MESSAGES, Spoken};
use crate::common::ways::{WAYS, Way};
use crate::common::*;

/// A way to an upstream with a secret whose parts are canaries.
struct Planted {
    way: &'static Way,
    canaries: Canaries,
    /// What an upstream may quote.
    parts: Vec<String>,
    /// The one that is granted.
    token: Option<String>,
    /// Who grants tokens.
    granting: ScriptedUpstream,
    upstream: ScriptedUpstream,
    world: World,
    /// Everything that callers were told.
    told: String,
}

/// What a secret holds, made of the parts that it plants and the address of who grants tokens.
type Secret = fn(&mut dyn FnMut(&str) -> String, &str) -> String;

fn access_keys(plant: &mut dyn FnMut(&str) -> String, _: &str) -> String {
    json!({
        "access_key_id": "AKIDEXAMPLE0123456789", "secret_access_key": plant("secret access key"),
        "session_token": plant("session token"), "region": "eu-west-3",
    })
    .to_string()
}

fn bedrocks(plant: &mut dyn FnMut(&str) -> String, _: &str) -> String {
    json!({"api_key": plant("api key"), "region": "eu-west-3"}).to_string()
}

fn plain_token(plant: &mut dyn FnMut(&str) -> String, _: &str) -> String {
    with_token(&plant("access token"))
}

fn account(_: &mut dyn FnMut(&str) -> String, granting: &str) -> String {
    with_account(&format!("{granting}/token"), PRIVATE_KEY)
}

fn account_as_text(_: &mut dyn FnMut(&str) -> String, granting: &str) -> String {
    let secret = with_account(&format!("{granting}/token"), PRIVATE_KEY);
    let mut secret: Value = serde_json::from_str(&secret).expect("it is JSON");
    secret["service_account_json"] = secret["service_account_json"].to_string().into();
    secret.to_string()
}

fn application(plant: &mut dyn FnMut(&str) -> String, granting: &str) -> String {
    json!({
        "tenant_id": "contoso.example", "client_id": "app", "authority_host": granting,
        "client_secret": plant("client secret"),
    })
    .to_string()
}

/// The secrets of each family; whether a token is granted for it.
const SECRETS: [(&str, Secret, bool); 6] = [
    ("bedrock", access_keys, false),
    ("bedrock", bedrocks, false),
    ("vertex", plain_token, false),
    ("vertex", account, true),
    ("vertex", account_as_text, true),
    ("azure-openai", application, true),
];

impl Planted {
    fn new(way: &'static Way, secret: Secret, granted: bool) -> Self {
        let (granting, upstream) = (ScriptedUpstream::start(), ScriptedUpstream::start());
        let (mut canaries, mut parts) = (Canaries::new(), Vec::new());
        let secret = secret(
            &mut |name| {
                let planted = canaries.plant(name);
                parts.push(planted.clone());
                planted
            },
            &granting.base_url(),
        );
        let id =
            serde_json::from_str::<Value>(&secret).expect("it is JSON")["access_key_id"].clone();
        if let Some(id) = id.as_str() {
            canaries.add("access key id", id);
            parts.push(id.to_owned());
        }
        if secret.contains("PRIVATE KEY") {
            let line = PRIVATE_KEY.lines().nth(3).expect("the key has lines");
            canaries.add("a line of the private key", line);
            parts.extend([PRIVATE_KEY.to_owned(), line.to_owned()]);
        }
        let token = granted.then(|| {
            let token = canaries.plant("granted token");
            let grant = json!({"token_type": "Bearer", "expires_in": 3599, "access_token": token});
            granting.always(Reply::json(200, grant.to_string()));
            parts.push(token.clone());
            token
        });
        parts.push(secret.clone());
        let documents = way.documents_with(&upstream, &secret);
        let world = World::with(Settings::default(), &documents);
        Self { way, canaries, parts, token, granting, upstream, world, told: String::new() }
    }

    /// Asks for a whole answer or for a stream, and keeps what is told.
    async fn ask_for(&mut self, spoken: &Spoken, stream: bool, reply: Reply) {
        self.upstream.enqueue(reply);
        let body = spoken.body(MODEL, "hi", stream);
        let mut answer = self.world.stream(spoken.request(body)).await;
        let body = answer.rest().await;
        self.told += &format!(
            "{:?} {body}
",
            answer.head
        );
    }

    /// The upstream quotes it, wherever it can.
    async fn ask_what_quotes(&mut self, spoken: &Spoken, part: &str) {
        let quoting = format!("not {part}! (Bearer {part})");
        let in_words = (self.way.failure)(&quoting, false);
        let escaped = in_words.replace('/', "\\/");
        let cut_off = (self.way.failure)(&format!("{}{part}", "x".repeat(1000)), false);
        let elsewhere = json!({"detail": {"why": [part]}}).to_string();
        let in_codes =
            json!({"error": {"message": "no", "type": part, "code": part, "param": part}});
        let bodies = [in_words, escaped, cut_off, elsewhere, in_codes.to_string(), quoting.clone()];
        for (number, status) in [302, 400, 403, 404, 429, 503].into_iter().enumerate() {
            for (place, body) in bodies.iter().enumerate() {
                let mut reply = Reply::json(status, body.clone());
                if !part.contains('\n') {
                    reply = reply.header("x-amzn-errortype", part).header("x-why", part);
                }
                self.ask_for(spoken, (number + place) % 2 == 0, reply).await;
            }
        }
        for body in &bodies {
            for stream in [false, true] {
                self.ask_for(spoken, stream, Reply::json(200, body.clone())).await;
            }
        }
        let mut frames = (self.way.stream)(spoken, &["Hel", "lo"]);
        let failed = (self.way.failed_frame)(&quoting);
        self.ask_for(spoken, true, self.way.streamed([&failed])).await;
        frames.truncate(3);
        frames.push(failed);
        self.ask_for(spoken, true, self.way.streamed(frames)).await;
    }

    fn assert_kept(&self) {
        let name = self.way.name;
        self.canaries.assert_absent(name, self.told.as_bytes());
        let metrics = self.world.metrics_text();
        assert!(metrics.contains("aisix_requests_total"), "something was counted: {metrics}");
        self.canaries.assert_absent("the metrics", metrics.as_bytes());
        let shown = format!("{:?}", self.world.shared);
        self.canaries.assert_absent("what is shown for debugging", shown.as_bytes());
    }
}

/// None of their parts stands in the log that was written since it had this length.
fn assert_not_logged(planted: &[Planted], since: usize) {
    let mut parts: Vec<_> = planted.iter().flat_map(|planted| &planted.parts).collect();
    parts.sort();
    parts.dedup();
    let mut canaries = Canaries::new();
    parts.into_iter().for_each(|part| canaries.add("a part", part));
    canaries.assert_absent("the log", &logs::text().as_bytes()[since..]);
}

/// Each way that takes a secret of this family, with it.
fn planted(
    secrets: impl IntoIterator<Item = (&'static str, Secret, bool)>,
) -> impl Iterator<Item = Planted> {
    secrets.into_iter().flat_map(|(family, secret, granted)| {
        let ways = WAYS.iter().filter(move |way| way.name.starts_with(family));
        ways.map(move |way| Planted::new(way, secret, granted))
    })
}

#[tokio::test]
async fn no_part_of_a_secret_gets_out_with_what_an_upstream_says() {
    let since = logs::text().len();
    let mut all: Vec<_> = planted(SECRETS).collect();
    let mut formats = FORMATS.iter().cycle();
    for planted in &mut all {
        let before = logs::text().len();
        for part in planted.parts.clone() {
            let spoken = formats.next().expect("it goes round");
            planted.ask_what_quotes(spoken, &part).await;
        }
        // Not every family tells callers what was quoted.
        let logged = logs::text()[before..].to_owned();
        assert!(logged.contains("***"), "something was quoted: {}", planted.told);
        planted.assert_kept();
    }
    assert_not_logged(&all, since);
}

#[tokio::test]
async fn no_part_of_a_secret_gets_out_with_what_a_token_endpoint_says() {
    let since = logs::text().len();
    let mut all: Vec<_> = planted(SECRETS.into_iter().filter(|(.., granted)| *granted)).collect();
    for planted in &mut all {
        let (mut parts, token) = (planted.parts.clone(), planted.token.clone());
        // The token was not granted yet.
        parts.retain(|part| token.as_ref() != Some(part));
        for part in &parts {
            let refused = json!({"error": part, "error_description": format!("not {part}!")});
            let granted = json!({"access_token": format!("{part}\n"), "error": part});
            let bodies = [refused, granted, json!(part)].map(|body| body.to_string());
            let escaped = bodies[0].replace('/', "\\/");
            for status in [200, 400, 401, 429, 503] {
                for body in bodies.iter().chain([&escaped, part]) {
                    planted.granting.enqueue(Reply::json(status, body.clone()));
                    planted.ask_for(&MESSAGES, false, Reply::json(503, "{}")).await;
                }
            }
        }
        assert!(planted.upstream.requests().is_empty());
        planted.assert_kept();
    }
    assert_not_logged(&all, since);
}
