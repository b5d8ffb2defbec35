//! `-v`, `--mount` and `--tmpfs`: the machine's files in a container, and their targets.
//!
//! The two forms differ on purpose, as in Docker: `-v` creates a missing folder, `--mount` refuses it.

use super::bytes;
use engine::clock::Entropy;
use engine::go::{clean, clean_text};
use engine::id::VolumeName;
use engine::store::containers::{Mount, MountSource};
use engine::{Error, Result};
use std::path::Path;

/// `-v`: `/container`, `name:/container[:options]` or `/machine:/container[:options]`. A path of the machine may begin
/// with `.`; it is relative to `cwd`.
pub(crate) fn volume(text: &str, cwd: &Path, entropy: &dyn Entropy) -> Result<Mount> {
    let invalid =
        |why: &str| Error::invalid(format!("invalid volume specification: '{text}'{why}"));
    let parts: Vec<&str> = text.split(':').collect();
    let (source, target, options) = match parts.as_slice() {
        [target] => ("", *target, ""),
        [source, target] => (*source, *target, ""),
        [source, target, options] if !options.is_empty() => (*source, *target, *options),
        _ => return Err(invalid("")),
    };
    if target.is_empty() || (parts.len() > 1 && source.is_empty()) {
        return Err(invalid(""));
    }
    // The shell expands `~`; an unexpanded one is not a path for Docker's daemon either.
    let is_bind = source.starts_with(['/', '.']);
    let kind = if is_bind { "bind" } else { "volume" };
    let target = absolute_target(target).map_err(|why| {
        invalid(&format!(
            ": invalid mount config for type \"{kind}\": {why}"
        ))
    })?;
    let (mut read_only, mut no_copy) = (false, false);
    for option in options.split(',').filter(|option| !option.is_empty()) {
        match option {
            "ro" => read_only = true,
            "rw" => read_only = false,
            "nocopy" if !is_bind => no_copy = true,
            // SELinux labels and hints for other systems have no effect here, nor in Docker on this one.
            "z" | "Z" | "consistent" | "cached" | "delegated" | "rprivate" | "private" => {}
            "shared" | "rshared" | "slave" | "rslave" => {
                return Err(unsupported_propagation(option));
            }
            _ => return Err(Error::invalid(format!("invalid mode: {options}"))),
        }
    }
    let source = if is_bind {
        let path = clean(&cwd.join(source));
        MountSource::Bind { path, create: true }
    } else {
        let anonymous = source.is_empty();
        let name = if anonymous {
            VolumeName::anonymous(entropy)
        } else {
            VolumeName::parse(source).map_err(|error| match source.starts_with('~') {
                true => error.with_hint("a shell replaces `~` before a slash only: -v ~/:/data"),
                false => error,
            })?
        };
        MountSource::Volume {
            name,
            anonymous,
            no_copy,
        }
    };
    Ok(Mount {
        source,
        target,
        read_only,
    })
}

/// `--tmpfs`: `/container[:options]`.
pub(crate) fn tmpfs(text: &str) -> Result<Mount> {
    let (target, options) = text.split_once(':').unwrap_or((text, ""));
    let target = absolute_target(target).map_err(|why| {
        Error::invalid(format!(
            "invalid tmpfs option: invalid mount config for type \"tmpfs\": {why}"
        ))
    })?;
    Ok(Mount {
        source: MountSource::Tmpfs {
            options: options.to_owned(),
        },
        target,
        read_only: options.split(',').any(|option| option == "ro"),
    })
}

/// The fields of one `--mount`, validated as far as the command line can.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MountFlag {
    kind: String,
    source: String,
    target: String,
    read_only: bool,
    no_copy: bool,
    tmpfs_size: Option<u64>,
    tmpfs_mode: Option<String>,
    propagation: Option<String>,
}

