//! What a format cannot express: the caller, the log and the metrics learn of it.

use std::sync::Arc;

use aisix_core::chat::{ChatEvent, ChatEvents, Native};
use aisix_core::{Carried, DialectId, Error};
use aisix_gateway::Settings;
use aisix_hooks::{Access, Flow, Hook, HookFactory, HookRequest, Interest, Payload, RequestInfo};
use aisix_telemetry::names;
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, ScriptedUpstream};
use async_trait::async_trait;

use crate::common::world::{chat, streamed, whole};
use crate::common::*;

/// Says things that no format has: of the request these, of the answer one.
#[derive(Clone)]
struct Foreign(Vec<String>);

fn native(name: &str) -> Native {
    Native::new(DialectId("nobody"), name, true.into())
}

#[async_trait]
impl Hook for Foreign {
    async fn on_request(&mut self, request: &mut HookRequest) -> Result<Flow, Error> {
        let Payload::Chat(chat) = &mut request.payload else {
            panic!("a conversation");
        };
        chat.value_mut()?.native.extend(self.0.iter().map(|name| native(name)));
        Ok(Flow::Continue)
    }

    fn on_event(&mut self, events: &mut Carried<ChatEvents>) -> Result<(), Error> {
        if events.value()?.iter().any(|event| matches!(event, ChatEvent::Usage(_))) {
            let native = native("of_answer");
            events.value_mut()?.push(ChatEvent::Native { choice: None, native });
        }
        Ok(())
    }
}

impl HookFactory for Foreign {
    fn name(&self) -> &'static str {
        "foreign"
    }

    fn interest(&self) -> Interest {
        Interest { request: Access::Write, response: Access::Write }
    }

    fn start(&self, _: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        Some(Box::new(self.clone()))
    }
}

fn world<const N: usize>(upstream: &ScriptedUpstream, names: [&str; N]) -> World {
    let hook = Foreign(names.map(str::to_owned).to_vec());
    let documents = documents::standard(&upstream.base_url());
    World::hooked(Settings::default(), &documents, vec![Arc::new(hook)])
}

fn dropped(direction: &str) -> [(&str, &str); 3] {
    [("provider", "openai"), ("model", MODEL), ("direction", direction)]
}

#[tokio::test]
async fn what_is_left_out_of_a_whole_answer_and_its_request_is_told_to_all() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let world = world(&upstream, ["one", "two"]);
    let answer = world.chat(whole("hi")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-aisix-dropped"), Some("one, two, of_answer"));
    let id = answer.header("x-aisix-request-id").expect("an id");
    let line = logs::access_line(id).await;
    assert!(line.contains("dropped_fields=\"one, two, of_answer\""), "{line}");
    let (request, answer) = (dropped("request"), dropped("answer"));
    world.assert_counted(&names::DROPPED_FIELDS, &[(&request, 2.0), (&answer, 1.0)]);
}

#[tokio::test]
async fn what_a_stream_leaves_out_after_its_head_is_logged_and_counted() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::sse(openai::chat_stream_with_usage(["ok"])));
    let world = world(&upstream, ["one"]);
    let mut answer = world.stream(chat(streamed("hi"))).await;
    assert_eq!(answer.head.headers["x-aisix-dropped"], "one");
    let id = answer.head.headers["x-aisix-request-id"].to_str().expect("text").to_owned();
    assert!(answer.rest().await.ends_with(openai::DONE));
    drop(answer);
    let line = logs::access_line(&id).await;
    assert!(line.contains("dropped_fields=\"one, of_answer\""), "{line}");
    let (request, answer) = (dropped("request"), dropped("answer"));
    world.assert_counted(&names::DROPPED_FIELDS, &[(&request, 1.0), (&answer, 1.0)]);
}

#[tokio::test]
async fn what_everything_expresses_is_told_to_nobody() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let world = World::of(&upstream);
    let answer = world.chat(whole("hi")).await;
    assert!(answer.header("x-aisix-dropped").is_none());
    let id = answer.header("x-aisix-request-id").expect("an id");
    assert!(!logs::access_line(id).await.contains("dropped_fields"));
    world.assert_counted(&names::DROPPED_FIELDS, &[]);
}

#[tokio::test]
async fn names_that_a_caller_made_up_neither_fill_nor_break_the_header() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let long = "x".repeat(1020);
    let world = world(&upstream, ["line\r\nbreak \u{e9}", &long, "more"]);
    let answer = world.chat(whole("hi")).await;
    let expected = "line??break??, and 3 more";
    assert_eq!(answer.header("x-aisix-dropped"), Some(expected));
}
