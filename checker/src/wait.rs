//! Waiting for goals with `within` and `stable`, around [`evaluate()`], which never waits.
//!
//! It waits for the journal: a goal can only become true after an event. There is no file watching, which does not work
//! on network homes, and no fixed sleep.

use crate::evaluate::{Attempt, evaluate};
use crate::exercise::Exercise;
use crate::report::{GoalReport, Report, Verdict};
use crate::world::World;
use std::time::Duration;

/// Where worlds come from, and how to wait for the next.
pub trait Source {
    /// The world to look at; each judgement looks again.
    fn world(&self) -> &dyn World;
    /// Waits until the journal has grown or `limit` has passed, whichever comes first.
    fn wait(&mut self, limit: Duration);
    /// The time since some fixed moment.
    fn now(&self) -> Duration;
    /// The time since the last line of the journal was written, in which nothing has changed.
    fn quiet(&self) -> Duration;
    /// Whether an event is imminent: a container's first process waits for a processor, or has ended and its end is not
    /// recorded yet. On a busy machine `true` may run for seconds before it ends.
    fn busy(&self) -> bool {
        false
    }
    /// Whether there is nothing to wait for: nothing happened lately, and no process works on anything. Only trials of
    /// attempts that must fail end their wait then; for a learner, a `within` is kept.
    fn idle(&self) -> bool {
        false
    }
}

/// The interval for things that leave no line in the journal, such as a server that begins to answer.
const STEP: Duration = Duration::from_millis(100);

/// The longest wait for a process that keeps computing.
const BUSY: Duration = Duration::from_secs(3);

