//! Follows `docs/authoring.md` word for word in an empty folder: saves the files that it says to save, and runs its
//! commands.

use super::{TINY, checked, rules};
use crate::support::sandbox::Sandbox;

/// A block of the page.
#[derive(Debug, PartialEq)]
enum Block {
    /// Save this text under this path, which is in the sentence before it.
    Save(String, String),
    /// Run this line.
    Run(String),
}

fn blocks(page: &str) -> Vec<Block> {
    let (mut blocks, mut path, mut lines) = (Vec::new(), None, page.lines());
    while let Some(line) = lines.next() {
        // The path is the first code after "Save this as", or code that says where the block above belongs.
        let named = line
            .split('`')
            .find(|word| word.starts_with("exercises/") && word.ends_with(".yaml"));
        if let Some(named) = named {
            path = Some(named.to_owned());
            // "Save this as" after a block means that block.
            if let Some(Block::Save(above, _)) = blocks.last_mut()
                && above.is_empty()
            {
                *above = path.take().unwrap_or_default();
            }
        }
        let Some(language) = line
            .strip_prefix("```")
            .filter(|language| !language.is_empty())
        else {
            continue;
        };
        let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        match language {
            "yaml" if text.iter().any(|line| line.starts_with("format:")) => {
                blocks.push(Block::Save(
                    path.take().unwrap_or_default(),
                    text.join("\n") + "\n",
                ));
            }
            "console" => blocks.extend(
                text.iter()
                    .filter_map(|line| line.strip_prefix("$ "))
                    .map(|line| Block::Run(line.to_owned())),
            ),
            _ => {}
        }
    }
    blocks
}

#[test]
fn the_page_leads_from_an_empty_folder_to_a_full_exercise() {
    let page = include_str!("../../../docs/authoring.md");
    let sandbox = Sandbox::new();
    let (mut saved, mut run) = (Vec::new(), 0);
    for block in blocks(page) {
        match block {
            Block::Save(path, text) => {
                assert!(!path.is_empty(), "where to save?\n{text}");
                sandbox.write(&path, text);
                saved.push(path);
            }
            Block::Run(line) => {
                let output = sandbox.shell(&line).ok();
                assert!(!output.stdout.contains("error["), "{output}");
                run += 1;
            }
        }
    }
    assert_eq!(
        saved,
        [
            "exercises/tiny.yaml",
            "exercises/wake-the-box.yaml",
            "exercises/tiny.pl.yaml"
        ]
    );
    assert!(run >= 9, "{run} commands");
    // The page's claims about its exercises are true: the five lines have warnings, and the full one has none.
    let (json, _) = checked(&sandbox, "tiny");
    assert_eq!(rules(&json), ["W01", "W02", "W03"]);
    let (json, _) = checked(&sandbox, "wake-the-box");
    assert_eq!(
        rules(&json),
        ["E20"],
        "the one that has no translation: a warning"
    );
    assert_eq!(json["errors"], 0);
    sandbox
        .docklings("author preview tiny --lang pl")
        .ok()
        .mentions("Zrób pudełko")
        .mentions("Istnieje kontener `box`.");
}

/// The recipe "A lesson or an exercise" of `docs/adding.md`, on a copy of the course.
#[test]
fn a_lesson_and_its_exercise_are_added_without_rust() {
    let sandbox = Sandbox::new();
    let root = env!("CARGO_MANIFEST_DIR");
    sandbox
        .shell(&format!(
            "mkdir lessons && cp -r {root}/lessons/content lessons/ && cp -r {root}/exercises . && chmod -R go-w ."
        ))
        .ok();
    let folder = sandbox.work().display().to_string();
    let sandbox = sandbox.with("DOCKLINGS_CONTENT", &folder);
    sandbox
        .docklings("author new scratch --dir exercises/99-scratch")
        .ok()
        .mentions("exercises/99-scratch/scratch.yaml");
    sandbox.write(
        "exercises/99-scratch/scratch.yaml",
        TINY.replace("id: tiny", "id: scratch"),
    );
    sandbox.write(
        "lessons/content/99-scratch/lesson.md",
        "---\ntitle: From scratch\ngoal: Make a box.\nminutes: 1\nexercises: [scratch]\n---\n\nMake it.\n",
    );
    sandbox
        .docklings("list")
        .ok()
        .mentions("From scratch")
        .mentions("scratch: Make a box");
    sandbox
        .docklings("author check scratch")
        .ok()
        .mentions(": 0 errors, 0 warnings\n");
    sandbox.docklings("check scratch").fails(1);
    sandbox
        .shell("eval \"$(docklings env scratch)\"; docker create --name box busybox")
        .ok();
    sandbox.docklings("check scratch").ok().mentions("PASS");
}
