//! What runs in all sandboxes, and whether it answers.

use super::Finding;
use crate::course::verbs::stop::place_of;
use crate::env::Env;
use engine::runtime::located::{Located, running};

/// Containers outlive the shell that started them. A container whose monitor is stopped or hangs can only be killed.
pub(super) fn containers(env: &Env) -> Finding {
    let all = running(&env.home);
    let mute: Vec<&Located> = all.iter().filter(|found| !answers(env, found)).collect();
    finding(all.len(), &mute)
}

fn answers(env: &Env, found: &Located) -> bool {
    env.engine(&found.sandbox, "doctor")
        .is_ok_and(|engine| engine.answers(&found.id))
}

fn finding(running: usize, mute: &[&Located]) -> Finding {
    let what = "what runs";
    if !mute.is_empty() {
        let places: Vec<String> = mute.iter().map(|found| place_of(found)).collect();
        return Finding::warn(
            what,
            format!(
                "no answer from {}: its monitor is stopped or hangs",
                places.join(", ")
            ),
            "docklings stop --all",
        );
    }
    let found = match running {
        0 => "no container".to_owned(),
        1 => "1 container; `docklings stop --all` ends it".to_owned(),
        count => format!("{count} containers; `docklings stop --all` ends them"),
    };
    Finding::pass(what, found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::verbs::doctor::Verdict;
    use engine::id::ContainerId;

    #[test]
    fn a_container_that_does_not_answer_is_named() {
        let located = Located {
            sandbox: "free".to_owned(),
            id: ContainerId::parse(&"a".repeat(64)).unwrap(),
            name: "box".to_owned(),
            ports: Vec::new(),
        };
        let bad = finding(2, &[&located]);
        assert_eq!(bad.verdict, Verdict::Warn);
        assert!(
            bad.found.contains("`box` of the playground"),
            "{}",
            bad.found
        );
        assert_eq!(finding(2, &[]).verdict, Verdict::Pass);
    }
}
