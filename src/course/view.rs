//! What the course prints, as text. Styles are part of the text; [`Look::show`] removes them where they are not wanted.

mod list;
mod page;

use super::explain::explain;
use super::layout::indented;
pub(crate) use super::layout::{fill, hanging};
use super::look::{ASIDE, CODE, HEADING, Look, NOT_YET, PASS, styled};
use crate::term::markdown::{Layout, render};
use checker::exercise::Attempt;
use checker::report::Line;
use checker::{Exercise, Report, Verdict};
use lessons::catalog::Catalog;
use lessons::lesson::Step;
use lessons::session::{Place, Question, Say};
pub(crate) use list::{Lacking, Listing, list, needs};
use page::rule;
pub(crate) use page::{lesson_end, page};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// An exercise: its story and its goals. `passed` holds the goals that are reached.
pub(crate) fn exercise(exercise: &Exercise, passed: &BTreeSet<String>, look: Look) -> String {
    let time = exercise.minutes.map(minutes).unwrap_or_default();
    let place = match time.is_empty() {
        true => format!("Exercise {}", exercise.id),
        false => format!("Exercise {}, about {time}", exercise.id),
    };
    let mut out = rule(&place, look);
    line(&mut out, &fill(&styled(HEADING, &exercise.title), look));
    if !exercise.story.trim().is_empty() {
        out.push('\n');
        line(&mut out, markdown(&exercise.story, look).trim_end());
    }
    out.push('\n');
    line(
        &mut out,
        if exercise.goals.len() == 1 {
            "Your goal:"
        } else {
            "Your goals:"
        },
    );
    for (goal, number) in exercise.goals.iter().zip(1..) {
        let done = if passed.contains(&goal.id) {
            "PASS  "
        } else {
            ""
        };
        let text = format!("{number}. {done}{}", goal.say);
        line(&mut out, &indented(&text, 2, look));
        if let Some(question) = &goal.question {
            let ask = format!("{} Reply with `answer …`.", question.ask.trim());
            line(&mut out, &indented(&ask, 5, look));
            for choice in &question.choices {
                line(&mut out, &indented(&format!("- {choice}"), 7, look));
            }
        }
    }
    out.push('\n');
    out
}

/// Goals that have just been reached, one per line.
pub(crate) fn passed(exercise: &Exercise, goals: &[String], reached: usize, look: Look) -> String {
    let mut out = String::new();
    let total = exercise.goals.len();
    let before = reached.saturating_sub(goals.len());
    for (goal, number) in goals.iter().zip(before + 1..) {
        let say = goal_text(exercise, goal);
        let text = format!("{}  {say} ({number} of {total})", styled(PASS, "PASS"));
        line(&mut out, &indented(&text, 0, look));
    }
    out
}

/// Goals that were reached and no longer are.
pub(crate) fn lost(exercise: &Exercise, goals: &[String], look: Look) -> String {
    let mut out = String::new();
    for goal in goals {
        let say = goal_text(exercise, goal);
        let text = format!("{}  no longer true: {say}", styled(NOT_YET, "NOT YET"));
        line(&mut out, &indented(&text, 0, look));
    }
    out
}

fn goal_text<'a>(exercise: &'a Exercise, id: &str) -> &'a str {
    let goal = exercise.goals.iter().find(|goal| goal.id == id);
    goal.map_or("", |goal| goal.say.trim())
}

/// What an exercise prints when it is done.
pub(crate) fn done(exercise: &Exercise, look: Look) -> String {
    let mut out = String::from("\n");
    let headline = format!("Done: {}", exercise.title);
    line(&mut out, &fill(&styled(PASS, &headline), look));
    for text in [&exercise.debrief, &exercise.differs_from_docker] {
        if !text.trim().is_empty() {
            out.push('\n');
            line(&mut out, markdown(text, look).trim_end());
        }
    }
    out.push('\n');
    line(
        &mut out,
        &fill(
            "`next` continues. `solution` shows how the author did it.",
            look,
        ),
    );
    out
}

/// A check's result. `verbose` adds ids and all details. `build` says where the last build failed.
pub(crate) fn report(report: &Report, build: Option<&str>, verbose: bool, look: Look) -> String {
    let mut out = format!("\n{}\n", verdicts(report.lines(verbose), look));
    if let Some(build) = build.filter(|_| report.verdict == Verdict::NotYet) {
        line(&mut out, &fill(build, look));
        out.push('\n');
    }
    let next = match report.verdict {
        Verdict::Pass => "`next` continues.",
        Verdict::CantCheck => {
            "This is not your mistake. `docklings doctor` shows what this machine lacks."
        }
        Verdict::NotYet | Verdict::Waiting => "`hint` helps, `goals` shows the exercise again.",
    };
    line(&mut out, &styled(ASIDE, &fill(next, look)));
    out
}

