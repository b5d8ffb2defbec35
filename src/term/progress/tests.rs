//! Builds as they are shown: plain text verbatim, and the final state of terminals.

use super::*;
use engine::build::cache::explain::{Difference, FileChange};

const COPY: &str = "[2/3] COPY app.py /app/";
const RUN: &str = "[3/3] RUN make a-rather-long-target-name another";

fn report(cached: bool, reason: Option<Reason>) -> StepReport {
    StepReport {
        number: 2,
        total: 3,
        stage: 0,
        stage_name: None,
        text: String::new(),
        line: 1,
        cached,
        reason,
        duration: Duration::ZERO,
        layer: None,
        key: String::new(),
    }
}

fn file_differs() -> Reason {
    Reason::Files {
        changes: vec![FileChange {
            path: "app.py".to_owned(),
            what: Difference::Content,
        }],
    }
}

/// A build with one cached step, one that runs, and one that fails if `fails`.
fn build(form: Form, fails: bool) -> String {
    let mut follower = Follower::new(Vec::new(), form, || Duration::from_millis(1_250));
    let cached = report(true, None);
    let copied = report(false, Some(file_differs()));
    let because = Box::new(file_differs());
    let ran = report(
        false,
        Some(Reason::Step {
            step: "step 2".to_owned(),
            because,
        }),
    );
    let done = |vertex, step, error| Progress::Finished {
        vertex,
        duration: Duration::from_millis(123),
        step,
        error,
    };
    let output = |bytes| Progress::Output { vertex: 4, bytes };
    let events = [
        Progress::Started {
            vertex: 1,
            name: "[internal] load build context",
        },
        Progress::Note {
            vertex: 1,
            text: "transferring context: 2B done",
        },
        done(1, None, None),
        Progress::Started {
            vertex: 2,
            name: "[1/3] FROM busybox",
        },
        done(2, Some(&cached), None),
        Progress::Started {
            vertex: 3,
            name: COPY,
        },
        done(3, Some(&copied), None),
        Progress::Started {
            vertex: 4,
            name: RUN,
        },
        output(b"one\ntw"),
        output(b"o\r\n10%\r100%\n\x1b[1Apart"),
        done(
            4,
            Some(&ran),
            fails.then_some("process \"/bin/sh -c make\" did not complete"),
        ),
    ];
    for event in events {
        follower.progress(event);
    }
    String::from_utf8(follower.finish().unwrap()).unwrap()
}

/// The terminal's content after `text`. It knows only the escapes that we use.
fn screen(text: &str) -> String {
    let mut lines = vec![String::new()];
    let (mut row, mut column) = (0_usize, 0_usize);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\n' => {
                (row, column) = (row + 1, 0);
                lines.resize(lines.len().max(row + 1), String::new());
            }
            '\r' => column = 0,
            '\x1b' => {
                assert_eq!(chars.next(), Some('['));
                let sequence: String = chars.by_ref().take_while_inclusive_letter();
                let (count, letter) = sequence.split_at(sequence.len() - 1);
                match (letter, count) {
                    ("A", count) => row -= count.parse::<usize>().unwrap(),
                    ("B", count) => row += count.parse::<usize>().unwrap(),
                    ("J", "") => lines.truncate(row + 1),
                    ("K", "2") => lines[row].clear(),
                    ("m", _) => {}
                    other => panic!("{other:?}"),
                }
                if letter == "J" {
                    lines[row].truncate(column);
                }
            }
            c => {
                let mut cells: Vec<char> = lines[row].chars().collect();
                cells.resize(cells.len().max(column + 1), ' ');
                cells[column] = c;
                lines[row] = cells.into_iter().collect();
                column += 1;
            }
        }
    }
    lines.join("\n")
}

trait TakeLetter {
    fn take_while_inclusive_letter(self) -> String;
}

impl<I: Iterator<Item = char>> TakeLetter for I {
    fn take_while_inclusive_letter(self) -> String {
        let mut taken = String::new();
        for c in self {
            taken.push(c);
            if c.is_ascii_alphabetic() {
                break;
            }
        }
        taken
    }
}

fn on(columns: usize) -> Form {
    Form::Terminal(Screen {
        columns,
        rows: 24,
        colour: false,
    })
}

#[test]
fn plain_progress_is_one_line_at_a_time() {
    assert_eq!(
        build(Form::Plain, false),
        "\
#1 [internal] load build context
#1 transferring context: 2B done
#1 DONE 0.1s

#2 [1/3] FROM busybox
#2 CACHED

#3 [2/3] COPY app.py /app/
#3 DONE 0.1s  (ran: app.py differs)

#4 [3/3] RUN make a-rather-long-target-name another
#4 0.000 one
#4 0.000 two
#4 0.000 100%
#4 0.000 \x1b[1Apart
#4 DONE 0.1s  (ran: step 2 changed: app.py differs)
"
    );
}

