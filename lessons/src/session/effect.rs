//! The input and output of a session.

use crate::progress::Change;
use checker::Report;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The shell opened.
    Begin,
    /// The learner typed a course command.
    Word(Word),
    /// A line went through the shell.
    Ran {
        /// The line.
        line: String,
        /// It did not fail.
        ok: bool,
    },
    /// What [`Effect::Judge`] found.
    Judged {
        /// What was found.
        report: Box<Report>,
        /// As in [`Effect::Judge`].
        asked: Asked,
    },
}

/// What a judgement is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// A line ran: only what changed is shown.
    Nothing,
    /// The learner wants to go on: another terminal may have done the exercise.
    Next,
    /// The learner wants to see every goal.
    Check {
        /// With ids and all details.
        verbose: bool,
    },
    /// The learner answered this goal's question.
    Answer(String),
}

/// A course command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// Go on.
    Next,
    /// Go back.
    Back,
    /// Go somewhere.
    Go(String),
    /// Leave the exercise for later.
    Skip,
    /// Show the place again.
    Goals,
    /// Run the commands of the lesson's earlier pages.
    CatchUp,
    /// Judge and report every goal.
    Check {
        /// With ids and all details.
        verbose: bool,
    },
    /// The answer to a goal that asks a question.
    Answer(String),
    /// A hint.
    Hint,
    /// The solution.
    Solution {
        /// Run it in a scratch sandbox.
        play: bool,
    },
    /// Start over.
    Reset,
    /// Confirm the question.
    Yes,
    /// Decline the question.
    No,
}

/// What the caller must do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// What follows is a new place: start at the top of the screen.
    Turn,
    /// From now on, run lines in this sandbox, in its folder.
    Enter {
        /// The sandbox.
        sandbox: String,
        /// Say so: the learner was in another sandbox.
        told: bool,
    },
    /// Stop what runs in a finished exercise.
    Rest {
        /// The exercise.
        exercise: String,
    },
    /// Show a page.
    Page {
        /// The lesson's index.
        lesson: usize,
        /// The page's index.
        page: usize,
    },
    /// Run the commands of the pages before this one, in the lesson's emptied sandbox.
    CatchUp {
        /// The lesson's index.
        lesson: usize,
        /// The page's index.
        page: usize,
    },
    /// The lesson ends: show what was learned.
    LessonEnd {
        /// The lesson's index.
        lesson: usize,
    },
    /// Set up the exercise if that has not been done.
    Prepare {
        /// The exercise.
        exercise: String,
    },
    /// Delete the exercise's sandbox and workspace and set it up again.
    Restart {
        /// The exercise.
        exercise: String,
    },
    /// Delete everything in a sandbox.
    Empty {
        /// The sandbox.
        sandbox: String,
    },
    /// Show the exercise's story and goals.
    Exercise {
        /// The exercise.
        id: String,
    },
    /// Judge the exercise and answer with [`Event::Judged`].
    Judge {
        /// The exercise.
        exercise: String,
        /// What for.
        asked: Asked,
    },
    /// Show the whole report of the last judgement.
    Report {
        /// The exercise.
        exercise: String,
        /// With ids and all details.
        verbose: bool,
    },
    /// Show the last judgement of one goal.
    Explain {
        /// The exercise.
        exercise: String,
        /// The goal.
        goal: String,
    },
    /// These goals have just been reached.
    Passed {
        /// The exercise.
        exercise: String,
        /// Its goals.
        goals: Vec<String>,
    },
    /// These goals are no longer reached.
    Lost {
        /// The exercise.
        exercise: String,
        /// Its goals.
        goals: Vec<String>,
    },
    /// The exercise is done: show the debrief and what comes next.
    Done {
        /// The exercise.
        exercise: String,
    },
    /// Show a hint.
    Hint {
        /// The exercise.
        exercise: String,
        /// The hint's index in it.
        hint: usize,
        /// How many are left after this one.
        left: usize,
    },
    /// Show the solution.
    Solution {
        /// The exercise.
        exercise: String,
    },
    /// Run the solution in a scratch sandbox and show its output.
    Play {
        /// The exercise.
        exercise: String,
    },
    /// Ask the learner; the answer is [`Word::Yes`] or [`Word::No`].
    Ask(Question),
    /// Write to the progress file.
    Record(Change),
    /// Say a line.
    Say(Say),
}

/// A question to confirm an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Start this exercise over?
    Reset(String),
    /// Remove everything in this sandbox?
    Empty(String),
    /// Empty the lesson's sandbox and run the commands of its earlier pages?
    CatchUp {
        /// The lesson's index.
        lesson: usize,
        /// The current page's index.
        page: usize,
    },
    /// Show the solution of this unfinished exercise?
    Solution {
        /// The exercise.
        exercise: String,
        /// Run it in a scratch sandbox.
        play: bool,
    },
}

/// A message of a line or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// The first greeting.
    Welcome,
    /// The course goes on.
    WelcomeBack,
    /// This is the playground.
    Free,
    /// The course ends here.
    End,
    /// The course begins here.
    Beginning,
    /// The exercise is not done.
    ExerciseOpen,
    /// It was already done.
    AlreadyDone,
    /// It is done again.
    DoneAgain,
    /// There is no exercise here.
    NoExercise,
    /// There is no earlier page to run.
    NoEarlierPage,
    /// No goal asks for an answer.
    NoQuestion,
    /// Every question is answered.
    AllAnswered,
    /// The next open question, and its goal's number, from 1.
    NextQuestion(String, usize),
    /// All hints were shown; this page teaches the exercise's subject.
    TaughtOn {
        /// The page's number, from 1.
        page: usize,
        /// Its title.
        title: String,
        /// How often `back` must be typed to see it.
        back: usize,
    },
    /// There is no such lesson or exercise.
    NoSuchPlace(String),
    /// Nothing was done.
    Unchanged,
}
