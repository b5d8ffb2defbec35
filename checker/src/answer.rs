//! Answers to questions: what counts as the same answer.

use crate::exercise::Question;
use crate::matcher::Matcher;
use serde_json::Value;

/// `answer` in the form for comparison: blanks, a pasted prompt `$ `, surrounding quotes, a final full stop and upper
/// case do not matter, unless the question says `exact`. With choices, the number or letter of a choice counts as that choice.
pub fn normalised(question: &Question, answer: &str) -> String {
    let answer = chosen(question, answer).unwrap_or(answer);
    if question.exact {
        answer.to_owned()
    } else {
        plain(answer)
    }
}

/// Whether `answer` is right.
pub fn is_right(question: &Question, answer: &str) -> bool {
    let given = normalised(question, answer);
    if question.exact {
        return question.answer.accepts(&Value::from(given));
    }
    let expected = softened(&question.answer);
    let accepts = |form: &str| expected.accepts(&Value::from(form));
    // Of a line of `docker ps`, what is right of the arrow is the container's port.
    let end = given.rsplit_once("->").map_or(&*given, |(_, end)| end);
    accepts(&given)
        || accepts(without_lead_in(&given))
        || [without_surroundings(end), only_number(end)]
            .into_iter()
            .flatten()
            .any(accepts)
}

/// Words that may stand before an answer, as in `it is the plum cake`.
const LEAD_IN: [&str; 9] = ["it", "is", "it's", "as", "the", "a", "an", "on", "only"];

fn without_lead_in(given: &str) -> &str {
    let mut rest = given;
    while let Some((word, later)) = rest.split_once(' ')
        && LEAD_IN.contains(&word)
    {
        rest = later;
    }
    rest
}

/// The only number in a short sentence: `port 8000`, `733 seconds`, `it leads to 80/tcp`. Something that is denied is no
/// answer.
fn only_number(given: &str) -> Option<&str> {
    let port = ["/tcp", "/udp"].map(|protocol| given.strip_suffix(protocol));
    let given = port.into_iter().flatten().next().unwrap_or(given);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " ,.:;()'`\"".contains(c);
    let is_denied = |word: &str| matches!(word, "not" | "no" | "never") || word.ends_with("n't");
    let is_letter =
        |word: &str| word.len() == 1 && word != "a" && word.starts_with(char::is_alphabetic);
    let mut words = given.split(' ');
    if !given.chars().all(is_plain) || words.any(|word| is_denied(word) || is_letter(word)) {
        return None;
    }
    let mut numbers = given
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let (number, other) = (numbers.next()?, numbers.next());
    let number = number.strip_suffix('s').unwrap_or(number);
    let is_number = other.is_none() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(number)
}

/// The number in a pasted `(0)`, `Exited (0) 5 minutes ago` or `8000/tcp`.
fn without_surroundings(given: &str) -> Option<&str> {
    let status = given.strip_prefix("exited").unwrap_or(given).trim_start();
    let code = status
        .strip_prefix('(')
        .and_then(|rest| rest.split_once(')'))
        .filter(|(_, age)| age.is_empty() || age.starts_with(' ') && age.ends_with(" ago"));
    let port = ["/tcp", "/udp"].map(|protocol| given.strip_suffix(protocol));
    code.map(|(code, _)| code)
        .or_else(|| port.into_iter().flatten().next())
        .filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Conditions whose texts are normalised like the answer.
pub(crate) fn softened(matcher: &Matcher) -> Matcher {
    match matcher {
        Matcher::Text(text) => Matcher::Text(plain(text)),
        Matcher::Contains(text) => Matcher::Contains(plain(text)),
        Matcher::StartsWith(text) => Matcher::StartsWith(plain(text)),
        Matcher::EndsWith(text) => Matcher::EndsWith(plain(text)),
        Matcher::Matches(regex) => {
            // The answer is already in lower case.
            let pattern = format!("(?i){}", regex.as_str());
            Matcher::Matches(regex::Regex::new(&pattern).unwrap_or_else(|_| regex.clone()))
        }
        Matcher::All(all) => Matcher::All(all.iter().map(softened).collect()),
        Matcher::Any(any) => Matcher::Any(any.iter().map(softened).collect()),
        Matcher::Not(inner) => Matcher::Not(Box::new(softened(inner))),
        other => other.clone(),
    }
}

fn chosen<'q>(question: &'q Question, answer: &str) -> Option<&'q str> {
    let given = plain(answer);
    let is_choice = |choice: &&String| plain(choice) == given;
    if let Some(choice) = question.choices.iter().find(is_choice) {
        return Some(choice);
    }
    let mut letters = given.chars();
    let index = match (letters.next(), letters.next()) {
        (Some(letter @ 'a'..='z'), None) => letter as usize - 'a' as usize,
        _ => given.parse::<usize>().ok()?.checked_sub(1)?,
    };
    question.choices.get(index).map(String::as_str)
}

fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ").to_lowercase();
    let mut rest = without_stop(text.strip_prefix("$ ").unwrap_or(&text));
    for quote in ['"', '\'', '`'] {
        if let Some(inside) = rest
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
        {
            rest = without_stop(inside.trim());
        }
    }
    rest.to_owned()
}

/// Removes a final full stop, unless the text is nothing else.
fn without_stop(text: &str) -> &str {
    match text.strip_suffix('.') {
        Some(sentence) if !sentence.is_empty() => sentence.trim_end(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::problem::{Place, Source};

    fn question(choices: &[&str], answer: Matcher, exact: bool) -> Question {
        Question {
            ask: "?".to_owned(),
            choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
            answer,
            exact,
            at: Place::new(&Source::new("x", ""), 0..0),
        }
    }

    #[track_caller]
    fn check(question: &Question, right: &[&str], wrong: &[&str]) {
        for answer in right {
            assert!(is_right(question, answer), "{answer} is right");
        }
        for answer in wrong {
            assert!(!is_right(question, answer), "{answer} is wrong");
        }
    }

    #[test]
    fn a_free_answer_is_compared_without_case_blanks_quotes_and_full_stop() {
        check(
            &question(&[], Matcher::Text("Plum cake".into()), false),
            &[
                "plum cake",
                " Plum   Cake ",
                "\"plum cake\"",
                "`plum cake`.",
                "PLUM CAKE",
                "It is plum cake.",
                "a plum cake",
                "as a plum cake",
            ],
            &["plum", "plum cakes", "", "apple cake", "plumcake"],
        );
    }

    #[test]
    fn a_number_counts_as_it_is_pasted() {
        check(
            &question(&[], Matcher::Text("0".into()), false),
            &["0", "(0)", "Exited (0)", "exited (0) 5 minutes ago", "`0`."],
            &[
                "1",
                "(1)",
                "Exited (1) 0 minutes ago",
                "exited",
                "0 (1)",
                "()",
            ],
        );
        check(
            &question(&[], Matcher::Text("8000".into()), false),
            &["8000", "8000/tcp", "$ 8000"],
            &["80/tcp", "8000/sctp", "0.0.0.0:8000"],
        );
        check(
            &question(&[], Matcher::Text("8000".into()), false),
            &[
                "port 8000",
                "It leads to 8000/tcp.",
                "8000 (tcp)",
                "8000s",
                "127.0.0.1:8080->8000/tcp",
                "8080->8000",
            ],
            &[
                "8000x",
                "8000 x",
                "port 80",
                "8080:8000",
                "not 8000",
                "it isn't 8000",
                "8000 or 80",
                "8000.5",
                "-8000",
                "8000->80/tcp",
            ],
        );
        check(
            &question(&[], Matcher::Text("/etc/tcp".into()), false),
            &["/etc/tcp", "$ /etc/tcp"],
            &["/etc"],
        );
    }

    #[test]
    fn an_exact_answer_is_compared_as_typed() {
        check(
            &question(&[], Matcher::Text("Aa".into()), true),
            &["Aa"],
            &["aa", " Aa", "'Aa'"],
        );
    }

    #[test]
    fn a_choice_is_named_by_its_text_number_or_letter() {
        check(
            &question(
                &["an image", "a container", "both"],
                Matcher::Text("a container".into()),
                false,
            ),
            &["a container", "A container", "2", "b", "B"],
            &["1", "a", "an image", "3", "4", "0", "z", ""],
        );
    }

    #[test]
    fn a_choice_that_is_a_number_is_meant_before_its_position() {
        let numbers = question(&["0", "1", "2"], Matcher::Text("1".into()), false);
        check(&numbers, &["1", "b"], &["0", "2", "a"]);
    }

    #[test]
    fn a_pattern_ignores_case_too() {
        let pattern = Matcher::Matches(regex::Regex::new("^Exit(ed)?$").unwrap());
        check(
            &question(&[], pattern, false),
            &["exit", "EXITED"],
            &["exits"],
        );
    }
}
