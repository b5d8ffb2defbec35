//! Exercises, and the judge of them.
//!
//! An exercise is a YAML file ([`load`]) with goals; each goal has its conditions ([`checks`]), which read plain facts
//! about the engine ([`world`]), never the engine itself and never through a shell.
//!
//! **Invariants.** Judging changes nothing. The same world gives the same report. A message is made from the evaluated
//! predicate. An unobservable fact is never a wrong answer.

#![forbid(unsafe_code)]

pub mod answer;
pub mod author;
pub mod checks;
pub mod course;
pub mod digest;
mod evaluate;
pub mod exercise;
pub mod hints;
pub mod load;
pub mod matcher;
pub mod problem;
pub mod reference;
pub mod report;
pub mod schema;
mod setup;
pub mod wait;
pub mod world;

pub use course::{Course, load_all};
pub use engine::near;
pub use evaluate::{Attempt, evaluate};
pub use exercise::{Exercise, Goal, Hint, Level};
pub use problem::Problem;
pub use report::{Report, Verdict};
pub use setup::{SetupPlan, beginning, setup};