/// Lines of a report.
pub(crate) fn verdicts(lines: Vec<Line>, look: Look) -> String {
    let mut out = String::new();
    for one in lines {
        let text = one.text;
        let row = match one.verdict {
            Some(verdict) => {
                let style = match verdict {
                    Verdict::Pass => PASS,
                    Verdict::NotYet => NOT_YET,
                    Verdict::Waiting | Verdict::CantCheck => ASIDE,
                };
                let word = styled(style, &format!("{:<12}", verdict.word()));
                hanging(&format!("{word}{text}"), 0, 12, look)
            }
            None if one.label.is_empty() => hanging(&text, 4, 0, look),
            None => hanging(&format!("{:<10}{text}", one.label), 4, 10, look),
        };
        line(&mut out, &row);
    }
    out
}

/// A hint.
pub(crate) fn hint(exercise: &Exercise, hint: usize, left: usize, look: Look) -> String {
    let mut out = String::new();
    let say = exercise.hints.get(hint).map_or("", |hint| hint.say.trim());
    line(&mut out, &hanging(&format!("Hint  {say}"), 0, 6, look));
    let more = match left {
        0 => "`hint` names the page that explains it, and then shows the solution.".to_owned(),
        1 => "One more: `hint`.".to_owned(),
        _ => format!("{left} more: `hint`."),
    };
    line(&mut out, &styled(ASIDE, &fill(&more, look)));
    out
}

/// The ways to solve an exercise.
pub(crate) fn solution(exercise: &Exercise, look: Look) -> String {
    let mut out = String::from("\n");
    for (attempt, number) in exercise.solutions.iter().zip(1..) {
        if exercise.solutions.len() > 1 {
            line(&mut out, &styled(HEADING, &format!("Solution {number}")));
        }
        out.push_str(&steps(attempt));
    }
    out.push('\n');
    let play = "`solution --play` runs it in a scratch sandbox; your own stays as it is.";
    line(&mut out, &styled(ASIDE, &fill(play, look)));
    out
}

fn steps(attempt: &Attempt) -> String {
    let mut out = String::new();
    for step in &attempt.steps {
        match &step.action {
            checker::exercise::Action::Write { path, text } => {
                line(&mut out, &format!("  {path}:"));
                for row in text.lines() {
                    line(&mut out, &format!("    {}", styled(CODE, row)));
                }
            }
            action => line(
                &mut out,
                &format!("  {}", styled(CODE, &format!("$ {}", action.describe()))),
            ),
        }
    }
    for (goal, answer) in &attempt.answers {
        let several = attempt.answers.len() > 1;
        let text = if several {
            format!("answer {goal} {answer}")
        } else {
            format!("answer {answer}")
        };
        line(&mut out, &format!("  {}", styled(CODE, &text)));
    }
    out
}

/// The question before something is done.
pub(crate) fn question(question: &Question) -> String {
    match question {
        Question::Reset(id) => {
            format!(
                "Start `{id}` over? Its containers, images and files are removed. Type yes or no.\n"
            )
        }
        Question::Empty(sandbox) => format!(
            "Empty the sandbox `{sandbox}`? Its containers, volumes and own images are removed. Type yes or no.\n"
        ),
        Question::CatchUp { page, .. } => format!(
            "Run the commands of {} again, in this lesson's emptied sandbox? Type yes or no.\n",
            match page {
                1 => "page 1".to_owned(),
                pages => format!("the {pages} pages before this one"),
            }
        ),
        Question::Solution { .. } => {
            "The exercise is not done. Show its solution anyway? Type yes or no.\n".to_owned()
        }
    }
}

