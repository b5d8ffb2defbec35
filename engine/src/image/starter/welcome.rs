//! `welcome`: a web server with one page, made of the busybox of this machine and a script.
//!
//! **Kernel feature.** A signal without a handler does not end process 1 of a pid namespace, so a server that is started
//! alone in a container would ignore `docker stop` until it is killed. The script is process 1, handles the signal and
//! ends the server.
//! **Try it.** `docker run -d -p 8080:80 welcome`, and open `http://localhost:8080`; then `docker exec NAME cat /start.sh`.
//! Source: `pid_namespaces(7)`.

use super::tree::Tree;
use super::userland::Userland;

/// The command of the image.
pub(super) const COMMAND: [&str; 1] = ["/start.sh"];
/// The port on which it listens.
pub(super) const PORT: &str = "80/tcp";

/// The script. A page that a volume or a build has put there stays.
const START: &str = r#"#!/bin/sh
# Serves the folder /www on port 80 until SIGTERM or SIGINT ends it.
trap 'kill $server; exit 0' TERM INT
if [ ! -e /www/index.html ]; then
  cat > /www/index.html <<END
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>welcome</title>
<style>body { font: 1.1em/1.5 sans-serif; max-width: 38em; margin: 3em auto; padding: 0 1em }</style>
<h1>${GREETING:-Welcome to your first container}</h1>
<p>This page comes from the container <code>$(hostname)</code> on your own machine.
<p>The server is the <code>httpd</code> of busybox, and the page is its file <code>/www/index.html</code>.
</html>
END
fi
httpd -f -v -p 80 -h /www &
server=$!
echo "listening on port 80"
wait $server
"#;

/// The files on top of the userland. `None` if the userland has no web server.
pub(super) fn files(userland: &Userland) -> Option<Tree> {
    if !userland.tree.holds("bin/httpd") {
        return None;
    }
    let mut tree = Tree::default();
    tree.file("start.sh", 0o755, START.as_bytes().to_vec());
    tree.folder("www", 0o755);
    Some(tree)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_userland_without_a_web_server_gives_no_files() {
        let mut tree = Tree::default();
        tree.link("bin/sh", "busybox");
        let label = "a test's".to_owned();
        let mut userland = Userland { tree, label };
        assert_eq!(files(&userland), None);
        userland.tree.link("bin/httpd", "busybox");
        assert!(files(&userland).is_some_and(|tree| tree.holds("start.sh") && tree.holds("www")));
    }
}
