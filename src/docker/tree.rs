//! Images as a tree: under each one its layers, from the lowest up, and the containers on top of them.
//!
//! ```text
//! app:1  3f2a9c51b2d4  4.26MB
//! ├─ 1. 9d3c1f0a77e2  4.26MB  ADD busybox /
//! │  └─ also in busybox:latest
//! ├─ 2. 51b2d43f2a9c     12B  COPY app.py /app/
//! └─ containers
//!    └─ web  Up 5 seconds
//! ```
//!
//! `docker images --tree` and `docklings show layers` print it.

use crate::term::human;
use crate::term::markdown::Layout;
use crate::term::text::{ellipsis, short_id};
use engine::image::{Image, Listed};
use engine::oci::reference::Reference;
use unicode_width::UnicodeWidthStr;

/// An image to draw, with its details.
#[derive(Debug, Clone)]
pub struct Shown<'a> {
    /// The image.
    pub image: &'a Image,
    /// Bytes of its layers, lowest first.
    pub sizes: Vec<u64>,
    /// The containers made from it: name and status.
    pub containers: Vec<(String, String)>,
}

/// How many of the other images with a layer are listed.
const NAMED: usize = 3;

/// A line, and the lines under it.
#[derive(Debug, Default)]
struct Branch {
    text: String,
    under: Vec<Branch>,
}

impl Branch {
    fn leaf(text: String) -> Self {
        Self {
            text,
            under: Vec::new(),
        }
    }
}

/// Draws `shown`; a layer is marked as shared if another one of `all` images also has it.
pub fn images(shown: &[Shown<'_>], all: &[Image], layout: Layout) -> String {
    let mut out = String::new();
    for (index, one) in shown.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        draw(&mut out, &branch(one, all), ("", ""), layout);
    }
    out
}

fn branch(shown: &Shown<'_>, all: &[Image]) -> Branch {
    let image = shown.image;
    let size = human::size(image.size);
    let mut under = layers(shown, all);
    if !shown.containers.is_empty() {
        let widest = shown
            .containers
            .iter()
            .map(|(name, _)| name.width())
            .max()
            .unwrap_or(0);
        let line = |(name, status): &(String, String)| {
            let blanks = " ".repeat(widest - name.width());
            Branch::leaf(format!("{name}{blanks}  {status}"))
        };
        under.push(Branch {
            text: "containers".to_owned(),
            under: shown.containers.iter().map(line).collect(),
        });
    }
    Branch {
        text: format!("{}  {}  {size}", names(image), image.id.short()),
        under,
    }
}

fn names(image: &Image) -> String {
    let names = image.names();
    match (names.is_empty(), was(image)) {
        (true, Some(was)) => format!("<none> (was {was})"),
        (true, None) => "<none>".to_owned(),
        (false, _) => names.join(", "),
    }
}

