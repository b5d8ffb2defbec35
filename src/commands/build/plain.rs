//! Progress as lines with the number of their step, as BuildKit's `--progress=plain`: for logs, pipes and screen
//! readers.

use super::progress::{Form, Lines};
use engine::build::observe::{Progress, StepReport};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Instant;

/// The form.
#[derive(Default)]
pub(super) struct Plain {
    steps: BTreeMap<usize, Step>,
    /// The step that was written of last: another one begins after an empty line.
    last: Option<usize>,
}

struct Step {
    began: Instant,
    lines: Lines,
}

impl Plain {
    fn head(&mut self, out: &mut dyn Write, vertex: usize) -> io::Result<()> {
        if self.last.is_some_and(|last| last != vertex) {
            writeln!(out)?;
        }
        self.last = Some(vertex);
        Ok(())
    }
}

impl Form for Plain {
    fn show(&mut self, out: &mut dyn Write, event: Progress<'_>) -> io::Result<()> {
        match event {
            Progress::Started { vertex, name } => {
                self.head(out, vertex)?;
                let step = Step {
                    began: Instant::now(),
                    lines: Lines::default(),
                };
                self.steps.insert(vertex, step);
                writeln!(out, "#{vertex} {name}")
            }
            Progress::Note { vertex, text } => {
                self.head(out, vertex)?;
                writeln!(out, "#{vertex} {text}")
            }
            Progress::Output { vertex, bytes, .. } => {
                self.head(out, vertex)?;
                let Some(step) = self.steps.get_mut(&vertex) else {
                    return Ok(());
                };
                let seconds = step.began.elapsed().as_secs_f64();
                for line in step.lines.push(bytes) {
                    writeln!(out, "#{vertex} {seconds:.3} {line}")?;
                }
                Ok(())
            }
            Progress::Finished {
                vertex,
                duration,
                step,
                error,
            } => {
                self.head(out, vertex)?;
                let unfinished = self
                    .steps
                    .remove(&vertex)
                    .and_then(|mut step| step.lines.unfinished());
                if let Some(line) = unfinished {
                    writeln!(out, "#{vertex} {:.3} {line}", duration.as_secs_f64())?;
                }
                let end = ended(duration.as_secs_f64(), step, error);
                writeln!(out, "#{vertex} {end}")
            }
        }
    }

    fn end(&mut self, _out: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }
}

/// `DONE 0.2s (ran: first time)`, `CACHED`, `ERROR: …`.
fn ended(seconds: f64, step: Option<&StepReport>, error: Option<&str>) -> String {
    match (error, step) {
        (Some(error), _) => format!("ERROR: {error}"),
        (None, Some(step)) if step.cached => "CACHED".to_owned(),
        (
            None,
            Some(StepReport {
                reason: Some(reason),
                ..
            }),
        ) => {
            format!("DONE {seconds:.1}s  (ran: {reason})")
        }
        _ => format!("DONE {seconds:.1}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_line_has_the_number_of_its_step() {
        let mut form = Plain::default();
        let mut out = Vec::new();
        let finished = |vertex, error| Progress::Finished {
            vertex,
            duration: Duration::from_millis(200),
            step: None,
            error,
        };
        for event in [
            Progress::Started {
                vertex: 1,
                name: "[1/2] FROM busybox",
            },
            finished(1, None),
            Progress::Started {
                vertex: 2,
                name: "[2/2] RUN false",
            },
            finished(2, Some("exit code: 1")),
        ] {
            form.show(&mut out, event).unwrap();
        }
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "#1 [1/2] FROM busybox\n#1 DONE 0.2s\n\n#2 [2/2] RUN false\n#2 ERROR: exit code: 1\n"
        );
    }
}
