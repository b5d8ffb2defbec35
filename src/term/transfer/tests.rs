//! Transfers as they are shown: lines verbatim, and the final state of terminals.

use super::*;
use engine::oci::digest::Digest;
use engine::oci::reference::Reference;
use std::cell::Cell;
use std::rc::Rc;

fn layer(id: &str, status: LayerStatus) -> TransferEvent {
    TransferEvent::Layer {
        id: id.to_owned(),
        status,
    }
}

fn status(newer: bool, name: &str, all_tags: bool) -> TransferEvent {
    TransferEvent::Status {
        newer,
        reference: Reference::parse(name).unwrap(),
        all_tags,
    }
}

/// A pull of two layers, one of which exists here.
fn pull() -> Vec<TransferEvent> {
    let downloading = |done| LayerStatus::Downloading {
        done,
        total: 40_010_000,
    };
    vec![
        TransferEvent::Pulling {
            tag: "v1".to_owned(),
            repository: "team/app".to_owned(),
        },
        layer("35bed6029ec2", LayerStatus::AlreadyExists),
        layer("ab2dce239ad4", LayerStatus::PullingFsLayer),
        layer("ab2dce239ad4", LayerStatus::PullingFsLayer),
        layer("ab2dce239ad4", downloading(12_080_000)),
        layer("ab2dce239ad4", downloading(40_010_000)),
        layer("ab2dce239ad4", LayerStatus::VerifyingChecksum),
        layer("ab2dce239ad4", LayerStatus::DownloadComplete),
        layer("ab2dce239ad4", LayerStatus::PullComplete),
        TransferEvent::Digest(Digest::of(b"manifest")),
        status(true, "localhost:5000/team/app:v1", false),
    ]
}

fn shown(form: Form, events: &[TransferEvent]) -> String {
    let seconds = Rc::new(Cell::new(0));
    let clock = seconds.clone();
    let mut transfer = Transfer::new(Vec::new(), form, move || Duration::from_secs(clock.get()));
    for event in events {
        transfer.tell(event);
        seconds.set(seconds.get() + 1);
    }
    String::from_utf8(transfer.finish().unwrap()).unwrap()
}

/// The terminal's content after `text`. It knows the three sequences that we use.
fn screen(text: &str) -> String {
    let (mut lines, mut row, mut column) = (vec![String::new()], 0_usize, 0);
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        match letter {
            '\x1b' => {
                rest.next_if_eq(&'[').expect("a sequence");
                let mut number = String::new();
                let end = loop {
                    match rest.next().expect("the end of a sequence") {
                        digit @ '0'..='9' => number.push(digit),
                        end => break end,
                    }
                };
                let number: usize = number.parse().unwrap();
                match end {
                    'A' => row = row.checked_sub(number).expect("a line on the screen"),
                    'B' => row += number,
                    'K' => lines[row].clear(),
                    other => panic!("an unknown sequence: {other}"),
                }
            }
            '\r' => column = 0,
            '\n' => (row, column) = (row + 1, 0),
            letter => {
                let line = &mut lines[row];
                line.truncate(column);
                line.push(letter);
                column = line.len();
            }
        }
        while lines.len() <= row {
            lines.push(String::new());
        }
    }
    lines.join("\n")
}

const fn terminal(columns: usize) -> Form {
    Form::Terminal { columns, rows: 24 }
}

#[test]
fn without_a_terminal_each_status_is_a_line_and_nothing_moves() {
    let digest = Digest::of(b"manifest");
    assert_eq!(
        shown(Form::Plain, &pull()),
        format!(
            "v1: Pulling from team/app\n35bed6029ec2: Already exists\nab2dce239ad4: Pulling fs layer\n\
             ab2dce239ad4: Verifying Checksum\nab2dce239ad4: Download complete\nab2dce239ad4: Pull complete\n\
             Digest: {digest}\nStatus: Downloaded newer image for localhost:5000/team/app:v1\n"
        )
    );
    assert_eq!(shown(Form::Quiet, &pull()), "");
}

#[test]
fn on_a_terminal_each_layer_keeps_its_line() {
    let (events, digest) = (pull(), Digest::of(b"manifest"));
    assert_eq!(
        screen(&shown(terminal(80), &events[..6])),
        "v1: Pulling from team/app\n35bed6029ec2: Already exists \n\
         ab2dce239ad4: Downloading  40.01MB/40.01MB\n"
    );
    assert_eq!(
        screen(&shown(terminal(80), &events)),
        format!(
            "v1: Pulling from team/app\n35bed6029ec2: Already exists \nab2dce239ad4: Pull complete \n\
             Digest: {digest}\nStatus: Downloaded newer image for localhost:5000/team/app:v1\n"
        )
    );
}

