//! The progress of `pull` and `push`.
//!
//! **What Docker does.** On a terminal, each layer has a line that is redrawn; elsewhere, each status is its own line,
//! without the number of bytes.
//! **What we do.** The same. If the terminal is too narrow for the sizes, the line shows percent instead, because a
//! wrapped line could not be redrawn. A layer whose line has scrolled away is not redrawn.
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

/// The form in which a transfer is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Not at all.
    Quiet,
    /// One line after another.
    Plain,
    /// A block that is redrawn, on a terminal of this size.
    Terminal {
        /// Its width.
        columns: usize,
        /// Its height.
        rows: usize,
    },
}

/// Writes a transfer's progress to `out`. Call [`Transfer::finish`] when it is over.
pub(crate) struct Transfer<W> {
    out: W,
    drawing: Drawing,
    /// The time since the transfer began.
    clock: Box<dyn Fn() -> Duration>,
    /// The first write error; nothing is written after it.
    broken: Option<io::Error>,
}

enum Drawing {
    Quiet,
    /// The last status of each layer.
    Plain(BTreeMap<String, String>),
    Terminal(Terminal),
}

impl<W: Write> Transfer<W> {
    /// Shows a transfer in `form`. `clock` returns the time since it began.
    pub(crate) fn new(out: W, form: Form, clock: impl Fn() -> Duration + 'static) -> Self {
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

    /// Shows an event.
    pub(crate) fn tell(&mut self, event: &TransferEvent) {
        if self.broken.is_none() {
            self.broken = self.write(event).err();
        }
    }

    /// Draws the rest, and returns the writer.
    ///
    /// # Errors
    /// The first write error, if there was one.
    pub(crate) fn finish(mut self) -> io::Result<W> {
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
            (Drawing::Plain(shown), TransferEvent::Layer { id, status }) => {
                // A log is read later, so it does not need the byte counts.
                if progress(status).is_some() {
                    return Ok(());
                }
                let text = status.to_string();
                if shown.insert(id.clone(), text.clone()).as_ref() != Some(&text) {
                    writeln!(self.out, "{id}: {text}")?;
                }
            }
            (Drawing::Terminal(terminal), TransferEvent::Layer { id, status }) => {
                terminal.layer(&mut self.out, id, status, now)?;
            }
            (Drawing::Plain(shown), event) => {
                shown.clear();
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

/// The lines between those of the layers.
fn sentence(event: &TransferEvent) -> String {
    match event {
        TransferEvent::Pulling { tag, repository } => format!("{tag}: Pulling from {repository}"),
        TransferEvent::Copying { tag } => {
            format!("{tag}: Using the copy that another sandbox of this machine has pulled")
        }
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

/// How many bytes of how many were transferred.
fn progress(status: &LayerStatus) -> Option<(u64, u64)> {
    match status {
        LayerStatus::Downloading { done, total } | LayerStatus::Pushing { done, total } => {
            Some((*done, *total))
        }
        _ => None,
    }
}
