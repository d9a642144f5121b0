//! `aisix quickstart`: what a newcomer sees, and whether what it says to do next works.

use aisix_testing::{Process, Program, Request};
use serde_json::Value;

use crate::pages::bash;

fn quickstart() -> Program {
    let program = Program::aisix().arg("quickstart");
    let program = program.arg("--proxy-addr").arg("127.0.0.1:0");
    let program = program.arg("--admin-addr").arg("127.0.0.1:0");
    // So that a test sees what is left behind.
    let temporary = program.directory().to_owned();
    program.env("TMPDIR", temporary)
}

/// Starts it and waits for its last line.
async fn started(program: &Program) -> (Process, String) {
    let mut process = program.start();
    process.line_with("Reference of the admin API").await;
    let printed = process.stdout().join("\n");
    (process, printed)
}

async fn interrupted(mut process: Process) -> Process {
    process.interrupt();
    assert_eq!(process.exited().await.code(), Some(0), "{:?}", process.lines());
    process
}

/// What stands between the first two places where these stand.
fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let rest = text.split_once(before).unwrap_or_else(|| panic!("no {before} in {text}")).1;
    rest.split_once(after).unwrap_or_else(|| panic!("no {after} after {before} in {text}")).0
}

#[tokio::test]
async fn shows_a_request_and_a_stream_and_leaves_nothing_behind() {
    let program = quickstart();
    let (process, printed) = started(&program).await;

    let answer = between(&printed, "200 OK\n", "\n\n5  ");
    let answer: Value = serde_json::from_str(answer).expect("the whole answer");
    let said = "You said: \"Hello from AISIX.\" I am a stand-in for a provider";
    let content = answer["choices"][0]["message"]["content"].as_str().expect("content");
    assert!(content.starts_with(said), "{content}");
    assert_eq!(answer["model"], "quickstart-chat");
    assert_eq!(answer["usage"]["prompt_tokens"], 3);

    let streamed = between(&printed, "\n5  ", "events, then [DONE]; 5 tokens in");
    assert!(streamed.contains("You said: \"Hello again, word by word.\" I am"), "{streamed}");
    assert!(!printed.contains('\u{1b}'), "no colours where nobody looks");
    assert!(!printed.contains("sk-stand-in"), "the provider's key is not shown");
    assert_eq!(process.stderr(), Vec::<String>::new());

    let process = interrupted(process).await;
    assert_eq!(process.stdout().last().expect("a word"), "Stopped. Nothing is left behind.");
    let left: Vec<_> = std::fs::read_dir(program.directory()).expect("a directory").collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn prints_commands_that_work_when_pasted() {
    let (process, printed) = started(&quickstart()).await;
    let commands = between(&printed, "Go on in another terminal:\n", "Reference of the admin API");
    let answers = bash(&commands.trim().replace("\n\n", "\nprintf '\\n--\\n'\n")).await;
    let answers: Vec<_> =
        answers.split("\n--\n").map(str::trim).filter(|a| !a.is_empty()).collect();
    let [chat, stream, models, key, with_it] = answers[..] else { panic!("{answers:#?}") };
    for chat in [chat, with_it] {
        let chat: Value = serde_json::from_str(chat).expect("an answer");
        assert_eq!(chat["object"], "chat.completion");
    }
    assert!(stream.starts_with("data: {") && stream.ends_with("data: [DONE]"), "{stream}");
    let models: Value = serde_json::from_str(models).expect("a list");
    assert_eq!(models["data"][0]["id"], "quickstart-chat");
    let key: Value = serde_json::from_str(key).expect("an entry");
    assert_eq!(key["value"]["allowed_models"][0], "quickstart-chat");
    interrupted(process).await;
}

#[tokio::test]
async fn uses_a_kept_directory_again() {
    let program = quickstart().arg("--data-dir").arg("kept");
    let mut ids = Vec::new();
    for call in ["POST", "PUT"] {
        let (process, printed) = started(&program).await;
        assert!(printed.contains(&format!("{call} /admin/v1/provider_keys")), "{printed}");
        let admin = between(&printed, "admins    http://", "\n");
        let key = between(&printed, "AISIX_ADMIN_KEY=\"", "\"");
        for kind in ["provider_keys", "models", "apikeys"] {
            let request = Request::get(&format!("/admin/v1/{kind}")).bearer(key);
            let list: Value = request.send(admin).await.json();
            assert_eq!(list.as_array().map(Vec::len), Some(1), "{list}");
            ids.push(list[0]["id"].to_string());
        }
        interrupted(process).await;
    }
    assert_eq!(ids[..3], ids[3..]);
    assert!(program.directory().join("kept/store.db").exists());
}

#[tokio::test]
async fn may_be_interrupted_before_it_is_done() {
    let program = quickstart();
    let mut process = program.start();
    process.line_with("5  The same, streamed").await;
    let process = interrupted(process).await;
    assert_eq!(process.stdout().last().expect("a word"), "Stopped. Nothing is left behind.");
}
