//! The page's commands, run as they are printed, answer what it says.

use aisix_testing::Program;

/// The page's blocks of one language, in order.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    page.split(&fence).skip(1).filter_map(|block| Some(block.split_once("\n```")?.0)).collect()
}

#[tokio::test]
async fn the_commands_of_the_page_answer_what_it_says() {
    let mut service = Program::at(env!("CARGO_BIN_EXE_example-embed")).arg("127.0.0.1:0").start();
    let line = service.line_with("listening on ").await;
    let (_, address) = line.rsplit_once(' ').expect("an address");

    let page = include_str!("../README.md");
    let (commands, answers) = (blocks(page, "shell"), blocks(page, "json"));
    assert_eq!((commands.len(), answers.len()), (4, 4));
    for (command, answer) in commands.into_iter().zip(answers) {
        let here = command.replace("127.0.0.1:4000", address);
        assert_ne!(here, command, "the command calls the service");
        let mut shell = Program::at("bash").arg("-c").arg(here).start();
        assert!(shell.exited().await.success(), "{:?}", shell.lines());
        assert_eq!(shell.stdout().join("\n"), answer, "{command}");
    }
}