/// Judges `exercise`, and again while a goal with `within` may still become true, or a goal with `stable` has not been
/// true for long enough.
pub fn settle(exercise: &Exercise, attempt: &Attempt, source: &mut dyn Source) -> Report {
    let start = source.now();
    // For each goal: since when it has been passing without interruption, and how long nothing had happened before
    // that.
    let mut since: Vec<Option<(Duration, Duration)>> = vec![None; exercise.goals.len()];
    loop {
        let report = evaluate(exercise, source.world(), attempt);
        let (now, quiet) = (source.now(), source.quiet());
        let mut rest: Option<Duration> = None;
        for (index, goal) in report.goals.iter().enumerate() {
            let passing = goal.verdict == Verdict::Pass;
            since[index] = if passing {
                since[index].or(Some((now, quiet)))
            } else {
                None
            };
            let left = match (passing, goal.within_ms, goal.stable_ms, since[index]) {
                (true, _, Some(stable), Some((since, calm))) => {
                    Duration::from_millis(stable).saturating_sub(calm + now.saturating_sub(since))
                }
                // A goal that waits for another one has not begun to take its time.
                (false, Some(within), _, _)
                    if goal.verdict == Verdict::NotYet && !source.idle() =>
                {
                    Duration::from_millis(within).saturating_sub(now.saturating_sub(start))
                }
                _ => Duration::ZERO,
            };
            if !left.is_zero() {
                rest = Some(rest.map_or(left, |rest| rest.min(left)));
            }
        }
        let awaited = |goal: &GoalReport| goal.verdict == Verdict::Pass && goal.stable_ms.is_some();
        if rest.is_none()
            && report.goals.iter().any(awaited)
            && now.saturating_sub(start) < BUSY
            && source.busy()
        {
            rest = Some(STEP);
        }
        match rest {
            None => return report,
            Some(rest) => source.wait(rest.min(STEP)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::fake::Fake;

    /// Worlds by their start time; waiting only moves the clock.
    struct Script {
        worlds: Vec<(u64, Fake)>,
        now: u64,
        quiet: u64,
        /// Until when an event is imminent.
        busy: u64,
        /// From when on there is nothing to wait for.
        idle: u64,
    }

    impl Source for Script {
        fn world(&self) -> &dyn World {
            let current = self.worlds.iter().rev().find(|(from, _)| *from <= self.now);
            &current.expect("the first world holds from the beginning").1
        }
        fn wait(&mut self, limit: Duration) {
            self.now += limit.as_millis() as u64;
            self.quiet += limit.as_millis() as u64;
        }
        fn now(&self) -> Duration {
            Duration::from_millis(self.now)
        }
        fn quiet(&self) -> Duration {
            Duration::from_millis(self.quiet)
        }
        fn busy(&self) -> bool {
            self.now < self.busy
        }
        fn idle(&self) -> bool {
            self.now >= self.idle
        }
    }

    /// Settles a goal that `box` runs, with these waits; returns the verdict and the elapsed time.
    #[track_caller]
    fn check(waits: &str, worlds: Vec<(u64, Fake)>, quiet: u64) -> (Verdict, u64) {
        settled(waits, worlds, quiet, 0)
    }

    #[test]
    fn a_hasty_source_ends_the_wait_when_nothing_goes_on() {
        let waits = "    within: 1s";
        assert_eq!(hasty(waits, vec![(0, down())], 200), (Verdict::NotYet, 200));
        assert_eq!(
            hasty(waits, vec![(0, down()), (100, up())], 200),
            (Verdict::Pass, 100)
        );
        assert_eq!(
            hasty(waits, vec![(0, down())], 5000),
            (Verdict::NotYet, 1000)
        );
    }

    #[track_caller]
    fn settled(waits: &str, worlds: Vec<(u64, Fake)>, quiet: u64, busy: u64) -> (Verdict, u64) {
        judged(waits, worlds, quiet, busy, u64::MAX)
    }

    #[track_caller]
    fn hasty(waits: &str, worlds: Vec<(u64, Fake)>, idle: u64) -> (Verdict, u64) {
        judged(waits, worlds, 0, 0, idle)
    }

    #[track_caller]
    fn judged(
        waits: &str,
        worlds: Vec<(u64, Fake)>,
        quiet: u64,
        busy: u64,
        idle: u64,
    ) -> (Verdict, u64) {
        let text = format!(
            "format: 1\nid: e\ntitle: T\ngoals:\n  - id: g\n    say: S\n    \
             check: {{ container: {{ name: box, status: running }} }}\n{waits}\n\
             solutions:\n  - do: [docker start box]\n"
        );
        let exercise = crate::load::text("e.yaml", &text, "").expect("the exercise is right");
        let mut script = Script {
            worlds,
            now: 0,
            quiet,
            busy,
            idle,
        };
        let report = settle(&exercise, &Attempt::default(), &mut script);
        (report.verdict, script.now)
    }

    fn up() -> Fake {
        Fake::default().running("box", "busybox")
    }
    fn down() -> Fake {
        Fake::default().exited("box", "busybox", 0)
    }

    #[test]
    fn without_waits_the_first_look_decides() {
        assert_eq!(
            check("", vec![(0, down()), (50, up())], 0),
            (Verdict::NotYet, 0)
        );
        assert_eq!(check("", vec![(0, up())], 0), (Verdict::Pass, 0));
    }

    #[test]
    fn within_waits_until_it_comes_true_or_the_time_is_over() {
        let later = |at| vec![(0, down()), (at, up())];
        assert_eq!(check("    within: 1s", later(250), 0), (Verdict::Pass, 300));
        assert_eq!(
            check("    within: 1s", later(5000), 0),
            (Verdict::NotYet, 1000)
        );
    }

    #[test]
    fn a_goal_takes_its_time_only_after_the_one_that_it_waits_for() {
        let then = "  - id: h\n    say: S\n    check: { container: { name: other } }\n    \
                    after: g\n    within: 1s";
        assert_eq!(check(then, vec![(0, down())], 0), (Verdict::NotYet, 0));
        assert_eq!(check(then, vec![(0, up())], 0), (Verdict::NotYet, 1000));
    }

    #[test]
    fn stable_waits_only_as_long_as_something_happened_lately() {
        let ends = || vec![(0, up()), (200, down())];
        assert_eq!(
            check("    stable: 300ms", ends(), 0),
            (Verdict::NotYet, 200)
        );
        assert_eq!(
            check("    stable: 300ms", vec![(0, up())], 0),
            (Verdict::Pass, 300)
        );
        assert_eq!(
            check("    stable: 300ms", vec![(0, up())], 10_000),
            (Verdict::Pass, 0)
        );
    }

    #[test]
    fn stable_does_not_count_while_a_process_waits_for_a_processor() {
        let slow = || vec![(0, up()), (900, down())];
        assert_eq!(
            settled("    stable: 300ms", slow(), 0, 950),
            (Verdict::NotYet, 900)
        );
        assert_eq!(
            settled("    stable: 300ms", slow(), 0, 0),
            (Verdict::Pass, 300)
        );
        // A process that computes forever does not extend the wait.
        let endless = vec![(0, up())];
        assert_eq!(
            settled("    stable: 300ms", endless, 0, u64::MAX),
            (Verdict::Pass, 3000)
        );
        assert_eq!(settled("", vec![(0, up())], 0, 500), (Verdict::Pass, 0));
    }
}
