//! A conversation that changes family: what one provider sealed never reaches another one, and
//! reaches its maker again.

use super::said::{Piece, SEAL, Thought, said};
use super::*;

#[tokio::test]
async fn a_seal_goes_back_to_its_maker_and_to_nobody_else() {
    let judge = PublishedTypes::start();
    let mut claims = Vec::new();
    for caller in &CALLERS {
        for maker in &FAMILIES {
            let made_in = (maker.speaks)(caller);
            let foreign = |other: &&Family| (other.speaks)(caller).name != made_in.name;
            for other in FAMILIES.iter().filter(foreign) {
                if made_in.seals {
                    check(caller, maker, other, &mut claims).await;
                }
            }
        }
    }
    judge.assert(&claims);
}

async fn check(caller: &Format, maker: &Family, other: &Family, claims: &mut Vec<Claim>) {
    let thought = Thought { text: "Tenths first.".to_owned(), seal: Some(SEAL.to_owned()) };
    let sealed = Answer { thought: Some(thought), ..said("9.8") };
    let mut asked = Conversation { max_tokens: Some(1000), ..Conversation::default() };
    for (family, answer) in [(maker, &sealed), (other, &said("Yes.")), (maker, &sealed)] {
        asked.turns.push(Turn::User(vec![Piece::Text("9.11 or 9.8?".to_owned())]));
        let pair = Pair::new(caller, family);
        let what = format!("{}, sealed by {}", pair.name, maker.name);
        let (told, lost) = pair.turn(&asked, answer, false, &what, claims).await;
        let foreign = family.name == other.name;
        assert_eq!(lost.contains("reasoning"), foreign, "{what}: {lost}");
        let sent =
            claims.iter().rfind(|claim| claim.what.starts_with("what the upstream received"));
        let sent = &sent.expect("something was sent").json;
        let first = asked.turns.len() == 1;
        assert_eq!(sent.contains(SEAL), !foreign && !first, "{what}: {sent}");
        assert!(!sent.contains(MARK), "{what}: {sent}");
        asked.turns.push(Turn::Model(told.expect("it is answered")));
    }
}