/// `--mount`: `type=bind,source=/x,target=/y,readonly`.
pub(crate) fn mount_flag(text: &str) -> Result<MountFlag, String> {
    let mut mount = MountFlag {
        kind: "volume".to_owned(),
        ..MountFlag::default()
    };
    let mut families = Vec::new();
    for field in csv(text)? {
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key, value.to_owned()),
            None if is_switch(&field) => (field.as_str(), "true".to_owned()),
            None => return Err(format!("invalid field '{field}' must be a key=value pair")),
        };
        let on = || match value.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
            _ => Err(format!("invalid value for {key}: {value}")),
        };
        if let Some(family) = ["volume", "bind", "tmpfs"]
            .iter()
            .find(|family| key.starts_with(**family))
        {
            families.push(*family);
        }
        match key {
            "type" => mount.kind = value.to_lowercase(),
            "source" | "src" => mount.source = value,
            "target" | "dst" | "destination" => mount.target = value,
            "readonly" | "ro" => mount.read_only = on()?,
            "volume-nocopy" => mount.no_copy = on()?,
            "bind-propagation" => mount.propagation = Some(value.to_lowercase()),
            "tmpfs-size" => {
                let size =
                    bytes(&value).map_err(|_| format!("invalid value for {key}: {value}"))?;
                mount.tmpfs_size = Some(size);
            }
            "tmpfs-mode" => {
                u32::from_str_radix(&value, 8)
                    .map_err(|_| format!("invalid value for {key}: {value}"))?;
                mount.tmpfs_mode = Some(value);
            }
            "consistency" => {}
            "bind-nonrecursive" | "bind-recursive" | "volume-driver" | "volume-opt"
            | "volume-label" | "volume-subpath" | "image-subpath" => {
                return Err(format!(
                    "`{key}` is not part of docklings; see docs/limits.md"
                ));
            }
            _ => return Err(format!("unexpected key '{key}' in '{field}'")),
        }
    }
    if mount.kind.is_empty() {
        return Err("type is required".to_owned());
    }
    if mount.target.is_empty() {
        return Err("target is required".to_owned());
    }
    match families.iter().find(|family| **family != mount.kind) {
        Some(family) => Err(format!(
            "cannot mix '{family}-*' options with mount type '{}'",
            mount.kind
        )),
        None => Ok(mount),
    }
}

fn is_switch(key: &str) -> bool {
    matches!(
        key,
        "readonly" | "ro" | "volume-nocopy" | "bind-nonrecursive"
    )
}

impl MountFlag {
    /// The requested mount.
    pub(crate) fn resolve(&self, cwd: &Path, entropy: &dyn Entropy) -> Result<Mount> {
        let invalid = |why: &str| {
            Error::invalid(format!(
                "invalid mount config for type \"{}\": {why}",
                self.kind
            ))
        };
        let target = absolute_target(&self.target).map_err(|why| invalid(&why))?;
        let source = match self.kind.as_str() {
            "bind" => self.bind_source(cwd, &invalid)?,
            "volume" => {
                let anonymous = self.source.is_empty();
                let name = if anonymous {
                    VolumeName::anonymous(entropy)
                } else {
                    VolumeName::parse(&self.source)?
                };
                MountSource::Volume {
                    name,
                    anonymous,
                    no_copy: self.no_copy,
                }
            }
            "tmpfs" => self.tmpfs_source(&invalid)?,
            "npipe" | "cluster" | "image" => {
                return Err(Error::unsupported(format!(
                    "`--mount type={}` is not part of docklings; see docs/limits.md",
                    self.kind
                )));
            }
            other => {
                return Err(Error::invalid(format!(
                    "invalid mount config for type \"{other}\": mount type unknown"
                )));
            }
        };
        Ok(Mount {
            source,
            target,
            read_only: self.read_only,
        })
    }

    fn bind_source(&self, cwd: &Path, invalid: &dyn Fn(&str) -> Error) -> Result<MountSource> {
        if self.source.is_empty() {
            return Err(invalid("field Source must not be empty"));
        }
        if let Some(word) = self.propagation.as_deref()
            && !matches!(word, "rprivate" | "private")
        {
            return Err(unsupported_propagation(word));
        }
        let is_relative =
            self.source == "." || self.source.starts_with("./") || self.source.starts_with("../");
        if !is_relative && !self.source.starts_with('/') {
            return Err(invalid(&format!(
                "invalid mount path: '{}' mount path must be absolute",
                self.source
            )));
        }
        let path = clean(&cwd.join(&self.source));
        if !path.exists() {
            return Err(invalid(&format!(
                "bind source path does not exist: {}",
                path.display()
            )));
        }
        Ok(MountSource::Bind {
            path,
            create: false,
        })
    }

    fn tmpfs_source(&self, invalid: &dyn Fn(&str) -> Error) -> Result<MountSource> {
        if !self.source.is_empty() {
            return Err(invalid("field Source must not be specified"));
        }
        let mut options = Vec::new();
        options.extend(self.tmpfs_size.map(|size| format!("size={size}")));
        options.extend(self.tmpfs_mode.as_ref().map(|mode| format!("mode={mode}")));
        Ok(MountSource::Tmpfs {
            options: options.join(","),
        })
    }
}

fn unsupported_propagation(word: &str) -> Error {
    Error::unsupported(format!(
        "mount propagation `{word}` is not part of docklings; see docs/limits.md"
    ))
}

