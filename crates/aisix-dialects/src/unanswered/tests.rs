use super::Unanswered;

#[test]
fn a_result_belongs_to_the_earliest_call_that_has_none() {
    let mut calls = Unanswered::default();
    for (id, function) in [("1", "a"), ("2", "b"), ("3", "a"), ("4", "a"), ("2", "a")] {
        calls.call(id, function);
    }
    calls.answer_id("3");
    calls.answer_id("none");
    assert_eq!(calls.answer_function("a").as_deref(), Some("1"));
    assert_eq!(calls.answer_function("a").as_deref(), Some("4"));
    calls.answer_id("2");
    assert_eq!(calls.answer_function("b"), None);
    assert_eq!(calls.answer_function("a").as_deref(), Some("2"));
    assert_eq!(calls.answer_function("a"), None);
    assert_eq!(calls.answer_function("none"), None);
}

#[test]
fn a_hundred_thousand_calls_find_their_results_at_once() {
    const CALLS: u32 = 100_000;
    let mut calls = Unanswered::default();
    for n in 0..CALLS {
        calls.call(&n.to_string(), "first");
    }
    for n in 0..CALLS {
        calls.call(&format!("second {n}"), "second");
    }
    for n in (0..CALLS).rev() {
        assert_eq!(calls.answer_function("second"), Some(format!("second {}", CALLS - 1 - n)));
        calls.answer_id(&n.to_string());
    }
    assert_eq!(calls.answer_function("first"), None);
}
