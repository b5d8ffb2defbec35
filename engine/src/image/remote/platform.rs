//! Selects an image of an index: for this machine, or for the platform that `--platform` names.
//!
//! Source: OCI image specification, `image-index.md`; containerd `platforms`.

use crate::error::{Error, Result};
use crate::oci::config::machine_architecture;
use crate::oci::descriptor::{Descriptor, Platform};

/// A requested platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    os: String,
    architecture: String,
    variant: Option<String>,
}

impl Wanted {
    /// The platform in `--platform`, or else this machine's.
    /// Error: Docker's, for an invalid platform.
    pub(super) fn parse(text: Option<&str>) -> Result<Self> {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return Ok(Self::of("linux", machine_architecture(), None));
        };
        let refused = |why: &str| {
            Err(Error::invalid(format!(
                "\"{text}\": {why}: invalid argument"
            )))
        };
        let parts: Vec<_> = text.split('/').collect();
        let is_word = |part: &&str| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        };
        if !parts.iter().all(is_word) {
            return refused("invalid platform component");
        }
        match parts[..] {
            ["linux" | "windows" | "darwin" | "freebsd"] => {
                Ok(Self::of(parts[0], machine_architecture(), None))
            }
            [architecture] if is_architecture(architecture) => {
                Ok(Self::of("linux", architecture, None))
            }
            [_] => refused("unknown operating system or architecture"),
            [os, architecture] => Ok(Self::of(os, architecture, None)),
            [os, architecture, variant] => Ok(Self::of(os, architecture, Some(variant))),
            _ => refused("cannot parse platform specifier"),
        }
    }

    fn of(os: &str, architecture: &str, variant: Option<&str>) -> Self {
        let (architecture, variant) = normal(architecture, variant);
        Self {
            os: os.to_lowercase(),
            architecture,
            variant,
        }
    }

    /// How well `platform` fits; `None` if it does not.
    fn fit(&self, platform: &Platform) -> Option<u32> {
        let found = Self::of(
            &platform.os,
            &platform.architecture,
            platform.variant.as_deref(),
        );
        if found.os != self.os || found.architecture != self.architecture {
            return None;
        }
        // A processor runs programs for older variants of its kind: v7 also runs v6 and v5.
        let number = |variant: &Option<String>| {
            let variant = variant.as_deref()?;
            variant.strip_prefix('v')?.parse::<u32>().ok()
        };
        match (number(&self.variant), number(&found.variant)) {
            _ if self.variant == found.variant => Some(1000),
            (Some(wanted), Some(found)) if found < wanted => Some(found + 1),
            (Some(_), None) if found.variant.is_none() => Some(0),
            _ => None,
        }
    }

    /// As Docker writes it, such as `linux/arm64/v8`.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{}/{}", self.os, self.architecture);
        if let Some(variant) = self
            .variant
            .as_ref()
            .filter(|_| self.architecture != "amd64")
        {
            text += &format!("/{variant}");
        }
        text
    }

    /// Whether an image with such a configuration fits.
    pub(super) fn fits(&self, os: &str, architecture: &str, variant: Option<&str>) -> bool {
        let os = if os.is_empty() { "linux" } else { os };
        let platform = Platform {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.map(str::to_owned),
        };
        architecture.is_empty() || self.fit(&platform).is_some()
    }
}

/// The best manifest in an index; of equal ones, the first.
/// Error: Docker's `no matching manifest for linux/s390x in the manifest list entries`.
pub(super) fn choose<'a>(manifests: &'a [Descriptor], wanted: &Wanted) -> Result<&'a Descriptor> {
    let mut best: Option<(u32, &Descriptor)> = None;
    for descriptor in manifests {
        let Some(fit) = descriptor
            .platform
            .as_ref()
            .and_then(|platform| wanted.fit(platform))
        else {
            continue;
        };
        if best.is_none_or(|(before, _)| fit > before) {
            best = Some((fit, descriptor));
        }
    }
    // A manifest without a platform states it in its configuration.
    let silent = || {
        manifests
            .iter()
            .find(|descriptor| descriptor.platform.is_none())
    };
    best.map(|(_, descriptor)| descriptor)
        .or_else(silent)
        .ok_or_else(|| {
            let mut there: Vec<_> = manifests
                .iter()
                .filter_map(|descriptor| descriptor.platform.as_ref())
                .filter(|platform| platform.os != "unknown")
                .map(|platform| {
                    Wanted::of(
                        &platform.os,
                        &platform.architecture,
                        platform.variant.as_deref(),
                    )
                    .text()
                })
                .collect();
            there.dedup();
            let error = Error::invalid(format!(
                "no matching manifest for {} in the manifest list entries",
                wanted.text()
            ));
            match there.is_empty() {
                true => error,
                false => error.with_hint(format!("the image is there for {}", there.join(", "))),
            }
        })
}

