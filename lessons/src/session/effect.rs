//! What goes into a session, and what comes out.

use crate::progress::Change;
use checker::Report;

/// Something that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The shell opened.
    Begin,
    /// The learner said a word.
    Word(Word),
    /// A line went through `sh`.
    Ran(String),
    /// What [`Effect::Judge`] found.
    Judged {
        /// What was found.
        report: Box<Report>,
        /// As in [`Effect::Judge`].
        asked: bool,
    },
}

/// A word that is about the course.
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
    /// Judge, and tell all.
    Check,
    /// The answer to a goal that asks.
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
    /// Do what was asked about.
    Yes,
    /// Do not.
    No,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Lines run in this sandbox from now on, in the folder that belongs to it.
    Enter {
        /// The sandbox.
        sandbox: String,
        /// Say so in a line: the learner was in another one.
        told: bool,
    },
    /// Stop what runs in an exercise that is done.
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
    /// Set the exercise up, if that was not done.
    Prepare {
        /// The exercise.
        exercise: String,
    },
    /// Throw the exercise's sandbox and workspace away and set it up again.
    Restart {
        /// The exercise.
        exercise: String,
    },
    /// Throw away what is in a sandbox.
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
        /// The learner asked for it.
        asked: bool,
    },
    /// Show the whole report of the last judgement.
    Report {
        /// The exercise.
        exercise: String,
    },
    /// These goals have just been reached.
    Passed {
        /// The exercise.
        exercise: String,
        /// Its goals.
        goals: Vec<String>,
    },
    /// These goals had been reached, and no longer are.
    Lost {
        /// The exercise.
        exercise: String,
        /// Its goals.
        goals: Vec<String>,
    },
    /// The exercise is done: show the debrief, and what comes next.
    Done {
        /// The exercise.
        exercise: String,
    },
    /// Show a hint.
    Hint {
        /// The exercise.
        exercise: String,
        /// The hint's place in it.
        hint: usize,
        /// How many are left after this one.
        left: usize,
    },
    /// Show the solution.
    Solution {
        /// The exercise.
        exercise: String,
    },
    /// Run the solution in a scratch sandbox, and show what it prints.
    Play {
        /// The exercise.
        exercise: String,
    },
    /// Ask the learner; the answer is [`Word::Yes`] or [`Word::No`].
    Ask(Question),
    /// Note in the progress file.
    Record(Change),
    /// Say a line.
    Say(Say),
}

/// What is asked before it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// Start this exercise over?
    Reset(String),
    /// Remove everything in this sandbox?
    Empty(String),
    /// Show the solution of this exercise, which is not done?
    Solution {
        /// The exercise.
        exercise: String,
        /// Run it in a scratch sandbox.
        play: bool,
    },
}

/// What is said in a line or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Say {
    /// The very first words.
    Welcome,
    /// The course goes on.
    WelcomeBack,
    /// This is the playground.
    Free,
    /// The course is at its end.
    End,
    /// There is nothing before.
    Beginning,
    /// The exercise is not done.
    ExerciseOpen,
    /// It was done before.
    AlreadyDone,
    /// It is done once more.
    DoneAgain,
    /// There is no exercise here.
    NoExercise,
    /// No goal asks for an answer.
    NoQuestion,
    /// All hints were shown.
    NoMoreHints,
    /// There is no such lesson or exercise.
    NoSuchPlace(String),
    /// Nothing was done.
    Unchanged,
}
