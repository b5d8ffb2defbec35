//! The source of the starter images.

use super::records::REPAIR;
use super::{Finding, install};
use crate::env::{self, Env};
use engine::image::starter::LABEL_USERLAND;

/// Assembles them if they are missing.
pub(super) fn images(env: &Env) -> Finding {
    let what = "starter images";
    let made = env.engine(env::FREE, "doctor").and_then(|engine| {
        engine.ensure_starter_images()?;
        // A busybox may have been installed since.
        engine::image::starter::sandboxes::renew(&env.home, engine.now())?;
        let all = engine.images()?;
        let label = all.iter().find_map(|image| {
            image
                .config
                .config
                .labels
                .as_ref()?
                .get(LABEL_USERLAND)
                .cloned()
        });
        Ok(label)
    });
    match made {
        Ok(Some(label)) if label.contains("no busybox") => Finding::warn(
            what,
            format!(
                "made of {label}; some small programs may be missing, and so is the image `welcome`"
            ),
            install("busybox-static", "busybox", "busybox", "busybox-static"),
        ),
        Ok(Some(label)) if !has_welcome(env) => Finding::warn(
            what,
            format!("made of {label}, which has no `httpd`; so the image `welcome` is missing"),
            install("busybox-static", "busybox", "busybox", "busybox-static"),
        ),
        Ok(Some(label)) => Finding::pass(what, format!("made of {label}")),
        Ok(None) => Finding::pass(what, "present, and not made of this machine's programs"),
        Err(error) => {
            let fix = match engine::repair::examine(&env.home).is_empty() {
                true => install("busybox-static", "busybox", "busybox", "busybox-static"),
                false => REPAIR.to_owned(),
            };
            Finding::fail(what, env::explained(error).to_string(), fix)
        }
    }
}

fn has_welcome(env: &Env) -> bool {
    let starters = engine::image::starter::known(&env.home);
    starters.is_some_and(|starters| starters.images.contains_key("welcome"))
}
