"""Push and pull over loopback, compared with Docker Engine, Podman and Skopeo at the same registry.

The registry is Docker's own (`docker-registry`) if it is installed, else ours; the last table compares both registries with one
client, Skopeo. Before each push the registry is emptied and each engine's image is loaded again, so that nothing is cached and it
has to be packed; before each pull the image is removed. SIZE_MIB sets the size of the large layers (default 1024).
"""

import os
import random
import shutil
import socket
import subprocess
import time

from measuring import ENVIRONMENT, WORK, Row, measure, run

SIZE = int(os.environ.get("SIZE_MIB", "1024")) << 20


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Registry:
    """Our own instance of a registry, whose folder can be emptied."""

    def __init__(self, name, docklings):
        self.name, self.docklings, self.process = name, docklings, None
        self.folder, self.port = WORK / f"registry-{name}", free_port()
        self.place = f"localhost:{self.port}"

    def start(self):
        self.folder.mkdir(exist_ok=True)
        if self.name == "docklings":
            words = [self.docklings, "registry", "serve", "--listen", f"127.0.0.1:{self.port}", "--root", self.folder, "--quiet"]
        else:
            config = WORK / "registry.yml"
            config.write_text(f"version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\n"
                              f"storage: {{filesystem: {{rootdirectory: {self.folder}}}, delete: {{enabled: true}}}}\n"
                              f"http: {{addr: 127.0.0.1:{self.port}}}\n")
            words = ["docker-registry", "serve", config]
        self.process = subprocess.Popen([str(w) for w in words], env=ENVIRONMENT, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"the registry {self.name} does not answer")

    def end(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None

    def empty(self):
        """Removes everything, including what the registry remembers."""
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.start()


class Push(Row):
    """A push of an unknown image to an empty registry."""

    def __init__(self, registry, name, *words, before=None):
        super().__init__(name, *words, before=before)
        self.registry = registry

    def once(self, counts):
        self.registry.empty()
        super().once(counts)


class Transfer:
    """The engines of a `Bench`, and the images to transfer."""

    def __init__(self, bench):
        self.bench = bench
        self.registries = []
        self.skopeo = shutil.which("skopeo")

    def data(self, name):
        """A build context, and the archive of the image built from it."""
        folder = self.bench.context(f"transfer-{name}", [])
        steps = ["COPY files /files"]
        if name == "noise":
            run(["dd", f"if={self.bench.big()}", f"of={folder / 'files/noise'}", "bs=1M", f"count={SIZE >> 20}"])
        elif name == "text":
            self.text(folder / "files/text")
        elif name == "small files":
            for n in range(1000):
                (folder / "files" / str(n)).write_text(f"file {n}\n" * 20)
        else:
            steps = [f"COPY files/{n} /" for n in range(100)]
            for n in range(100):
                (folder / "files" / str(n)).write_text(f"file {n}\n" * 20)
        (folder / "Dockerfile").write_text("\n".join(["FROM busybox", *steps, ""]))
        run([*self.bench.ours, "build", "-q", "-t", "bench-transfer", folder])
        archive = WORK / "transfer.tar"
        run([*self.bench.ours, "save", "-o", archive, "bench-transfer"])
        return archive

    def text(self, path):
        chance = random.Random(1)
        letters = "etaoinshrdlucmfwyp"
        words = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(5000)]
        block = "".join(" ".join(chance.choices(words, k=12)) + f" {chance.randint(0, 99999)}\n" for _ in range(20_000)).encode()
        with open(path, "wb") as file:
            left, turn = SIZE, 0
            while left > 0:
                # Each turn differs, so that a compressor never sees the same data again.
                turned = block[turn * 409 % len(block):] + block[:turn * 409 % len(block)]
                file.write(turned[:left])
                left, turn = left - len(turned), turn + 1

    def engines(self):
        bench = self.bench
        yield "docklings", bench.ours, []
        if bench.theirs:
            yield "Docker Engine", bench.theirs, []
        if bench.podman:
            yield "podman", bench.podman, ["--tls-verify=false"]

    def rows(self, registry, archive):
        """The rows of a push and of a pull."""
        name = f"{registry.place}/bench"
        pushes, pulls = [], []
        for engine, words, flags in self.engines():
            shell = " ".join(map(str, words))
            names = " ".join(f"{other.place}/bench" for other in self.registries)
            forget = f"{shell} rmi -f bench-transfer {names}; {shell} image prune -f"
            if engine == "docklings":
                forget += f"; {shell} builder prune -af"
            fresh = f"{forget}; {shell} load -i {archive} && {shell} tag bench-transfer {name}"
            pushes.append(Push(registry, engine, *words, "push", *flags, name, before=["sh", "-c", fresh]))
            pulls.append(Row(engine, *words, "pull", *flags, name, before=["sh", "-c", forget]))
        if self.skopeo:
            there = f"docker://{name}"
            folder = WORK / "skopeo"
            pushes.append(Push(registry, "skopeo copy, from the archive", "skopeo", "copy", "--dest-tls-verify=false",
                               f"docker-archive:{archive}", there))
            pulls.append(Row("skopeo copy, to a folder, not unpacked", "skopeo", "copy", "--src-tls-verify=false", there, f"dir:{folder}",
                             before=["rm", "-rf", folder]))
        return pushes, pulls

    def run(self):
        kinds = ["distribution"] if shutil.which("docker-registry") else []
        self.registries = [Registry(kind, self.bench.docklings).start() for kind in [*kinds, "docklings"]]
        try:
            for name in ("noise", "text", "small files", "layers"):
                self.one(name)
        finally:
            for registry in self.registries:
                registry.end()

    def one(self, name):
        size = f"{SIZE >> 20} MiB"
        title = {"noise": f"{size} that cannot be compressed", "text": f"{size} of text", "small files": "1,000 small files",
                 "layers": "100 small layers"}[name]
        archive = self.data(name)
        first = self.registries[0]
        pushes, pulls = self.rows(first, archive)
        warm = name in ("small files", "layers")
        measure(f"docker push of {title}, to {first.name}", pushes, warm)
        pushes[0].once(False)
        measure(f"docker pull of {title}, from {first.name}", pulls, warm)
        self.clean(first)
        if len(self.registries) > 1:
            self.servers(title, archive, warm)
        archive.unlink()

    def servers(self, title, archive, warm):
        """The same client with both registries, and our client with both."""
        pushes, pulls = [], []
        for registry in self.registries:
            push, pull = self.rows(registry, archive)
            for words in (push, pull):
                for row in words:
                    row.name = f"{row.name.split(',')[0]}, {registry.name}"
            pushes += [push[0], *([push[-1]] if self.skopeo else [])]
            pulls += [pull[0], *([pull[-1]] if self.skopeo else [])]
        measure(f"docker push of {title}, two registries", pushes, warm)
        for row in pushes:
            row.once(False)
        measure(f"docker pull of {title}, two registries", pulls, warm)
        for registry in self.registries:
            self.clean(registry)

    def clean(self, registry):
        for _, words, _ in self.engines():
            run([*words, "rmi", "-f", "bench-transfer", f"{registry.place}/bench"], check=False)
        shutil.rmtree(WORK / "skopeo", ignore_errors=True)