#[test]
fn a_failure_is_shown() {
    let text = build(Form::Plain, true);
    assert!(
        text.ends_with("#4 ERROR: process \"/bin/sh -c make\" did not complete\n"),
        "{text}"
    );
    let shown = screen(&build(on(60), true));
    assert!(
        shown.starts_with("[+] Building 1.2s (4/4) ERROR\n"),
        "{shown}"
    );
    assert!(shown.contains(" => ERROR [3/3] RUN make"), "{shown}");
}

#[test]
fn on_a_terminal_what_is_done_stays() {
    assert_eq!(
        screen(&build(on(60), false)),
        "\
[+] Building 1.2s (4/4) FINISHED
 => [internal] load build context                      0.1s
 => => transferring context: 2B done
 => CACHED [1/3] FROM busybox                          0.1s
 => [2/3] COPY app.py /app/                            0.1s
 => => ran: app.py differs
 => [3/3] RUN make a-rather-long-target-name another   0.1s
 => => ran: step 2 changed: app.py differs
"
    );
}

#[test]
fn forty_columns_are_enough() {
    let shown = screen(&build(on(40), false));
    assert!(
        shown.lines().all(|line| line.chars().count() <= 40),
        "{shown}"
    );
    assert!(
        shown.contains(" => [3/3] RUN make a-rather-long-… 0.1s"),
        "{shown}"
    );
    assert!(
        shown.contains(" => => ran: step 2 changed: app.py\n => => differs\n"),
        "{shown}"
    );
}

#[test]
fn nothing_but_a_terminal_sees_escapes_of_ours() {
    let text = build(Form::Plain, false);
    assert_eq!(
        text.matches('\x1b').count(),
        1,
        "the one that the step itself wrote"
    );
    let coloured = Form::Terminal(Screen {
        columns: 60,
        rows: 24,
        colour: true,
    });
    assert!(build(coloured, false).contains("\x1b[36m => CACHED"));
}

#[test]
fn while_a_step_runs_the_end_of_its_output_is_shown() {
    let mut text = Vec::new();
    {
        let seconds = std::cell::Cell::new(0);
        let clock = move || {
            seconds.set(seconds.get() + 1);
            Duration::from_secs(seconds.get())
        };
        let mut follower = Follower::new(&mut text, on(40), clock);
        follower.progress(Progress::Started {
            vertex: 1,
            name: "[2/2] RUN seq 9",
        });
        follower.progress(Progress::Output {
            vertex: 1,
            bytes: b"1\n2\n3\n4\n5\n6\n7\n8\n9\n",
        });
    }
    let shown = screen(std::str::from_utf8(&text).unwrap());
    assert_eq!(
        shown.lines().skip(1).collect::<Vec<_>>().join("\n"),
        " => [2/2] RUN seq 9                1.0s\n => => # 4\n => => # 5\n => => # 6\n => => # 7\n => => # 8\n => => # 9"
    );
}

#[test]
fn the_clocks_advance_while_a_step_is_silent() {
    fn after(form: Form, ticks: u64) -> String {
        let mut text = Vec::new();
        let now = std::rc::Rc::new(std::cell::Cell::new(2));
        let clock = now.clone();
        let clock = move || Duration::from_secs(clock.get());
        let mut follower = Follower::new(&mut text, form, clock);
        for (vertex, name) in [(1, "[1/2] FROM busybox"), (2, "[2/2] RUN sleep 600")] {
            follower.progress(Progress::Started { vertex, name });
            if vertex == 1 {
                follower.progress(Progress::Finished {
                    vertex,
                    duration: Duration::from_secs(1),
                    step: None,
                    error: None,
                });
            }
        }
        for _ in 0..ticks {
            now.set(now.get() + 1);
            follower.progress(Progress::Tick);
        }
        drop(follower);
        String::from_utf8(text).unwrap()
    }
    assert_eq!(
        screen(&after(on(40), 71)).trim_end(),
        "\
[+] Building 73.0s (1/2)
 => [1/2] FROM busybox             1.0s
 => [2/2] RUN sleep 600           71.0s"
    );
    assert_eq!(after(Form::Plain, 71), after(Form::Plain, 0));
}

#[test]
fn a_closed_pipe_is_reported_once_at_the_end() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut follower = Follower::new(Closed, Form::Plain, || Duration::ZERO);
    follower.progress(Progress::Started {
        vertex: 1,
        name: "a",
    });
    follower.progress(Progress::Note {
        vertex: 1,
        text: "b",
    });
    let error = follower.finish().map(|_| ()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
}
