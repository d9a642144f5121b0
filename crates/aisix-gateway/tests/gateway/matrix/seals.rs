//! A conversation that changes family: what one provider sealed never reaches another one, and
//! reaches its maker again.

use super::CALLERS;
use super::docket::Docket;
use super::families::{FAMILIES, Family};
use super::format::CallerFormat;
use super::pair::{MARK, Pair};
use super::said::{Answer, Conversation, Piece, SEAL, Thought, Turn, said};

#[tokio::test]
async fn a_seal_goes_back_to_its_maker_and_to_nobody_else() {
    let mut docket = Docket::start();
    for caller in &CALLERS {
        for maker in &FAMILIES {
            let made_in = (maker.way)(caller, false).format;
            let foreign = |other: &&Family| (other.way)(caller, false).format.name != made_in.name;
            for other in FAMILIES.iter().filter(foreign) {
                if made_in.seals {
                    check(caller, maker, other, &mut docket).await;
                }
            }
        }
    }
    docket.judge();
}

/// Streams of Claude's on Bedrock come in another format than whole answers.
#[tokio::test]
async fn what_claude_signs_is_good_wherever_claude_is() {
    let mut docket = Docket::start();
    let claude = |family: &&Family| family.model.contains("claude");
    let ways = || FAMILIES.iter().filter(claude).flat_map(|it| [(it, false), (it, true)]);
    for caller in &CALLERS {
        let bedrock = ways().filter(|(family, _)| family.adapter == "bedrock");
        let both =
            bedrock.flat_map(|one| ways().flat_map(move |other| [(one, other), (other, one)]));
        for (maker, next) in both {
            let mut asked = Conversation { max_tokens: Some(1000), ..Conversation::default() };
            for (family, stream) in [maker, next] {
                asked.turns.push(Turn::User(vec![Piece::Text("9.11 or 9.8?".to_owned())]));
                let pair = Pair::new(caller, family);
                let what = format!("{}, sealed by {}", pair.name, maker.0.name);
                let exchanged = pair.turn(&asked, &sealed(), stream, &what, &mut docket).await;
                let first = asked.turns.len() == 1;
                let sent = exchanged.sent;
                assert_eq!(sent.contains(SEAL), !first, "{what}: {sent}");
                assert!(!sent.contains(MARK), "{what}: {sent}");
                asked.turns.push(Turn::Told(exchanged.told.expect("it is answered")));
            }
        }
    }
    docket.judge();
}

fn sealed() -> Answer {
    let thought = Thought { text: "Tenths first.".to_owned(), seal: Some(SEAL.to_owned()) };
    Answer { thought: Some(thought), ..said("9.8") }
}

async fn check(caller: &CallerFormat, maker: &Family, other: &Family, docket: &mut Docket) {
    let sealed = sealed();
    let mut asked = Conversation { max_tokens: Some(1000), ..Conversation::default() };
    for (family, answer) in [(maker, &sealed), (other, &said("Yes.")), (maker, &sealed)] {
        asked.turns.push(Turn::User(vec![Piece::Text("9.11 or 9.8?".to_owned())]));
        let pair = Pair::new(caller, family);
        let what = format!("{}, sealed by {}", pair.name, maker.name);
        let exchanged = pair.turn(&asked, answer, false, &what, docket).await;
        let foreign = family.name == other.name;
        assert!(!foreign || exchanged.lost.contains("reasoning"), "{what}: {}", exchanged.lost);
        let first = asked.turns.len() == 1;
        let sent = exchanged.sent;
        assert_eq!(sent.contains(SEAL), !foreign && !first, "{what}: {sent}");
        assert!(!sent.contains(MARK), "{what}: {sent}");
        asked.turns.push(Turn::Told(exchanged.told.expect("it is answered")));
    }
}