#[test]
fn the_line_fits_the_terminal() {
    let at = |columns, done| {
        let status = LayerStatus::Pushing {
            done,
            total: 40_010_000,
        };
        let text = screen(&shown(terminal(columns), &[layer("ab2dce239ad4", status)]));
        text.trim_end().to_owned()
    };
    assert_eq!(
        at(120, 12_080_000),
        format!(
            "ab2dce239ad4: Pushing [{}>{}]  12.08MB/40.01MB",
            "=".repeat(15),
            " ".repeat(35)
        )
    );
    assert_eq!(
        at(110, 12_080_000),
        "ab2dce239ad4: Pushing  12.08MB/40.01MB"
    );
    assert_eq!(at(40, 12_080_000), "ab2dce239ad4: Pushing  12.08MB/40.01MB");
    assert_eq!(at(38, 12_080_000), "ab2dce239ad4: Pushing  12.08MB/40.01MB");
    assert_eq!(at(37, 12_080_000), "ab2dce239ad4: Pushing  30%");
    assert_eq!(at(20, 40_010_000), "ab2dce239ad4: Pushi…");
    assert_eq!(at(80, 50_000_000), "ab2dce239ad4: Pushing     50MB");
    let downloading = LayerStatus::Downloading {
        done: 12_080_000,
        total: 40_010_000,
    };
    let text = shown(terminal(40), &[layer("ab2dce239ad4", downloading)]);
    assert_eq!(text, "ab2dce239ad4: Downloading  30%\n");
    let unknown = LayerStatus::Downloading {
        done: 2_000,
        total: 0,
    };
    let text = shown(terminal(40), &[layer("ab2dce239ad4", unknown)]);
    assert_eq!(text, "ab2dce239ad4: Downloading      2kB\n");
}

#[test]
fn byte_counts_are_drawn_at_a_pace_and_the_last_one_always() {
    let mut transfer = Transfer::new(Vec::new(), terminal(80), || Duration::ZERO);
    for done in 0..1000 {
        transfer.tell(&layer("a", LayerStatus::Pushing { done, total: 1000 }));
    }
    let text = String::from_utf8(transfer.finish().unwrap()).unwrap();
    assert_eq!(text.matches('\r').count(), 2, "{text:?}");
    assert_eq!(screen(&text), "a: Pushing     999B/1kB\n");
}

#[test]
fn a_layer_whose_line_has_scrolled_away_is_left_alone() {
    let ids: Vec<String> = (0..10).map(|number| format!("layer-{number}")).collect();
    let mut events: Vec<_> = ids
        .iter()
        .map(|id| layer(id, LayerStatus::Preparing))
        .collect();
    events.extend(ids.iter().map(|id| layer(id, LayerStatus::Pushed)));
    let text = shown(
        Form::Terminal {
            columns: 80,
            rows: 5,
        },
        &events,
    );
    assert_eq!(text.matches("\x1b[2K").count(), 4);
    assert!(!text.contains("\x1b[5A"), "{text:?}");
}

#[test]
fn lines_after_the_layers_begin_a_new_block() {
    let again = |size| TransferEvent::Pushed {
        tag: "v1".to_owned(),
        digest: Digest::of(b"manifest"),
        size,
    };
    let pushed = layer("a", LayerStatus::LayerAlreadyExists);
    let events = [
        TransferEvent::Pushing {
            repository: "docker.io/alice/app".to_owned(),
        },
        pushed.clone(),
        again(527),
        pushed,
        again(528),
    ];
    let digest = Digest::of(b"manifest");
    for form in [Form::Plain, terminal(80)] {
        let text = screen(&shown(form, &events)).replace(" \n", "\n");
        assert_eq!(
            text.trim_end(),
            format!(
                "The push refers to repository [docker.io/alice/app]\na: Layer already exists\n\
                 v1: digest: {digest} size: 527\na: Layer already exists\nv1: digest: {digest} size: 528"
            )
        );
    }
}

#[test]
fn the_last_line_names_the_requested_image() {
    let check = |event: TransferEvent, expected: &str| assert_eq!(sentence(&event), expected);
    check(
        status(false, "busybox:latest", false),
        "Status: Image is up to date for busybox:latest",
    );
    check(
        status(true, "alice/app", true),
        "Status: Downloaded newer image for alice/app",
    );
    let retry = |seconds| layer("a", LayerStatus::Retrying { seconds });
    check(retry(1), "a: Retrying in 1 second");
    check(retry(5), "a: Retrying in 5 seconds");
    let mounted = LayerStatus::MountedFrom("team/app".to_owned());
    check(layer("a", mounted), "a: Mounted from team/app");
}
