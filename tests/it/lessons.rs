//! Every lesson is true: types the commands of its console blocks into the lesson shell, and compares the output.

use crate::support::process;
use crate::support::sandbox::Sandbox;
use lessons::catalog::Catalog;
use lessons::lesson::Lesson;
use lessons::source::Source;
use lessons::transcript::{Step, matches};
use std::collections::BTreeMap;
use std::io::Write;
use std::net::TcpListener;

/// Marks the end of each command's output. The marker keeps `$?` unchanged.
const END: &str = "@@";

/// Types the commands of `lesson`; returns a text for each difference.
fn walk(lesson: &Lesson) -> Vec<String> {
    if !lesson.front.images.is_empty() {
        // Blocks that need these images are marked `norun`; the others are run.
        let images = lesson.front.images.join(", ");
        // The harness hides the output of a test that passes, but not what is written directly.
        let said = format!("NOT CHECKED {}: what needs {images}", lesson.slug);
        let _ = writeln!(std::io::stderr(), "{said}");
    }
    let blocks = lesson.pages.iter().flat_map(|page| &page.console);
    let steps: Vec<(&Step, bool)> = blocks
        .filter(|block| block.runs)
        .flat_map(|block| {
            let last = block.steps.len().saturating_sub(1);
            let steps = block.steps.iter().enumerate();
            steps.map(move |(index, step)| (step, block.fails && index == last))
        })
        .collect();
    let ports = Ports::of(steps.iter().map(|(step, _)| &*step.command));
    let mut input = format!("go {}\necho {END}\n", lesson.slug);
    for (step, _) in &steps {
        input.push_str(&ports.replaced(&step.command));
        input.push_str(&format!(
            "\n(code=$?; echo; echo {END} $code; exit $code)\n"
        ));
    }
    let sandbox = Sandbox::new();
    // As on a terminal, standard output and standard error are one stream.
    let mut shell = sandbox.command("/bin/sh");
    let output = process::run(
        shell.args(["-c", "exec docklings --plain 2>&1"]),
        input.as_bytes(),
    )
    .ok();
    let mut wrong = Vec::new();
    let mut pieces = output.stdout.split(END);
    // Output before the first command is the course's.
    let _ = pieces.next();
    let pieces: Vec<&str> = pieces.collect();
    for (index, (step, fails)) in steps.iter().enumerate() {
        let place = format!("{}:{}: `{}`", lesson.path, step.line, step.command);
        let (Some(before), Some(after)) = (pieces.get(index), pieces.get(index + 1)) else {
            wrong.push(format!("{place} was not reached\n{}", output.stdout));
            break;
        };
        // The rest of the marker's line, which holds the exit code of the command.
        let found = before.split_once('\n').map_or("", |(_, found)| found);
        let found = found.strip_suffix('\n').unwrap_or(found);
        let code = after.split('\n').next().unwrap_or_default().trim();
        let output: Vec<_> = step
            .output
            .iter()
            .map(|line| ports.replaced(line))
            .collect();
        if !matches(&output, found) {
            let expected = output.join("\n");
            wrong.push(format!(
                "{place}\n--- expected\n{expected}\n--- found\n{found}"
            ));
        }
        if *fails && code == "0" {
            wrong.push(format!("{place} should fail, and did not"));
        }
    }
    wrong
}

/// Free ports of this machine in place of those that a lesson publishes, so that two lessons, or another program, can
/// use the lesson's numbers at the same time.
struct Ports(BTreeMap<String, String>);

impl Ports {
    /// A free port for each one on the left of `-p HOST:CONTAINER`.
    fn of<'a>(commands: impl Iterator<Item = &'a str>) -> Self {
        let words = commands.flat_map(str::split_whitespace);
        let mut before = "";
        let mut published = BTreeMap::new();
        let mut held = Vec::new();
        for word in words {
            let port = word.rsplit(':').nth(1).filter(|_| before == "-p");
            if let Some(port) =
                port.filter(|port| port.len() == 4 && !published.contains_key(*port))
            {
                let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
                let free = listener.local_addr().expect("it is bound").port();
                held.push(listener);
                published.insert(port.to_owned(), free.to_string());
            }
            before = word;
        }
        Self(published)
    }

    fn replaced(&self, text: &str) -> String {
        let all = self.0.iter();
        all.fold(text.to_owned(), |text, (port, free)| {
            text.replace(&format!(":{port}"), &format!(":{free}"))
                .replace(&format!(" {port}:"), &format!(" {free}:"))
        })
    }
}

#[test]
fn a_published_port_becomes_a_free_one() {
    let ports = Ports::of(["docker run -p 127.0.0.1:8080:80 x"].into_iter());
    let free = &ports.0["8080"];
    let text = "curl http://localhost:8080/ -p 8080:80 8080MB";
    assert_ne!(free, "8080");
    assert_eq!(
        ports.replaced(text),
        format!("curl http://localhost:{free}/ -p {free}:80 8080MB")
    );
}

#[test]
fn every_lesson_prints_what_it_says() {
    let catalog = Catalog::load(&Source::Embedded, "seed").expect("the course is in the binary");
    assert!(catalog.lessons.len() >= 12);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        // Two at a time, since a lesson mostly waits for its own containers.
        let half = catalog.lessons.len() / 2;
        let (first, second) = catalog.lessons.split_at(half);
        let other = scope.spawn(|| second.iter().flat_map(walk).collect::<Vec<_>>());
        let mut wrong: Vec<String> = first.iter().flat_map(walk).collect();
        wrong.extend(other.join().expect("a lesson can be walked"));
        wrong
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