/// Aliases of an architecture, and its default variant.
fn normal(architecture: &str, variant: Option<&str>) -> (String, Option<String>) {
    let architecture = architecture.to_lowercase();
    let (architecture, variant) = match (architecture.as_str(), variant) {
        ("x86_64" | "x86-64" | "amd64", Some("v1") | None) => ("amd64", None),
        ("x86_64" | "x86-64", variant) => ("amd64", variant),
        ("i386", _) => ("386", None),
        ("aarch64" | "arm64", Some("8" | "v8") | None) => ("arm64", Some("v8")),
        ("aarch64", variant) => ("arm64", variant),
        ("armhf", _) => ("arm", Some("v7")),
        ("armel", _) => ("arm", Some("v6")),
        ("arm", None | Some("7")) => ("arm", Some("v7")),
        ("arm", Some("5")) => ("arm", Some("v5")),
        ("arm", Some("6")) => ("arm", Some("v6")),
        (other, variant) => (other, variant),
    };
    (architecture.to_owned(), variant.map(str::to_owned))
}

fn is_architecture(word: &str) -> bool {
    matches!(
        normal(word, None).0.as_str(),
        "amd64"
            | "386"
            | "arm"
            | "arm64"
            | "ppc64le"
            | "riscv64"
            | "s390x"
            | "loong64"
            | "mips64le"
            | "mips64"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oci::digest::Digest;

    fn index(platforms: &[&str]) -> Vec<Descriptor> {
        let descriptor = |(number, text): (usize, &&str)| {
            let mut parts = text.split('/');
            let platform = parts.next().filter(|os| !os.is_empty()).map(|os| Platform {
                os: os.to_owned(),
                architecture: parts.next().unwrap_or_default().to_owned(),
                variant: parts.next().map(str::to_owned),
            });
            Descriptor {
                platform,
                ..Descriptor::new("m", Digest::of(&[number as u8]), number as u64)
            }
        };
        platforms.iter().enumerate().map(descriptor).collect()
    }

    fn check(platforms: &[&str], wanted: &str, expected: Option<u64>) {
        let index = index(platforms);
        let wanted = Wanted::parse(Some(wanted)).unwrap();
        let found = choose(&index, &wanted)
            .ok()
            .map(|descriptor| descriptor.size);
        assert_eq!(found, expected, "{platforms:?} {wanted:?}");
    }

    #[test]
    fn the_best_fitting_image_is_chosen() {
        let many = [
            "unknown/unknown",
            "linux/amd64",
            "linux/arm/v5",
            "linux/arm/v7",
            "linux/arm64/v8",
            "linux/386",
        ];
        check(&many, "linux/amd64", Some(1));
        check(&many, "linux/x86_64", Some(1));
        check(&many, "amd64", Some(1));
        check(&many, "linux/arm64", Some(4));
        check(&many, "linux/aarch64", Some(4));
        check(&many, "linux/arm", Some(3));
        check(&many, "linux/arm/v6", Some(2));
        check(&many, "linux/arm/v5", Some(2));
        check(&many, "linux/i386", Some(5));
        check(&many, "linux/s390x", None);
        check(&many, "windows/amd64", None);
        check(&["linux/arm64"], "linux/arm64/v8", Some(0));
        check(&["linux/arm/v7"], "linux/arm/v6", None);
        check(&["linux/amd64/v3", "linux/amd64"], "linux/amd64", Some(1));
        check(&["linux/amd64/v3"], "linux/amd64", None);
        check(&["linux/amd64", "linux/amd64"], "linux/amd64", Some(0));
        check(&["", "linux/amd64"], "linux/amd64", Some(1));
        check(&["linux/s390x", ""], "linux/amd64", Some(1));
        check(&[], "linux/amd64", None);
    }

    #[test]
    fn an_absent_platform_is_named_with_what_is_there() {
        let wanted = Wanted::parse(Some("linux/s390x")).unwrap();
        let index = index(&["linux/amd64", "linux/arm64", "unknown/unknown"]);
        let error = choose(&index, &wanted).unwrap_err();
        assert_eq!(
            error.message(),
            "no matching manifest for linux/s390x in the manifest list entries"
        );
        assert_eq!(
            error.hint(),
            Some("the image is there for linux/amd64, linux/arm64/v8")
        );
    }

    #[test]
    fn what_is_no_platform_is_refused() {
        for bad in ["linux/", "/amd64", "nonsense", "a/b/c/d", "linux/am d64"] {
            assert!(Wanted::parse(Some(bad)).is_err(), "{bad}");
        }
        let own = Wanted::parse(None).unwrap();
        assert_eq!(Wanted::parse(Some("")).unwrap(), own);
        assert_eq!(Wanted::parse(Some("linux")).unwrap(), own);
        assert!(own.fits("linux", machine_architecture(), None));
        assert!(own.fits("", "", None));
        assert!(!own.fits("windows", machine_architecture(), None));
    }
}
