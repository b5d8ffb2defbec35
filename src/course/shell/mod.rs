//! The lesson shell, which `docklings` without words starts.
//!
//! A line is a word of the course ([`words`]) or goes to `sh` ([`line`]). [`lessons::session`] decides what a word
//! means; [`perform`] carries it out.

mod carry;
mod catch_up;
pub(crate) mod complete;
mod editor;
mod highlight;
mod job;
mod lexer;
mod line;
pub(crate) mod names;
mod perform;
mod tutor;
pub(crate) mod undo;
mod why;
pub(crate) mod words;

use crate::course::look::{self, Look};
use crate::course::{state, view};
use crate::env::{Env, INSIDE};
use crate::failure::{CommandResult, Failure};
use checker::Report;
use complete::Names as _;
use editor::{Input, Reader, history_file};
use engine::error::plainly;
use engine::visible;
use job::{End, Terminal};
use lessons::session::{Event, Session, Word};
use line::Lines;

use rustix::process::Pid;
use std::cell::Cell;
use std::io::{self, IsTerminal, Write as _};
use std::path::PathBuf;
use words::Wish;

/// The lesson shell.
struct Shell {
    env: Env,
    look: Look,
    session: Session,
    /// The progress file.
    progress: PathBuf,
    lines: Lines,
    terminal: Terminal,
    reader: Reader,
    /// The last report on the current exercise.
    report: Option<Box<Report>>,
    /// The journal's length at the last check.
    judged_at: Option<u64>,
    /// The journal's length when the last line started.
    line_began_at: Option<u64>,
    /// What `undo` reverts.
    undo: undo::Undo,
    /// A line that Ctrl-Z stopped.
    stopped: Option<Pid>,
    /// The learner's folder when the shell started; the playground uses it.
    start_folder: PathBuf,
    /// The last word was answered with a question.
    asked: bool,
    /// The lines shown since the screen was turned, or the last prompt.
    shown: Cell<usize>,
    /// The rest of a page that does not fit on the screen.
    more: Option<String>,
    /// The page needs what `catchup` makes.
    lacks_pages: bool,
    /// The ghost text was explained.
    knows_ghost: bool,
    /// The sandboxes whose containers are being stopped.
    rested: Vec<String>,
}

/// What a learner who leaves sees.
const KEPT: &str = "Your place is kept. `docklings` resumes here.";

/// Runs the lesson shell until the learner leaves it. `plain`: no colour, no redrawing.
pub(crate) fn run(plain: bool) -> CommandResult {
    let env = Env::read()?;
    if std::env::var_os(INSIDE).is_some() && io::stdin().is_terminal() {
        return Err(Failure::Hinted(
            "the course is open in this terminal already".to_owned(),
            crate::exit::USAGE,
            "`goals` shows where you are, `quit` leaves it".to_owned(),
        ));
    }
    env.home.claim(env.home.root())?;
    let look = Look::of_process(plain);
    let course = state::open(&env)?;
    for problem in &course.catalog.problems {
        look.show(&format!("{problem}\n"))?;
    }
    let start_folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
    let history = history_file(env.home.root());
    let mut shell = Shell {
        lines: Lines::new(&env.home, start_folder.clone())?,
        terminal: Terminal::of_process(),
        reader: Reader::new(io::stdin().is_terminal(), look, history)?,
        session: Session::new(course.catalog, course.progress),
        progress: course.file,
        report: None,
        judged_at: None,
        line_began_at: None,
        undo: undo::Undo::default(),
        stopped: None,
        asked: false,
        shown: Cell::new(0),
        more: None,
        lacks_pages: false,
        knows_ghost: false,
        rested: Vec::new(),
        start_folder,
        look,
        env,
    };
    let ended = shell.read_lines();
    if let Some(pid) = shell.stopped {
        shell.terminal.hang_up(pid);
    }
    shell.forget_kept()?;
    ended
}

impl Shell {
    fn read_lines(&mut self) -> CommandResult {
        self.handle(Event::Begin)?;
        loop {
            self.update_assistant();
            self.begin_line()?;
            self.shown.set(0);
            match self.reader.read(&self.prompt())? {
                Input::Line(line) if line.trim().is_empty() => self.take_nothing()?,
                Input::Line(line) => {
                    if !self.take_all(&line)? {
                        return Ok(());
                    }
                }
                Input::Interrupted => {}
                Input::End => {
                    let is_person = self.reader.assistant().is_some();
                    self.say(if is_person { KEPT } else { "" })?;
                    self.report_what_runs()?;
                    return Ok(());
                }
            }
        }
    }

