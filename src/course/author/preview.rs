//! `docklings author preview ID`: shows the exercise as a learner sees it at first.

use super::execute::{Bench, prepare_home};
use super::{Folder, usage};
use crate::course::look::{HEADING, Look, styled};
use crate::course::view;
use crate::env::Env;
use crate::failure::{CommandResult, Failure};
use checker::author::observe::{NEGATIVE_WAIT, hurried};
use checker::author::trial::{Kind, Trial};
use checker::world::engine::EngineSource;
use checker::{Attempt, Exercise, Problem, load, wait};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The exercise's id
    id: String,
    /// No colour, no redrawing
    #[arg(long)]
    plain: bool,
    /// In this language, from `<id>.<language>.yaml`
    #[arg(long, value_name = "LANGUAGE")]
    lang: Option<String>,
    /// As the learner with this seed sees it
    #[arg(long, default_value = "preview")]
    seed: String,
    #[command(flatten)]
    folder: Folder,
}

pub(super) fn run(args: &Args) -> CommandResult {
    let path = find(&args.folder, &args.id)?;
    let exercise = read(&path, args).map_err(|problems| {
        let rendered: Vec<String> = problems
            .iter()
            .map(|problem| problem.render(false))
            .collect();
        Failure::message(rendered.join("\n\n"))
    })?;
    let look = Look::of_process(args.plain);
    look.show(&view::exercise(&exercise, &BTreeSet::new(), look))?;
    let env = Env::read()?;
    prepare_home(&env)?;
    let trial = Trial {
        kind: Kind::Fresh,
        steps: Vec::new(),
        answers: BTreeMap::new(),
        look_between: false,
    };
    let bench = Bench::new(&env, 0)?;
    let report = (|| {
        let setup = match bench.set_up(&exercise)? {
            Ok(setup) => setup,
            Err(failure) => {
                return Err(Failure::message(format!("the setup failed: {failure:?}")));
            }
        };
        let attempt = Attempt {
            number: 1,
            answers: trial.answers.clone(),
        };
        let exercise = hurried(&exercise, NEGATIVE_WAIT);
        let mut source = EngineSource::new(bench.world(setup)?);
        Ok(wait::settle(&exercise, &attempt, &mut source))
    })();
    let discarded = bench.discard();
    let report = report?;
    discarded?;
    let heading = styled(HEADING, "`check`, before any step:");
    look.show(&format!(
        "\n{heading}\n{}",
        view::report(&report, None, false, look)
    ))?;
    Ok(())
}

/// The exercise in the file `path`, in the requested language.
fn read(path: &Path, args: &Args) -> Result<Exercise, Vec<Problem>> {
    let exercise = load::exercise(path, &args.seed)?;
    let Some(language) = &args.lang else {
        return Ok(exercise);
    };
    let translation = load::source(&path.with_extension(format!("{language}.yaml")))?;
    let shown = load::translation::translated(&exercise.source, &translation, &args.seed)?;
    Ok(Exercise {
        folder: exercise.folder,
        ..shown
    })
}

/// The file of the exercise `id`.
pub(super) fn find(folder: &Folder, id: &str) -> CommandResult<PathBuf> {
    let files = checker::course::exercise_files(&folder.dir);
    let name = |path: &PathBuf| {
        path.file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
    };
    if let Some(path) = files.iter().find(|path| name(path).as_deref() == Some(id)) {
        return Ok(path.clone());
    }
    let known: Vec<String> = files.iter().filter_map(name).collect();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let hint = match engine::near::nearest(id, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => format!(
            "`{}` has no exercises; `--dir FOLDER` names the folder",
            folder.dir.display()
        ),
        None => format!("there are {}", known.join(", ")),
    };
    Err(usage(format!("there is no exercise `{id}`"), hint))
}
