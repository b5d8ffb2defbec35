//! The progress of `pull` and `push`.
//!
//! **What Docker does.** On a terminal, each layer has a line, which is drawn over as it goes on; elsewhere, each status is
//! a line of its own, and how many bytes went is not told.
//! **What we do.** The same. On a terminal that is too narrow for the sizes, the line has percent instead, because a line
//! that is broken in two could not be drawn over; and a layer whose line has scrolled away is not drawn any more.
//!
//! Source: moby `pkg/jsonmessage/jsonmessage.go`.

mod terminal;

#[cfg(test)]
mod tests;

use engine::image::remote::{LayerStatus, TransferEvent};
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::time::Duration;
use terminal::Terminal;

/// How a transfer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Not at all.
    Quiet,
    /// Line after line.
    Plain,
    /// A block that is drawn over, on a terminal of so many columns and rows.
    Terminal {
        /// Its width.
        columns: usize,
        /// Its height.
        rows: usize,
    },
}

/// Writes what a transfer tells to `out`. Call [`Transfer::finish`] when it is over.
pub struct Transfer<W> {
    out: W,
    drawing: Drawing,
    /// The time since the transfer began.
    clock: Box<dyn Fn() -> Duration>,
    /// The first failure to write; nothing is written after it.
    broken: Option<io::Error>,
}

enum Drawing {
    Quiet,
    /// The last status of each layer.
    Plain(BTreeMap<String, String>),
    Terminal(Terminal),
}

impl<W: Write> Transfer<W> {
    /// Shows a transfer in `form`. `clock` tells the time since it began.
    pub fn new(out: W, form: Form, clock: impl Fn() -> Duration + 'static) -> Self {
        Self {
            out,
            drawing: match form {
                Form::Quiet => Drawing::Quiet,
                Form::Plain => Drawing::Plain(BTreeMap::new()),
                Form::Terminal { columns, rows } => Drawing::Terminal(Terminal::new(columns, rows)),
            },
            clock: Box::new(clock),
            broken: None,
        }
    }

    /// Something happened.
    pub fn tell(&mut self, event: &TransferEvent) {
        if self.broken.is_none() {
            self.broken = self.write(event).err();
        }
    }

    /// Writes what is still to be drawn, and gives the writer back. Error: the first failure to write.
    ///
    /// # Errors
    /// The first failure to write, if there was one.
    pub fn finish(mut self) -> io::Result<W> {
        if let Some(error) = self.broken {
            return Err(error);
        }
        if let Drawing::Terminal(terminal) = &mut self.drawing {
            terminal.finish(&mut self.out)?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    fn write(&mut self, event: &TransferEvent) -> io::Result<()> {
        let now = (self.clock)();
        match (&mut self.drawing, event) {
            (Drawing::Quiet, _) => return Ok(()),
            (Drawing::Plain(told), TransferEvent::Layer { id, status }) => {
                // Somebody reads the lines later: how it goes is of no use then.
                if progress(status).is_some() {
                    return Ok(());
                }
                let text = status.to_string();
                if told.insert(id.clone(), text.clone()).as_ref() != Some(&text) {
                    writeln!(self.out, "{id}: {text}")?;
                }
            }
            (Drawing::Terminal(terminal), TransferEvent::Layer { id, status }) => {
                terminal.layer(&mut self.out, id, status, now)?;
            }
            (Drawing::Plain(told), event) => {
                told.clear();
                writeln!(self.out, "{}", sentence(event))?;
            }
            (Drawing::Terminal(terminal), event) => {
                terminal.finish(&mut self.out)?;
                writeln!(self.out, "{}", sentence(event))?;
            }
        }
        self.out.flush()
    }
}

/// What is told between the layers.
fn sentence(event: &TransferEvent) -> String {
    match event {
        TransferEvent::Pulling { tag, repository } => format!("{tag}: Pulling from {repository}"),
        TransferEvent::Pushing { repository } => {
            format!("The push refers to repository [{repository}]")
        }
        TransferEvent::Layer { id, status } => format!("{id}: {status}"),
        TransferEvent::Digest(digest) => format!("Digest: {digest}"),
        TransferEvent::Pushed { tag, digest, size } => {
            format!("{tag}: digest: {digest} size: {size}")
        }
        TransferEvent::Status {
            newer,
            reference,
            all_tags,
        } => {
            let what = match newer {
                true => "Downloaded newer image",
                false => "Image is up to date",
            };
            let name = match all_tags {
                true => reference.familiar_name(),
                false => reference.familiar(),
            };
            format!("Status: {what} for {name}")
        }
    }
}

/// How many bytes of how many went.
fn progress(status: &LayerStatus) -> Option<(u64, u64)> {
    match status {
        LayerStatus::Downloading { done, total }
        | LayerStatus::Extracting { done, total }
        | LayerStatus::Pushing { done, total } => Some((*done, *total)),
        _ => None,
    }
}
