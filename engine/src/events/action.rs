//! The words of the journal: what may happen to a container, an image, a volume, a build or a registry.
//!
//! **What Docker does.** Its events have the words that [`Action::is_dockers`] names. **What we do.** The same words, and some for
//! looks and single steps, which Docker does not report. A journal may hold words of another version: an event keeps its
//! text, and [`super::Event::what`] is `None` for a word that is not here.

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A container or volume was made.
    Create,
    /// A container's first process was started.
    Start,
    /// A container's first process ended.
    Die,
    /// A container was stopped.
    Stop,
    /// A signal was sent to a container.
    Kill,
    /// A container was stopped and started.
    Restart,
    /// A container was frozen.
    Pause,
    /// A container was thawed.
    Unpause,
    /// A client was attached to a container.
    Attach,
    /// A client left a container.
    Detach,
    /// A further process was asked for.
    ExecCreate,
    /// A further process was started.
    ExecStart,
    /// A further process ended.
    ExecDie,
    /// A container or volume was removed.
    Destroy,
    /// A container got another name.
    Rename,
    /// A container got other limits or another restart policy.
    Update,
    /// The kernel killed a process for memory.
    Oom,
    /// The health of a container changed.
    HealthStatus,
    /// An image was made from a container.
    Commit,
    /// An image got a name.
    Tag,
    /// An image lost a name.
    Untag,
    /// An image was removed.
    Delete,
    /// An image was made from a tar of files.
    Import,
    /// An image came from an archive.
    Load,
    /// An image was written into an archive.
    Save,
    /// Unused things were removed.
    Prune,
    /// An image came from a registry.
    Pull,
    /// An image went to a registry.
    Push,
    /// An image was built, or the build failed.
    Build,
    /// A step of a build was done.
    BuildStep,
    /// A container's log was read.
    Logs,
    /// A thing was inspected.
    Inspect,
    /// A container's processes were listed.
    Top,
    /// A container's use was read.
    Stats,
    /// A container's changes were listed.
    Diff,
    /// Files were copied into a container.
    CopyIn,
    /// Files were copied out of a container.
    CopyOut,
    /// A container's files were written as a tar.
    Export,
    /// Containers or images were listed.
    List,
    /// An image's history was read.
    History,
    /// A user logged in to a registry.
    Login,
    /// A user logged out of a registry.
    Logout,
    /// A registry was searched.
    Search,
}

use Action as A;

impl Action {
    /// Every action.
    pub const ALL: [Self; 43] = [
        A::Create,
        A::Start,
        A::Die,
        A::Stop,
        A::Kill,
        A::Restart,
        A::Pause,
        A::Unpause,
        A::Attach,
        A::Detach,
        A::ExecCreate,
        A::ExecStart,
        A::ExecDie,
        A::Destroy,
        A::Rename,
        A::Update,
        A::Oom,
        A::HealthStatus,
        A::Commit,
        A::Tag,
        A::Untag,
        A::Delete,
        A::Import,
        A::Load,
        A::Save,
        A::Prune,
        A::Pull,
        A::Push,
        A::Build,
        A::BuildStep,
        A::Logs,
        A::Inspect,
        A::Top,
        A::Stats,
        A::Diff,
        A::CopyIn,
        A::CopyOut,
        A::Export,
        A::List,
        A::History,
        A::Login,
        A::Logout,
        A::Search,
    ];

    /// The word in the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            A::Create => "create",
            A::Start => "start",
            A::Die => "die",
            A::Stop => "stop",
            A::Kill => "kill",
            A::Restart => "restart",
            A::Pause => "pause",
            A::Unpause => "unpause",
            A::Attach => "attach",
            A::Detach => "detach",
            A::ExecCreate => "exec_create",
            A::ExecStart => "exec_start",
            A::ExecDie => "exec_die",
            A::Destroy => "destroy",
            A::Rename => "rename",
            A::Update => "update",
            A::Oom => "oom",
            A::HealthStatus => "health_status",
            A::Commit => "commit",
            A::Tag => "tag",
            A::Untag => "untag",
            A::Delete => "delete",
            A::Import => "import",
            A::Load => "load",
            A::Save => "save",
            A::Prune => "prune",
            A::Pull => "pull",
            A::Push => "push",
            A::Build => "build",
            A::BuildStep => "build_step",
            A::Logs => "logs",
            A::Inspect => "inspect",
            A::Top => "top",
            A::Stats => "stats",
            A::Diff => "diff",
            A::CopyIn => "copy_in",
            A::CopyOut => "copy_out",
            A::Export => "export",
            A::List => "list",
            A::History => "history",
            A::Login => "login",
            A::Logout => "logout",
            A::Search => "search",
        }
    }

    /// The action that `word` means.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|action| action.as_str() == word)
    }

    /// Whether it only looked: the state is the same afterwards.
    pub fn is_look(self) -> bool {
        matches!(
            self,
            A::Attach
                | A::Detach
                | A::HealthStatus
                | A::Save
                | A::Logs
                | A::Inspect
                | A::Top
                | A::Stats
                | A::Diff
                | A::CopyOut
                | A::Export
                | A::List
                | A::History
        )
    }

    /// Whether Docker reports it.
    pub fn is_dockers(self) -> bool {
        !matches!(
            self,
            A::BuildStep
                | A::Logs
                | A::Inspect
                | A::Stats
                | A::Diff
                | A::CopyIn
                | A::CopyOut
                | A::List
                | A::History
                | A::Login
                | A::Logout
                | A::Search
        )
    }
}

// An action that is not in the list of all would not be read back.
const _: () = assert!(Action::ALL.len() == A::Search as usize + 1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_is_in_the_list_once_and_read_back() {
        for (index, action) in Action::ALL.into_iter().enumerate() {
            assert_eq!(index, action as usize);
            assert_eq!(Action::parse(action.as_str()), Some(action));
        }
        assert_eq!(Action::parse("nonsense"), None);
    }
}
