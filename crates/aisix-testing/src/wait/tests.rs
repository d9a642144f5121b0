use std::cell::Cell;
use std::future::pending;
use std::time::Duration;

use super::{some, until, until_async, within, within_deadline};

#[tokio::test]
async fn returns_once_the_condition_holds() {
    let looks = Cell::new(0);
    let condition = || {
        looks.set(looks.get() + 1);
        looks.get() == 3
    };
    until("the third look", condition).await;
    assert_eq!(looks.get(), 3);
}

#[tokio::test]
async fn accepts_an_asynchronous_condition() {
    let looks = Cell::new(0);
    let condition = async || {
        tokio::task::yield_now().await;
        looks.set(looks.get() + 1);
        looks.get() == 2
    };
    until_async("the second look", condition).await;
    assert_eq!(looks.get(), 2);
}

#[tokio::test]
async fn hands_over_what_was_found() {
    let mut values = [None, None, Some("found")].into_iter();
    assert_eq!(some("a value", || values.next().flatten()).await, "found");
}

#[tokio::test]
#[should_panic(expected = "in vain for: the end of days")]
async fn says_what_it_waited_for_in_vain() {
    within_deadline(Duration::ZERO, "the end of days", pending::<()>()).await;
}

/// The paused clock jumps whenever the runtime is idle; a deadline on that clock would pass at once.
#[tokio::test(start_paused = true)]
async fn a_paused_clock_does_not_bring_the_deadline_forward() {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let outside = std::thread::spawn(move || {
        std::thread::park_timeout(Duration::from_millis(20));
        sender.send("from outside").unwrap();
    });
    assert_eq!(within("a word from outside", receiver).await.unwrap(), "from outside");
    outside.join().unwrap();
}