    /// An empty line at a terminal: the rest of the page, or the place again.
    fn take_nothing(&mut self) -> CommandResult {
        let Some(assistant) = self.reader.assistant() else {
            return Ok(());
        };
        let has_ghost = assistant.suggestion.is_some() && self.look.drawn && self.look.colour;
        if let Some(rest) = self.more.take() {
            return self.show_page(&rest);
        }
        if has_ghost && !std::mem::replace(&mut self.knows_ghost, true) {
            return self.say(
                "The grey text is a suggestion: the right arrow takes it, and Enter runs it. Enter on an empty line \
                 shows the page again.",
            );
        }
        self.handle(Event::Word(Word::Goals))
    }

    /// Carries out a line, or the lines of a paste one after the other; `false` means to leave.
    fn take_all(&mut self, lines: &str) -> CommandResult<bool> {
        let pieces = lexer::pieces(lines);
        for (index, piece) in pieces.iter().enumerate() {
            if piece.trim().is_empty() {
                continue;
            }
            if index > 0 {
                let row = piece.lines().next().unwrap_or_default();
                self.look.show(&format!(
                    "{}\n",
                    look::styled(look::ASIDE, &format!("$ {row}"))
                ))?;
            }
            if !self.take(piece)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Carries out a line; `false` means to leave.
    fn take(&mut self, line: &str) -> CommandResult<bool> {
        self.look = self.look.at_present();
        self.more = None;
        self.lacks_pages = false;
        let line = match line.trim_start().strip_prefix("$ ") {
            Some(line) => {
                self.say("(`$` is the prompt of the page, and not part of the command.)")?;
                line
            }
            None => line,
        };
        let asked = std::mem::take(&mut self.asked);
        let answer = match line.trim() {
            "yes" | "y" | "Y" | "Yes" => Some(Word::Yes),
            "no" | "n" | "N" | "No" if asked => Some(Word::No),
            _ => None,
        };
        match answer {
            Some(word) if asked => {
                self.handle(Event::Word(word))?;
                return Ok(true);
            }
            // The program `yes` never ends.
            Some(_) => {
                self.say("There is no question to answer.")?;
                return Ok(true);
            }
            None => {}
        }
        match words::parse(line) {
            None => self.run_line(line)?,
            Some(Err(usage)) => self.say(&usage)?,
            Some(Ok(Wish::Quit)) => {
                self.say(KEPT)?;
                self.report_what_runs()?;
                return Ok(false);
            }
            Some(Ok(wish)) => self.grant(wish)?,
        }
        Ok(true)
    }

    fn grant(&mut self, wish: Wish) -> CommandResult {
        let word = match wish {
            Wish::Course(word) => word,
            Wish::Show(what) if what.is_empty() => return self.draw(),
            Wish::Show(what) => return self.show_with(&what),
            Wish::Undo => return self.take_back(),
            Wish::Why => return self.why(),
            Wish::Explain(line) => {
                return self
                    .look
                    .show(&view::explained(&line, self.look))
                    .map_err(Into::into);
            }
            Wish::Edit(file) => return self.edit(&file),
            Wish::List => return self.list(),
            Wish::Help => return Ok(self.look.show(&view::help(&words::TABLE, self.look))?),
            Wish::Foreground => return self.foreground(),
            Wish::Quit => return Ok(()),
        };
        self.handle(Event::Word(word))
    }

    /// Runs one of the learner's lines.
    fn run_line(&mut self, line: &str) -> CommandResult {
        let sandbox = self.session.sandbox();
        let journal = self.env.home.sandbox(&sandbox)?.journal();
        self.line_began_at = Some(std::fs::metadata(journal).map_or(0, |data| data.len()));
        self.keep()?;
        match self.lines.run(&self.terminal, &sandbox, line) {
            Ok(end) => self.after_line(line, end),
            Err(error) => self.say(&format!("cannot run the line: {}", plainly(&error))),
        }
    }

    /// `show` with words is `docklings show` with those words, in the current sandbox.
    fn show_with(&mut self, what: &str) -> CommandResult {
        let line = format!("docklings show {what}");
        let sandbox = self.session.sandbox();
        match self.lines.run(&self.terminal, &sandbox, &line) {
            Ok(_) => Ok(()),
            Err(error) => self.say(&format!("cannot run the line: {}", plainly(&error))),
        }
    }

    /// Continues the stopped line.
    fn foreground(&mut self) -> CommandResult {
        let Some(pid) = self.stopped.take() else {
            return self.say("no line is stopped");
        };
        let end = self.terminal.resume(pid)?;
        self.lines.finish(end);
        self.after_line("fg", end)
    }

    fn after_line(&mut self, line: &str, end: End) -> CommandResult {
        // After `^C`, for one.
        self.begin_line()?;
        match end {
            End::Stopped(pid) => {
                if let Some(earlier) = self.stopped.replace(pid) {
                    self.terminal.hang_up(earlier);
                }
                self.say("\nStopped. `fg` continues it.")?;
            }
            End::Exited(code) => self.advise(line, code)?,
            End::Killed(_) => {}
        }
        for name in self.lines.take_forgotten() {
            self.say(&format!(
                "`{name}` is too long to keep for the next line, so it is dropped."
            ))?;
        }
        self.note_line(line)?;
        self.look = self.look.at_present();
        self.handle(Event::Ran {
            line: line.to_owned(),
            // What a signal ended, such as Ctrl-C, has done its work.
            ok: !(1..=127).contains(&end.code()),
        })
    }

    /// Says what helps after a line that failed.
    fn advise(&self, line: &str, code: i32) -> CommandResult {
        if let Some(advice) = tutor::advice(line, code) {
            return self.say(&advice);
        }
        let place = self.folder_of_place();
        let is_lost = code != 0
            && line.contains("docker build")
            && self.lines.folder() != place
            && place.join("Dockerfile").exists();
        if is_lost {
            let place = place.to_string_lossy().into_owned();
            return self.say(&format!(
                "You are in another folder. A Dockerfile of yours is here: `cd {}`",
                shell_words::quote(&place)
            ));
        }
        Ok(())
    }

    /// `edit FILE`: an editor of the machine, or else lines that are typed here.
    fn edit(&mut self, file: &str) -> CommandResult {
        let Some(assistant) = self.reader.assistant() else {
            return self.say("`edit` needs a terminal.");
        };
        let programs = assistant.names.programs();
        let own = ["VISUAL", "EDITOR"].map(|name| self.lines.variable(name));
        let own = own.into_iter().flatten().find(|editor| !editor.is_empty());
        let known = ["nano", "micro", "vim", "vi", "emacs"].map(str::to_owned);
        let known = known.into_iter().find(|name| programs.contains(name));
        if let Some(editor) = own.or(known) {
            if editor.ends_with("vi") || editor.ends_with("vim") {
                self.say("`vi`: `i` begins to write; Esc, then `:wq` saves, `:q!` leaves without saving.")?;
            }
            return self.run_line(&format!("{editor} {}", shell_words::quote(file)));
        }
        self.say(&format!(
            "There is no editor on this machine. Type the new text of `{file}`; a line with only a dot ends it, Ctrl-C \
             leaves the file as it is."
        ))?;
        let mut text = String::new();
        loop {
            match self.reader.read(&("> ".to_owned(), "> ".to_owned()))? {
                Input::Line(line) if line == "." => break,
                Input::Line(line) => text.push_str(&format!("{line}\n")),
                Input::Interrupted | Input::End => return self.say("Nothing has changed."),
            }
        }
        match std::fs::write(self.lines.folder().join(file), text) {
            Ok(()) => self.handle(Event::Ran {
                line: format!("edit {file}"),
                ok: true,
            }),
            Err(error) => self.say(&format!("cannot write `{file}`: {}", plainly(&error))),
        }
    }

    /// The prompt, plain and coloured: the learner's place and progress.
    fn prompt(&self) -> (String, String) {
        let mut place = match self.session.exercise() {
            Some(id) => match &self.report {
                Some(report) => format!("{id} {}/{}", report.done, report.goals.len()),
                None => id.to_owned(),
            },
            None => self
                .session
                .sandbox()
                .trim_start_matches("lesson-")
                .to_owned(),
        };
        let folder = self.lines.folder();
        if folder != self.folder_of_place() && self.look.width >= 60 {
            let name = folder.file_name().unwrap_or(folder.as_os_str());
            place = format!("{place} {}", visible::line(&name.to_string_lossy()));
        }
        let plain = format!("{place} $ ");
        let coloured = look::styled(look::PASS, &place);
        (plain, format!("{coloured} $ "))
    }

    /// Starts a new line if a program ended in the middle of one. A row of blanks does this without asking the
    /// terminal, which may not answer: on an empty row they fill the row, and in the middle of a row they wrap to the
    /// next.
    fn begin_line(&self) -> io::Result<()> {
        if !self.look.drawn {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        write!(
            out,
            "{:columns$}\r",
            "",
            columns = self.look.at_present().width
        )?;
        out.flush()
    }

    /// Updates completion and ghost text with the learner's place.
    fn update_assistant(&mut self) {
        let suggestion = match self.lacks_pages {
            true => Some("catchup".to_owned()),
            false => self.session.suggestion(),
        };
        let sandbox = self.session.sandbox();
        let Some(assistant) = self.reader.assistant() else {
            return;
        };
        assistant.suggestion = suggestion;
        assistant.names.folder = self.lines.folder().to_owned();
        assistant.names.path = self.lines.path().cloned();
        if assistant
            .names
            .engine
            .as_ref()
            .is_none_or(|engine| engine.sandbox_name() != sandbox)
        {
            // Without an engine, names are not offered, and all else works.
            assistant.names.engine = self.env.engine(&sandbox, "complete").ok();
        }
    }

    /// Shows a sentence or two.
    fn say(&self, text: &str) -> CommandResult {
        Ok(self
            .look
            .show(&format!("{}\n", view::fill(text, self.look)))?)
    }
}
