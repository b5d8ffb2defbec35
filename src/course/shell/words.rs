//! The words of the lesson shell. Any other line goes to `sh`.

use engine::near::nearest;
use lessons::session::Word;

/// What a line of the learner asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A word for the session.
    Course(Word),
    /// Revert the last line that changed something.
    Undo,
    /// Draw images, layers and containers; with words, the same as `docklings show` with those words.
    Show(String),
    /// What the last line did.
    Why,
    /// Explain a docker command line.
    Explain(String),
    /// Open a file in an editor.
    Edit(String),
    /// Show all lessons and exercises.
    List,
    /// Continue the stopped program.
    Foreground,
    /// Show the words.
    Help,
    /// Leave.
    Quit,
}

/// Every word with its arguments and meaning: the table behind `help`, completion and [`parse`].
pub(crate) const TABLE: [(&str, &str, &str); 19] = [
    ("next", "", "go on: the next page or exercise"),
    ("back", "", "go back one page or exercise"),
    ("goals", "", "show this page or the exercise's goals again"),
    (
        "catchup",
        "",
        "run the commands of this lesson's earlier pages",
    ),
    (
        "check",
        "[--verbose]",
        "judge the exercise: what is right, what is not yet, and why",
    ),
    (
        "answer",
        "[GOAL] TEXT",
        "answer a question; with several, `answer 3 TEXT` is for goal 3",
    ),
    ("hint", "", "show the next hint"),
    (
        "solution",
        "[--play]",
        "show the solution; --play runs it in a scratch sandbox",
    ),
    (
        "undo",
        "",
        "undo the last line that changed containers, images, volumes or files here",
    ),
    ("reset", "", "start this exercise over"),
    (
        "show",
        "[WHAT]",
        "draw images, layers and containers: `show image NAME`, `show container NAME`, `show layers IMAGE…`, `show layer ID`",
    ),
    (
        "why",
        "",
        "what the last line did, in the kernel and on disk",
    ),
    (
        "explain",
        "COMMAND",
        "explain a docker command line, word by word",
    ),
    ("edit", "FILE", "open a file in an editor"),
    ("list", "", "all lessons and exercises"),
    (
        "go",
        "WHERE",
        "go to a lesson or an exercise; `go free` is the playground",
    ),
    ("skip", "", "leave this exercise for later"),
    ("help", "", "these words"),
    ("quit", "", "leave; the course resumes here"),
];

/// Parses a line; `None` if it is for `sh`. Error: it is a word, wrongly used.
pub(crate) fn parse(line: &str) -> Option<Result<Wish, String>> {
    let line = line.trim();
    let (first, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    let word = match first {
        "next" | "n" => Wish::Course(Word::Next),
        "back" => Wish::Course(Word::Back),
        "goals" => Wish::Course(Word::Goals),
        "check" if matches!(rest, "--verbose" | "-v") => {
            return Some(Ok(Wish::Course(Word::Check { verbose: true })));
        }
        "check" => Wish::Course(Word::Check { verbose: false }),
        "catchup" => Wish::Course(Word::CatchUp),
        "hint" => Wish::Course(Word::Hint),
        "solution" => match rest {
            "" => return Some(Ok(Wish::Course(Word::Solution { play: false }))),
            "--play" | "play" => return Some(Ok(Wish::Course(Word::Solution { play: true }))),
            _ => return Some(Err(usage("solution"))),
        },
        "undo" => Wish::Undo,
        "reset" => Wish::Course(Word::Reset),
        "list" => Wish::List,
        "show" => return Some(Ok(Wish::Show(rest.to_owned()))),
        "why" => Wish::Why,
        "skip" => Wish::Course(Word::Skip),
        "fg" => Wish::Foreground,
        "help" => Wish::Help,
        "quit" | "exit" | "logout" => Wish::Quit,
        "answer" | "explain" | "go" | "edit" => {
            if rest.is_empty() {
                return Some(Err(usage(first)));
            }
            let rest = rest.to_owned();
            return Some(Ok(match first {
                "answer" => Wish::Course(Word::Answer(rest)),
                "explain" => Wish::Explain(rest),
                "edit" => Wish::Edit(rest),
                _ => Wish::Course(Word::Go(rest)),
            }));
        }
        _ => return None,
    };
    // `next | less` and the like are mostly mistakes; `sh` gets them.
    Some(if rest.is_empty() {
        Ok(word)
    } else {
        Err(usage(first))
    })
}

/// The usage of a word.
fn usage(word: &str) -> String {
    let row = TABLE.iter().find(|(name, _, _)| *name == word);
    match row {
        Some((name, "", _)) => format!("`{name}` takes no arguments"),
        Some((name, rest, _)) => format!("usage: {name} {rest}"),
        None => format!("`{word}` takes no arguments"),
    }
}

/// The word that `first` was probably meant to be.
pub(crate) fn near(first: &str) -> Option<&'static str> {
    nearest(first, TABLE.iter().map(|(name, _, _)| *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_and_other_lines_are_left_to_the_shell() {
        for (line, expected) in [
            ("next", Some(Ok(Wish::Course(Word::Next)))),
            ("  quit ", Some(Ok(Wish::Quit))),
            (
                "solution --play",
                Some(Ok(Wish::Course(Word::Solution { play: true }))),
            ),
            (
                "explain docker run -it busybox",
                Some(Ok(Wish::Explain("docker run -it busybox".into()))),
            ),
            (
                "answer amber otter",
                Some(Ok(Wish::Course(Word::Answer("amber otter".into())))),
            ),
            ("answer", Some(Err("usage: answer [GOAL] TEXT".into()))),
            ("check it", Some(Err("usage: check [--verbose]".into()))),
            ("next it", Some(Err("`next` takes no arguments".into()))),
            (
                "check -v",
                Some(Ok(Wish::Course(Word::Check { verbose: true }))),
            ),
            ("docker ps", None),
            ("./next", None),
            ("nextcloud", None),
            ("", None),
        ] {
            assert_eq!(parse(line), expected, "{line:?}");
        }
    }

    #[test]
    fn every_word_of_the_table_is_understood() {
        for (name, rest, _) in TABLE {
            let line = format!("{name} {}", rest.trim_start_matches("[GOAL] "));
            let line = line.split(" [").next().unwrap_or(&line);
            assert!(matches!(parse(line), Some(Ok(_))), "{name}");
        }
    }

    #[test]
    fn a_typing_mistake_is_recognised() {
        assert_eq!(near("hnit"), Some("hint"));
        assert_eq!(near("docker"), None);
    }
}
