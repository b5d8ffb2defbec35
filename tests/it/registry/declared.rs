//! Lessons and exercises that declare `images`: they are there with the images, and named as missing without them.

use super::images::with_archive;
use crate::support::registry::Served;
use crate::support::sandbox::Sandbox;

const NAME: &str = "python:3.12-slim";
const LESSON: &str = "---
title: Real images
goal: Run a real image.
minutes: 5
images: [python:3.12-slim]
exercises: [real]
---

Run it.
";
const EXERCISE: &str = "format: 1
id: real
title: A real image
minutes: 1
images: [python:3.12-slim]
setup: [docker create --name before python:3.12-slim]
goals: [{ id: made, say: A container named `box` exists., check: { container: { name: box, image: python:3.12-slim } } }]
hints: [{ level: nudge, say: Which command creates a container? }]
solutions: [{ do: [docker run --name box python:3.12-slim] }]
wrong:
  - { id: other, do: [docker create --name box2 python:3.12-slim], expect: { made: not-yet } }
  - { id: busy, do: [docker create --name box busybox], expect: { made: not-yet } }
";
const WAYS: &str =
    "in the playground: docker pull python:3.12-slim; without a network: docklings images add FILE";

/// A sandbox whose course is one lesson with one exercise, and an archive of the image that both declare.
fn course() -> Sandbox {
    let sandbox = with_archive(NAME);
    sandbox.write("lessons/content/01-real/lesson.md", LESSON);
    sandbox.write("exercises/01-real/real.yaml", EXERCISE);
    let folder = sandbox.work().display().to_string();
    sandbox.with("DOCKLINGS_CONTENT", &folder)
}

#[test]
fn without_the_image_nothing_is_judged_and_the_way_to_it_is_named() {
    let sandbox = course();
    sandbox
        .docklings("list")
        .ok()
        .mentions("Real images (not read; needs python:3.12-slim)")
        .mentions("real: A real image (needs an image: python:3.12-slim)")
        .mentions("docklings images add FILE");
    let json = sandbox.docklings("list --json").ok();
    json.mentions("\"missing_images\"");
    sandbox
        .docklings("check real")
        .fails(1)
        .complains(
            "the exercise `real` needs an image that is not on this machine: python:3.12-slim",
        )
        .complains(WAYS);
    sandbox
        .docklings("author check")
        .ok()
        .mentions("NOT CHECKED real: it needs python:3.12-slim, which is not on this machine")
        .mentions(WAYS)
        .mentions("1 exercise, 0 trials");
    let shown = sandbox.shell("printf 'quit\\n' | docklings --plain").ok();
    shown.mentions("Not on this machine yet: python:3.12-slim. To get it: in the playground:");
    // An exercise that cannot begin holds no learner back.
    sandbox
        .shell("printf 'go real\\nnext\\nskip\\nquit\\n' | docklings --plain")
        .ok()
        .mentions("`skip` leaves the exercise for later")
        .mentions("End of lesson 1");
}

#[test]
fn with_the_image_from_a_file_it_is_proved_and_done() {
    let sandbox = course();
    sandbox.docklings("images add made.tar").ok();
    sandbox
        .docklings("list")
        .ok()
        .mentions("real: A real image\n")
        .never_mentions("needs");
    sandbox
        .docklings("author check")
        .ok()
        .mentions("0 errors, 0 warnings")
        .never_mentions("NOT CHECKED");
    sandbox.docklings("check real").fails(1);
    sandbox
        .shell("DOCKLINGS_SANDBOX=ex-real docker run --name box python:3.12-slim")
        .ok()
        .says("made\n");
    sandbox.docklings("check real").ok();
}

#[test]
fn an_image_that_the_playground_pulled_or_the_upstream_has_is_used() {
    let class = with_archive(NAME);
    let served = Served::start(&class, "--load made.tar");
    let sandbox = course().with("DOCKLINGS_UPSTREAM", &served.host());
    // It is pulled in the playground, and outlives the exercise.
    sandbox
        .docklings("check real")
        .fails(1)
        .never_complains("needs an image");
    sandbox
        .docklings("list")
        .ok()
        .never_mentions("needs an image");
    drop(served);
    sandbox.docklings("reset real --yes").ok();
    sandbox
        .shell("DOCKLINGS_SANDBOX=ex-real docker run --name box python:3.12-slim")
        .ok()
        .says("made\n");
    sandbox.docklings("check real").ok();
}