/// The fields of one line of comma-separated values (RFC 4180).
fn csv(text: &str) -> Result<Vec<String>, String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let is_empty = fields.last().is_none_or(String::is_empty);
        match letter {
            '"' if quoted && letters.peek() == Some(&'"') => {
                letters.next();
                push(&mut fields, '"');
            }
            '"' if quoted || is_empty => quoted = !quoted,
            '"' => return Err("parse error on line 1: bare \" in non-quoted-field".to_owned()),
            ',' if !quoted => fields.push(String::new()),
            other => push(&mut fields, other),
        }
    }
    if text.is_empty() {
        return Err("EOF".to_owned());
    }
    Ok(fields)
}

fn push(fields: &mut [String], letter: char) {
    if let Some(field) = fields.last_mut() {
        field.push(letter);
    }
}

fn absolute_target(target: &str) -> Result<String, String> {
    if !target.starts_with('/') {
        return Err(format!(
            "invalid mount path: '{target}' mount path must be absolute"
        ));
    }
    match clean_text(target) {
        root if root == "/" => Err("invalid specification: destination can't be '/'".to_owned()),
        target => Ok(target),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use engine::clock::Counter;

    fn shown(mount: Result<Mount>) -> String {
        let Mount {
            source,
            target,
            read_only,
        } = match mount {
            Ok(mount) => mount,
            Err(error) => return error.to_string(),
        };
        let source = match source {
            MountSource::Bind { path, create } => format!("bind {} {create}", path.display()),
            MountSource::Volume {
                anonymous: true, ..
            } => "anonymous".to_owned(),
            MountSource::Volume { name, no_copy, .. } => format!("volume {name} {no_copy}"),
            MountSource::Tmpfs { options } => format!("tmpfs {options}"),
        };
        format!("{source} -> {target}{}", if read_only { " ro" } else { "" })
    }

    fn v(text: &str, want: &str) {
        assert_eq!(
            shown(volume(text, Path::new("/cwd"), &Counter::default())),
            want,
            "{text}"
        );
    }

    fn m(text: &str, want: &str) {
        let found = match mount_flag(text) {
            Ok(flag) => shown(flag.resolve(Path::new("/cwd"), &Counter::default())),
            Err(error) => error,
        };
        assert_eq!(found, want, "{text}");
    }

    #[test]
    fn a_volume_flag_is_a_folder_a_name_or_neither() {
        v("/a:/b", "bind /a true -> /b");
        v("./x:/b:ro", "bind /cwd/x true -> /b ro");
        v("..:/b", "bind / true -> /b");
        v("data:/b/../c/", "volume data false -> /c");
        v("data:/b:nocopy,ro", "volume data true -> /b ro");
        v("/data", "anonymous -> /data");
    }

    #[test]
    fn a_wrong_volume_flag_is_told_in_dockers_words() {
        v("a:b:c:d", "invalid volume specification: 'a:b:c:d'");
        v(
            "ab:rel",
            "invalid volume specification: 'ab:rel': invalid mount config for type \"volume\": invalid mount path: 'rel' mount path must be absolute",
        );
        v(
            "/a:/",
            "invalid volume specification: '/a:/': invalid mount config for type \"bind\": invalid specification: destination can't be '/'",
        );
        v("/a:/b:foo", "invalid mode: foo");
        v(":/b", "invalid volume specification: ':/b'");
        v(
            "~:/h",
            "create ~: \"~\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path",
        );
        v(
            "a/b:/c",
            "create a/b: \"a/b\" includes invalid characters for a local volume name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you intended to pass a host directory, use absolute path",
        );
    }

    #[test]
    fn a_mount_flag_is_made_of_fields() {
        m("type=bind,src=/tmp,dst=/x,ro", "bind /tmp false -> /x ro");
        m(
            "source=vol,target=/x,volume-nocopy",
            "volume vol true -> /x",
        );
        m("\"target=/a,b\"", "anonymous -> /a,b");
        m(
            "type=tmpfs,dst=/x,tmpfs-size=64m,tmpfs-mode=1777",
            "tmpfs size=67108864,mode=1777 -> /x",
        );
    }

    #[test]
    fn a_wrong_mount_flag_is_told_in_dockers_words() {
        m("src=a", "target is required");
        m("type=bind,foo=1,dst=/x", "unexpected key 'foo' in 'foo=1'");
        m(
            "type=bind,readonlyx,dst=/x",
            "invalid field 'readonlyx' must be a key=value pair",
        );
        m("type=bind,dst=/x,ro=maybe", "invalid value for ro: maybe");
        m(
            "type=volume,dst=/x,bind-propagation=rw",
            "cannot mix 'bind-*' options with mount type 'volume'",
        );
        m(
            "type=bind,src=/nope-nope,dst=/x",
            "invalid mount config for type \"bind\": bind source path does not exist: /nope-nope",
        );
        m(
            "type=foo,dst=/x",
            "invalid mount config for type \"foo\": mount type unknown",
        );
    }
}
