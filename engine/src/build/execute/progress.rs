//! Reporting progress to the observer, and measuring durations.

use crate::build::observe::{BuildObserver, Progress, StepReport};
use crate::clock::Clock;
use crate::error::Result;
use jiff::Timestamp;
use std::time::Duration;

/// Numbers vertices and passes events on.
pub(super) struct Teller<'a> {
    observer: &'a mut dyn BuildObserver,
    clock: &'a dyn Clock,
    last: usize,
}

/// A running vertex.
#[derive(Debug, Clone, Copy)]
pub(super) struct Vertex {
    number: usize,
    started: Timestamp,
}

impl<'a> Teller<'a> {
    pub(super) fn new(observer: &'a mut dyn BuildObserver, clock: &'a dyn Clock) -> Self {
        Self {
            observer,
            clock,
            last: 0,
        }
    }

    pub(super) fn start(&mut self, name: &str) -> Vertex {
        self.last += 1;
        self.observer.progress(Progress::Started {
            vertex: self.last,
            name,
        });
        Vertex {
            number: self.last,
            started: self.clock.now(),
        }
    }

    pub(super) fn note(&mut self, vertex: Vertex, text: &str) {
        self.observer.progress(Progress::Note {
            vertex: vertex.number,
            text,
        });
    }

    pub(super) fn output(&mut self, vertex: Vertex, bytes: &[u8]) {
        self.observer.progress(Progress::Output {
            vertex: vertex.number,
            bytes,
        });
    }

    /// Time has passed.
    pub(super) fn tick(&mut self) {
        self.observer.progress(Progress::Tick);
    }

    /// How long the vertex has been running.
    pub(super) fn elapsed(&self, vertex: Vertex) -> Duration {
        let elapsed = self.clock.now().duration_since(vertex.started);
        elapsed.try_into().unwrap_or_default()
    }

    pub(super) fn finish(&mut self, vertex: Vertex, step: Option<&StepReport>) {
        let duration = self.elapsed(vertex);
        self.observer.progress(Progress::Finished {
            vertex: vertex.number,
            duration,
            step,
            error: None,
        });
    }

    pub(super) fn fail(&mut self, vertex: Vertex, error: &str) {
        let duration = self.elapsed(vertex);
        self.observer.progress(Progress::Finished {
            vertex: vertex.number,
            duration,
            step: None,
            error: Some(error),
        });
    }

    /// Does `work` as a separate vertex.
    pub(super) fn during<T>(
        &mut self,
        name: &str,
        work: impl FnOnce(&mut Self, Vertex) -> Result<T>,
    ) -> Result<T> {
        let vertex = self.start(name);
        match work(self, vertex) {
            Ok(value) => {
                self.finish(vertex, None);
                Ok(value)
            }
            Err(error) => {
                self.fail(vertex, first_line(error.message()));
                Err(error)
            }
        }
    }
}

pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A size for people, in powers of ten. Source: github.com/docker/go-units, `HumanSize`, as BuildKit prints it.
pub(super) fn size(bytes: u64) -> String {
    let mut value = bytes as f64;
    let mut unit = "B";
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    match unit {
        "B" => format!("{bytes}B"),
        unit => format!("{value:.2}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_powers_of_ten() {
        for (bytes, expected) in [
            (2, "2B"),
            (999, "999B"),
            (1_500, "1.50kB"),
            (2_000_000, "2.00MB"),
        ] {
            assert_eq!(size(bytes), expected);
        }
    }
}
