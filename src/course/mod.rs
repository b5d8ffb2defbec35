//! The course: the lesson shell, the verbs of `docklings`, and what exercises' authors use.
//!
//! What a learner types runs as the real `docker`; in here is what is around it.

pub(crate) mod author;
pub(crate) mod judge;
pub(crate) mod layout;
pub(crate) mod look;
pub(crate) mod play;
pub(crate) mod scripted;
pub(crate) mod shell;
pub(crate) mod state;
pub(crate) mod steps;
pub(crate) mod verbs;
pub(crate) mod view;
pub(crate) mod workspace;
