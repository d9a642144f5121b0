use aisix_core::chat::CacheMark;

use super::marked;

fn check(said: &str, told: Option<&str>) {
    let marked = marked(said.as_bytes(), &CacheMark::default());
    let marked = marked.as_deref().map(|body| std::str::from_utf8(body).unwrap_or_default());
    assert_eq!(marked, told, "{said}");
}

const MARK: &str = r#""cache_control":{"type":"ephemeral"}"#;

#[test]
fn the_last_blocks_are_marked_and_every_other_byte_stays() {
    let said = r#"{ "messages" : [{"role":"user","content":[{"type":"text","text":"a"}]} ,
        {"role":"user","content":[ {"type":"tool_result","tool_use_id":"t"} , {"text":"\u0062" ,"type":"text" } ]}],
        "x":1e400, "system":[{"type":"text","text":"s"}] }"#;
    let told = said
        .replace(r#""type":"text" }"#, &format!(r#""type":"text" ,{MARK}}}"#))
        .replace(r#""text":"s"}"#, &format!(r#""text":"s",{MARK}}}"#));
    check(said, Some(&told));
}

#[test]
fn texts_become_blocks_to_be_marked() {
    let said = r#"{"system":"be\nkind","messages":[{"role":"user","content":"hi \"you\""}]}"#;
    let told = format!(
        r#"{{"system":[{{"type":"text","text":"be\nkind",{MARK}}}],"messages":[{{"role":"user","content":[{{"type":"text","text":"hi \"you\"",{MARK}}}]}}]}}"#
    );
    check(said, Some(&told));
}

#[test]
fn a_mark_says_for_how_long() {
    let hour = CacheMark { ttl: Some("1h".into()), breakpoint: false };
    let body = marked(br#"{"messages":[{"content":"a"}]}"#, &hour).unwrap_or_default();
    let told = r#"{"messages":[{"content":[{"type":"text","text":"a","cache_control":{"type":"ephemeral","ttl":"1h"}}]}]}"#;
    assert_eq!(body, told);
}

#[test]
fn whoever_sets_marks_sets_all_of_them() {
    for mark in ["cache_control", r"cache\u005fcontrol"] {
        for said in [
            r#"{"messages":[{"content":"a"}],"MARK":null}"#,
            r#"{"messages":[{"content":"a"}],"system":[{"type":"text","text":"s","MARK":{}}]}"#,
            r#"{"messages":[{"content":"a"}],"tools":[{"name":"t","MARK":{}}]}"#,
            r#"{"messages":[{"content":[{"type":"tool_result","content":[{"MARK":{}}]}]},{"content":"a"}]}"#,
        ] {
            check(&said.replace("MARK", mark), None);
        }
    }
    // To speak of it is no mark.
    let said = r#"{"messages":[{"content":[{"type":"text","text":"cache_control"}]}]}"#;
    let told = said.replace(r#"control"}"#, &format!(r#"control",{MARK}}}"#));
    check(said, Some(&told));
}

#[test]
fn what_takes_no_mark_gets_none() {
    for said in [
        r#"{"messages":[{"content":" \n"}],"system":""}"#,
        r#"{"messages":[{"content":[{"type":"text","text":"a"},{"type":"text","text":"\t"}]}]}"#,
        r#"{"messages":[{"content":[{"type":"thinking","thinking":"a","signature":"s"}]}]}"#,
        r#"{"messages":[{"content":[]}],"system":[]}"#,
        r#"{"messages":[{"content":[{}]}],"system":null}"#,
        r#"{"messages":[]}"#,
        r#"{"messages":{}}"#,
        r#"{"messages":[{"content":"a"}],"messages":[{"content":"b"}]}"#,
        "{}",
        "[",
    ] {
        check(said, None);
    }
}