/// Short answers, of a line or two. `place` is where the learner is.
pub(crate) fn say(say: &Say, session_place: &Place, catalog: &Catalog, look: Look) -> String {
    let text = match say {
        Say::Welcome => {
            return format!(
                "{}\n\n{}\n",
                styled(HEADING, "docklings: learn Docker by doing it"),
                fill(
                    "Read a page, type its commands, then `next`. Every `docker` command here runs for real, on an engine \
                     of our own; no container reaches your files unless you hand them over. `help` shows the \
                     course's words, `quit` leaves, and the course resumes where you left it.",
                    look
                )
            );
        }
        Say::WelcomeBack => "Welcome back. `list` shows the course, `help` the words.".to_owned(),
        Say::Free => "This is the playground, with containers and images of its own. Nothing is judged here. \
                      `back` returns to the course."
            .to_owned(),
        Say::End => match catalog.lessons.is_empty() {
            true => "There are no lessons.".to_owned(),
            false => "This is the end of the course. `list` shows what is open, `go free` is the playground.".to_owned(),
        },
        Say::Beginning => "This is the beginning of the course.".to_owned(),
        Say::ExerciseOpen => {
            "This exercise is not done yet. `check` shows what is missing, `hint` helps, `skip` leaves it for later.".to_owned()
        }
        Say::AlreadyDone => "You have done this exercise. `next` continues, `reset` starts it over.".to_owned(),
        Say::DoneAgain => "All goals are reached again. `next` continues.".to_owned(),
        Say::NoExercise => match session_place {
            Place::At { lesson, step } => match catalog.steps(*lesson).get(step + 1) {
                Some(Step::Exercise(id)) => format!("The exercise `{id}` comes after this page: `next`."),
                _ => "This page has no exercise. `next` continues.".to_owned(),
            },
            _ => "There is no exercise here. `list` shows them all, `go NAME` takes you there.".to_owned(),
        },
        Say::NoEarlierPage => "There is no earlier page of this lesson to catch up with.".to_owned(),
        Say::NoQuestion => "This exercise asks no question.".to_owned(),
        Say::AllAnswered => "Every question is answered. `check` shows what is missing.".to_owned(),
        Say::NextQuestion(ask, goal) => format!("Next question: {} Reply with `answer {goal} …`.", ask.trim()),
        Say::TaughtOn { page, title, back } => {
            let way = match back {
                1 => "`back` shows it".to_owned(),
                times => format!("`back`, typed {times} times, shows it"),
            };
            format!("Page {page} of this lesson, \u{201c}{title}\u{201d}, explains it: {way}. After that, `hint` shows the solution.")
        }
        Say::NoSuchPlace(target) => format!("There is no lesson or exercise `{target}`. `list` shows them all."),
        Say::Unchanged => "Nothing has changed.".to_owned(),
    };
    format!("{}\n", fill(&text, look))
}

/// A docker command line, word by word.
pub(crate) fn explained(command: &str, look: Look) -> String {
    let pieces = match explain(command) {
        Ok(pieces) => pieces,
        Err(message) => return format!("{}\n", fill(&message, look)),
    };
    let mut out = String::from("\n");
    for (piece, about) in pieces {
        let width = piece.chars().count();
        if width <= 20 && look.width >= 60 {
            let pad = " ".repeat(20 - width);
            line(
                &mut out,
                &hanging(
                    &format!("{}{pad}  {about}", styled(CODE, &piece)),
                    2,
                    22,
                    look,
                ),
            );
        } else {
            line(&mut out, &format!("  {}", styled(CODE, &piece)));
            line(&mut out, &hanging(&about, 6, 0, look));
        }
    }
    out.push('\n');
    out
}

/// The words of the shell: each word of `table`, what follows it, and what it does.
pub(crate) fn help(table: &[(&str, &str, &str)], look: Look) -> String {
    let mut out = String::from("\n");
    for (name, rest, what) in table {
        let usage = format!("{name} {rest}");
        if look.width >= 60 {
            let text = format!("{usage:<20} {what}");
            line(&mut out, &hanging(&text, 2, 21, look));
        } else {
            line(&mut out, &format!("  {}", usage.trim_end()));
            line(&mut out, &hanging(what, 6, 0, look));
        }
    }
    out.push('\n');
    let rest = "Any other line goes to your shell, with our `docker` first: pipes, `cd`, `export` and your editor work. \
                Tab completes, the right arrow takes the grey suggestion, Ctrl-R searches what you typed before. An empty \
                line shows the page again.";
    line(&mut out, &fill(rest, look));
    out.push('\n');
    out
}

/// Adds a line.
fn line(out: &mut String, text: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{text}");
}

fn minutes(count: u32) -> String {
    match count {
        1 => "a minute".to_owned(),
        _ => format!("{count} minutes"),
    }
}

/// Markdown as terminal text. A line `...` in a console block stands for output that differs from run to run. It is for
/// the tests, so it is left out: the learner sees the real output.
pub(crate) fn markdown(text: &str, look: Look) -> String {
    let layout = Layout {
        width: look.prose(),
        plain: !look.colour,
    };
    render(&without_placeholders(text), layout)
}

fn without_placeholders(text: &str) -> String {
    let mut out = String::new();
    let mut in_console = false;
    for row in text.lines() {
        if row.starts_with("```") {
            in_console = !in_console && row.trim_start_matches('`').starts_with("console");
        }
        if !(in_console && row.trim() == "...") {
            line(&mut out, row);
        }
    }
    out
}

#[cfg(test)]
mod tests;
