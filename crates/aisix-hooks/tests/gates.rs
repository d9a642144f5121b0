//! The first gates: may this caller use this model, and is the rest of the body what it must be?
#![expect(clippy::expect_used, reason = "a test may say: this must hold")]

use aisix_core::Error;
use aisix_dialects::{CallerDialect, OPENAI_CHAT};
use aisix_hooks::{
    Access, Flow, HookFactory, HookRequest, Interest, Pipeline, ValidateBodyHook, ValidateModelHook,
};
use aisix_testing::conformance::hook::{self, configuration, request, request_with};
use aisix_testing::conformance::resources::caller;

fn gates() -> Pipeline {
    Pipeline::new().then(ValidateModelHook).then(ValidateBodyHook)
}

async fn run(request: &mut HookRequest) -> Result<Flow, Error> {
    gates().start(&request.info.clone()).on_request(request).await
}

#[track_caller]
fn assert_refused(result: Result<Flow, Error>, status: u16, body: &str) {
    let error = result.expect_err("the request is refused");
    assert_eq!(error.status(), status);
    assert_eq!(String::from_utf8_lossy(&OPENAI_CHAT.encode_error(&error)), body);
}

const MISSING: &str = r#"{"error":{"message":"Missing field 'model' in request","type":"invalid_request_error","code":"missing_model_field"}}"#;

#[tokio::test]
async fn a_model_that_exists_and_is_allowed_passes() {
    for allowed in ["m", "*", "m*", "*m"] {
        let mut request = request("m", &["other", allowed], "m");
        let flow = run(&mut request).await.expect("the request passes");
        assert!(matches!(flow, Flow::Continue), "nobody answers");
        let model = request.model.expect("the model is known from here on");
        assert_eq!(&*model.spec.display_name, "m");
    }
}

#[tokio::test]
async fn a_model_that_is_absent_null_or_empty_is_missing() {
    for body in [r#"{"messages":[1]}"#, r#"{"model":null}"#, r#"{"model":""}"#] {
        let mut request = request_with(body, caller(&["*"]), configuration("m"));
        assert_refused(run(&mut request).await, 400, MISSING);
    }
}

#[tokio::test]
async fn a_missing_model_is_said_before_anything_else() {
    let mut request = request_with("{}", caller(&[]), configuration("m"));
    assert_refused(run(&mut request).await, 400, MISSING);
}

#[tokio::test]
async fn a_model_that_does_not_exist_is_not_found() {
    let body = r#"{"error":{"message":"Model 'nope' not found","type":"invalid_request_error","code":"model_not_found"}}"#;
    assert_refused(run(&mut request("nope", &["*"], "m")).await, 404, body);
}

#[tokio::test]
async fn a_model_that_does_not_exist_is_said_before_that_it_is_not_allowed() {
    let body = r#"{"error":{"message":"Model 'nope' not found","type":"invalid_request_error","code":"model_not_found"}}"#;
    assert_refused(run(&mut request("nope", &[], "m")).await, 404, body);
}

#[tokio::test]
async fn a_model_that_is_not_allowed_is_forbidden() {
    let body = r#"{"error":{"message":"Access to model 'm' is forbidden","type":"invalid_request_error","code":"model_access_forbidden"}}"#;
    for allowed in [&[][..], &["other"], &["M"], &["m-*"], &["*x*"]] {
        assert_refused(run(&mut request("m", allowed, "m")).await, 403, body);
    }
}

#[tokio::test]
async fn what_is_wrong_beside_the_model_is_said_after_the_model_was_checked() {
    let wrong = r#"{"model":"m","messages":[]}"#;
    let mut refused = request_with(wrong, caller(&[]), configuration("m"));
    assert_eq!(run(&mut refused).await.expect_err("it is not allowed").status(), 403);
    let mut request = request_with(wrong, caller(&["*"]), configuration("m"));
    let body = r#"{"error":{"message":"request payload is invalid: 'messages' must not be empty","type":"invalid_request_error"}}"#;
    assert_refused(run(&mut request).await, 400, body);
}

#[test]
fn the_first_gates_leave_bodies_undecoded() {
    let nothing = Interest { request: Access::None, response: Access::None };
    assert_eq!(ValidateModelHook.interest(), nothing);
    assert_eq!(ValidateBodyHook.interest(), nothing);
}

#[tokio::test]
async fn the_first_gates_keep_every_promise() {
    hook::check(&ValidateModelHook).await;
    hook::check(&ValidateBodyHook).await;
}
