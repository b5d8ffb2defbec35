//! The image configuration: what a container of this image runs, and how the image came to be.
//!
//! Source: OCI image specification, `config.md`; `Healthcheck`, `OnBuild` and `Shell` are Docker's additions (moby
//! `docs/api`, Docker image specification v1.3). Field order is Docker's; an image that we build has no unknown fields,
//! but the bytes of a loaded configuration are never rewritten, so its id stays.

use super::digest::Digest;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// `PATH` for an image without one. Source: moby `daemon/pkg/oci`, `DefaultPathEnv`.
pub const PATH: &str = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// This machine's architecture under the specification's names, which are Go's.
pub fn machine_architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "386",
        "aarch64" => "arm64",
        "powerpc64" => "ppc64le",
        "loongarch64" => "loong64",
        other => other,
    }
}

/// This machine's platform, such as `linux/amd64`.
pub fn machine_platform() -> String {
    format!("linux/{}", machine_architecture())
}

/// Whether `wanted` is this machine's platform: `linux/amd64`, `linux/amd64/v1`, `amd64`, or nothing.
pub fn is_machine_platform(wanted: &str) -> bool {
    let own = machine_platform();
    let rest = wanted.strip_prefix(&own);
    ["", "linux", machine_architecture()].contains(&wanted)
        || rest.is_some_and(|variant| variant.is_empty() || variant.starts_with('/'))
}

/// The configuration blob; its digest is the image's id.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageConfig {
    /// Such as `amd64`.
    pub architecture: String,
    /// What a container runs with.
    pub config: RunConfig,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The author.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// `commit -m`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// One entry per instruction, oldest first.
    #[serde(deserialize_with = "null_is_default")]
    pub history: Vec<History>,
    /// `linux`.
    pub os: String,
    /// The layers.
    pub rootfs: RootFs,
    /// Such as `v8`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// What a container runs with unless the command line says otherwise. Docker's `Config`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct RunConfig {
    /// `user[:group]`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// `80/tcp` -> `{}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposed_ports: Option<BTreeMap<String, Map<String, Value>>>,
    /// `KEY=value`, in order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub env: Option<Vec<String>>,
    /// ENTRYPOINT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// CMD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<Vec<String>>,
    /// VOLUME: path -> `{}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub volumes: Option<BTreeMap<String, Map<String, Value>>>,
    /// WORKDIR.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub working_dir: String,
    /// LABEL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
    /// STOPSIGNAL.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stop_signal: String,
    /// HEALTHCHECK.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthcheck: Option<Healthcheck>,
    /// ONBUILD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_build: Option<Vec<String>>,
    /// SHELL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shell: Option<Vec<String>>,
    /// A shell-form CMD; Docker keeps it for its classic builder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args_escaped: Option<bool>,
}

/// HEALTHCHECK. Durations are nanoseconds, 0 means Docker's default (30 s, 30 s, 0 s, 5 s, 3).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Healthcheck {
    /// `["NONE"]`, `["CMD", …]` or `["CMD-SHELL", text]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub test: Vec<String>,
    /// Time between probes.
    #[serde(skip_serializing_if = "is_zero")]
    pub interval: i64,
    /// How long a probe may take.
    #[serde(skip_serializing_if = "is_zero")]
    pub timeout: i64,
    /// Failures in this time after the start do not count.
    #[serde(skip_serializing_if = "is_zero")]
    pub start_period: i64,
    /// Time between probes during the start period.
    #[serde(skip_serializing_if = "is_zero")]
    pub start_interval: i64,
    /// Failures in a row that make it unhealthy.
    #[serde(skip_serializing_if = "is_zero")]
    pub retries: i64,
}

/// One instruction of the image's history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created: Option<String>,
    /// The instruction, as `docker history` shows it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub created_by: String,
    /// The author.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub author: String,
    /// Such as `buildkit.dockerfile.v0`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub comment: String,
    /// Whether it changed no file.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub empty_layer: bool,
}

/// The layers, lowest first, by the digest of their uncompressed tar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RootFs {
    /// Always `layers`.
    #[serde(rename = "type")]
    pub kind: String,
    /// diffIDs.
    #[serde(deserialize_with = "null_is_default", default)]
    pub diff_ids: Vec<Digest>,
}

impl Default for RootFs {
    fn default() -> Self {
        Self {
            kind: "layers".to_owned(),
            diff_ids: Vec::new(),
        }
    }
}

/// The chain ids of `diff_ids`: the name of each layer together with everything under it.
/// Source: `config.md` § Layer ChainID.
pub fn chain_ids(diff_ids: &[Digest]) -> Vec<Digest> {
    let mut chain: Vec<Digest> = Vec::with_capacity(diff_ids.len());
    for diff_id in diff_ids {
        let next = match chain.last() {
            None => diff_id.clone(),
            Some(parent) => Digest::of(format!("{parent} {diff_id}").as_bytes()),
        };
        chain.push(next);
    }
    chain
}

fn is_zero(value: &i64) -> bool {
    *value == 0
}

/// Docker writes `null` for empty lists.
fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_chain_id_is_the_first_diff_id() {
        let a = Digest::of(b"a");
        let b = Digest::of(b"b");
        let chain = chain_ids(&[a.clone(), b.clone()]);
        assert_eq!(chain[0], a);
        assert_eq!(chain[1], Digest::of(format!("{a} {b}").as_bytes()));
    }

    #[test]
    fn null_history_reads_as_empty() {
        let text = r#"{"architecture":"amd64","os":"linux","config":{},"history":null,"rootfs":{"type":"layers","diff_ids":null}}"#;
        let config: ImageConfig = serde_json::from_str(text).unwrap();
        assert!(config.history.is_empty() && config.rootfs.diff_ids.is_empty());
    }
}