/// The former names of `image` that another image has now: the reason why it dangles.
pub fn was(image: &Listed) -> Option<String> {
    let names: Vec<String> = image.lost.iter().map(Reference::familiar).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// The reference to another image: its first name, or else its id.
fn called(image: &Image) -> String {
    let first = image.names().into_iter().next();
    first.unwrap_or_else(|| image.id.short().to_owned())
}

fn layers(shown: &Shown<'_>, all: &[Image]) -> Vec<Branch> {
    let image = shown.image;
    let mut steps = image.config.history.iter().filter(|step| !step.empty_layer);
    let sizes: Vec<String> = shown.sizes.iter().map(|&size| human::size(size)).collect();
    let widest = sizes.iter().map(|size| size.width()).max().unwrap_or(0);
    image
        .chain
        .iter()
        .enumerate()
        .map(|(index, chain)| {
            let size = sizes.get(index).map_or("", String::as_str);
            let step = steps.next().map_or("", |step| step.created_by.trim());
            let step = instruction(step);
            let others: Vec<String> = all
                .iter()
                .filter(|other| other.id != image.id && other.chain.contains(chain))
                .map(called)
                .collect();
            let shared = match others.len() {
                0 => Vec::new(),
                1..=NAMED => vec![Branch::leaf(format!("also in {}", others.join(", ")))],
                count => {
                    let named = others[..NAMED].join(", ");
                    vec![Branch::leaf(format!(
                        "also in {named} and {} more",
                        count - NAMED
                    ))]
                }
            };
            let id = short_id(chain);
            Branch {
                text: format!("{}. {id}  {size:>widest$}  {step}", index + 1)
                    .trim_end()
                    .to_owned(),
                under: shared,
            }
        })
        .collect()
}

/// The instruction as in the Dockerfile, without the text that builders add.
fn instruction(created_by: &str) -> String {
    let text = created_by.trim_end_matches("# buildkit").trim();
    let text = match text.strip_prefix("/bin/sh -c ") {
        Some(rest) => match rest.trim_start().strip_prefix("#(nop)") {
            Some(instruction) => instruction.trim().to_owned(),
            None => format!("RUN {}", rest.trim()),
        },
        None => text.replacen("RUN /bin/sh -c ", "RUN ", 1),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `first` precedes the branch's own line, `rest` the lines under it.
fn draw(out: &mut String, branch: &Branch, (first, rest): (&str, &str), layout: Layout) {
    let room = layout.width.saturating_sub(first.width()).max(10);
    let text = match layout.plain {
        true => branch.text.clone(),
        false => ellipsis(&branch.text, room),
    };
    out.push_str(first);
    out.push_str(&text);
    out.push('\n');
    for (index, under) in branch.under.iter().enumerate() {
        let is_last = index + 1 == branch.under.len();
        let (own, next) = match (layout.plain, is_last) {
            (true, _) => ("  ", "  "),
            (false, true) => ("└─ ", "   "),
            (false, false) => ("├─ ", "│  "),
        };
        draw(
            out,
            under,
            (&format!("{rest}{own}"), &format!("{rest}{next}")),
            layout,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::inspect::samples;
    use engine::oci::config::History;
    use engine::oci::digest::Digest;

    fn app() -> Image {
        let mut image = samples::image();
        image.id = Digest::of(b"app");
        image.references = vec![Reference::parse("app:1").unwrap()];
        image.chain.push("f".repeat(64));
        let entry = |text: &str, empty_layer| History {
            created_by: text.to_owned(),
            empty_layer,
            ..History::default()
        };
        image.config.history = vec![
            entry("/bin/sh -c #(nop) ADD file:0123 in / ", false),
            entry("ENV A=b", true),
            entry(
                "RUN /bin/sh -c make a-rather-long-target-name # buildkit",
                false,
            ),
        ];
        image
    }

    #[track_caller]
    fn check(width: usize, plain: bool, expected: &str) {
        let (app, all) = (app(), [app(), samples::image()]);
        let shown = Shown {
            image: &app,
            sizes: vec![4_261_550, 12],
            containers: vec![
                ("web".to_owned(), "Up 5 seconds".to_owned()),
                ("old_one".to_owned(), "Created".to_owned()),
            ],
        };
        let text = images(&[shown], &all, Layout { width, plain });
        let base = &all[1].chain[0][..12];
        let text = text.replace(app.id.short(), "ID").replace(base, "BASE");
        assert_eq!(text, expected);
    }

    #[test]
    fn layers_and_containers_hang_under_their_image() {
        check(
            80,
            false,
            "\
app:1  ID  4.26MB
├─ 1. BASE  4.26MB  ADD file:0123 in /
│  └─ also in busybox:latest
├─ 2. ffffffffffff     12B  RUN make a-rather-long-target-name
└─ containers
   ├─ web      Up 5 seconds
   └─ old_one  Created
",
        );
    }

    #[test]
    fn narrow_lines_are_cut_and_plain_ones_are_not() {
        check(
            40,
            false,
            "\
app:1  ID  4.26MB
├─ 1. BASE  4.26MB  ADD file:01…
│  └─ also in busybox:latest
├─ 2. ffffffffffff     12B  RUN make a-…
└─ containers
   ├─ web      Up 5 seconds
   └─ old_one  Created
",
        );
        check(
            40,
            true,
            "\
app:1  ID  4.26MB
  1. BASE  4.26MB  ADD file:0123 in /
    also in busybox:latest
  2. ffffffffffff     12B  RUN make a-rather-long-target-name
  containers
    web      Up 5 seconds
    old_one  Created
",
        );
    }

    #[test]
    fn of_many_images_that_share_a_layer_three_are_named() {
        let (app, mut all) = (app(), vec![app()]);
        for number in 0..5 {
            let mut other = samples::image();
            other.id = Digest::of(&[number]);
            other.references = vec![Reference::parse(&format!("other:{number}")).unwrap()];
            all.push(other);
        }
        all[1].references.clear();
        let shown = Shown {
            image: &app,
            sizes: Vec::new(),
            containers: Vec::new(),
        };
        let text = images(
            &[shown],
            &all,
            Layout {
                width: 80,
                plain: false,
            },
        );
        let id = all[1].id.short();
        let expected = format!("also in {id}, other:1, other:2 and 2 more");
        assert!(text.contains(&expected), "{text}");
    }

    #[test]
    fn an_image_without_name_or_layers_is_drawn_too() {
        let mut image = samples::image();
        image.references.clear();
        image.chain.clear();
        let shown = Shown {
            image: &image,
            sizes: Vec::new(),
            containers: Vec::new(),
        };
        let text = images(
            &[shown],
            &[],
            Layout {
                width: 80,
                plain: false,
            },
        );
        assert_eq!(text, format!("<none>  {}  4.26MB\n", image.id.short()));
        image.lost = vec![Reference::parse("app:1").unwrap()];
        assert_eq!(names(&image), "<none> (was app:1)");
    }
}
