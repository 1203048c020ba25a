# SPDX-License-Identifier: Apache-2.0
"""Both sides of a comparison: this engine over an artefact that it packs, and llama.cpp through its own library."""
import ctypes
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What decode, batch8 and prefill512 compute; Tests/EngineSpeed does the same.
PROMPT, SEQUENCES, CONTEXT, BATCH = 16, 8, 4096, 1024
STREAM_PROMPT, STREAM_ANSWER = 128, 64


# How llama.cpp is built for an instruction set of ours; else for the machine.
PEER_FLAGS = {"avx2": ["NATIVE=OFF", "AVX=ON", "AVX2=ON", "FMA=ON", "F16C=ON", "BMI2=ON", "AVX512=OFF"]}


def add_options(parser) -> None:
    """The options that every program over both engines has."""
    parser.add_argument("checkpoint", nargs="+", type=Path)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--json", action="store_true", help="one JSON object instead of the table")
    parser.add_argument("--build", type=Path, default=ROOT / ".build/release", help="where the programs were built")
    parser.add_argument("--venv", type=Path, default=Path.home() / ".cache/deepflow/compare-llamacpp")
    parser.add_argument(
        "--path", choices=sorted(PEER_FLAGS), help="instruction set of both sides; else all that the machine has")


def check_options(parser, options) -> None:
    for needed in [*options.checkpoint, options.build / "flowserve", options.build / "engine-speed"]:
        if not needed.exists():
            parser.error(f"{needed} does not exist")


def peer(environment: Path, path: str | None = None):
    """llama.cpp's library, built for `path`, silent. Without it this goes on in a virtual environment that has it."""
    if path:
        environment = environment.with_name(f"{environment.name}-{path}")
        if Path(sys.prefix) != environment:
            sys.modules["llama_cpp"] = None  # One that is at hand was built for something else.
    try:
        import llama_cpp as library
    except ImportError:
        python = environment / "bin/python"
        if Path(sys.prefix) == environment:
            sys.exit(f"{environment} has no llama-cpp-python; remove it and try again")
        if not python.exists():
            # From source it is built for the instruction set of this machine.
            print(f"installing llama-cpp-python into {environment}", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
            flags = " ".join(f"-DGGML_{flag}" for flag in PEER_FLAGS.get(path, []))
            subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--no-cache-dir", "--no-binary",
                            "llama-cpp-python", "llama-cpp-python"], check=True,
                           env=os.environ | ({"CMAKE_ARGS": flags} if flags else {}))
        os.execv(python, [str(python), *sys.argv])
    global silence
    silence = library.llama_log_callback(lambda *_: None)
    library.llama_log_set(silence, ctypes.c_void_p(0))
    library.llama_backend_init()
    return library


def pack(build: Path, checkpoint: Path, artefact: Path) -> None:
    with open(checkpoint, "rb") as source, open(artefact, "w+b") as target:
        # The descriptors may lie where the program wants them, so the shell moves copies.
        subprocess.run(
            ["bash", "-c", f'exec "$0" pack 3<&{source.fileno()} 4<&{target.fileno()} 5>/dev/null',
             str(build / "flowserve")], check=True, pass_fds=(source.fileno(), target.fileno()))


class Ours:
    """The engine over a packed model."""

    def __init__(self, build: Path, artefact: Path, threads: int, kv_type: str = "model", path: str | None = None):
        """With the type "q8_0" keys and values are bytes. The kernels are those of `path`, or the machine's best."""
        arguments = [str(build / "engine-speed"), str(artefact), str(threads)]
        arguments += ([] if kv_type == "model" else [kv_type]) + ([path] if path else [])
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline().split()
        if len(ready) != 3:
            sys.exit("engine-speed did not start")
        self.path, self.bytes_per_token = ready[1], int(ready[2])

    def measure(self, work: str) -> dict[str, float]:
        """The figures of some work, by name."""
        self.process.stdin.write(work + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer:
            sys.exit(f"engine-speed ended in {work}")
        return {name: float(value) for name, value in (field.split("=") for field in answer)}

    def run(self, work: str) -> dict[str, float]:
        """The same with rates: tokens, bytes or operations per second and per CPU second."""
        figures = self.measure(work)
        return figures | {"rate": figures["count"] / figures["seconds"],
                          "cpu_rate": figures["count"] / max(figures["cpu_seconds"], 1e-9)}

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


class Theirs:
    """llama.cpp through its low-level interface."""

    def __init__(self, library, checkpoint: Path, threads: int):
        self.library = library
        parameters = library.llama_model_default_params()
        parameters.n_gpu_layers = 0
        self.model = library.llama_model_load_from_file(str(checkpoint).encode(), parameters)
        if not self.model:
            sys.exit(f"llama.cpp does not load {checkpoint}")
        shape = library.llama_context_default_params()
        shape.n_ctx, shape.n_batch, shape.n_ubatch, shape.n_seq_max = CONTEXT, BATCH, 512, SEQUENCES
        shape.n_threads = shape.n_threads_batch = threads
        self.context = library.llama_init_from_model(self.model, shape)
        self.memory = library.llama_get_memory(self.context)
        self.batch = library.llama_batch_init(BATCH, 0, 1)
        self.vocabulary = library.llama_vocab_n_tokens(library.llama_model_get_vocab(self.model))

    def compute(self, rows, exact: bool = False) -> None:
        """Rows of token, position, sequence and whether logits are wanted; any number will do for a token if its time
        alone matters."""
        self.batch.n_tokens = len(rows)
        for place, (token, position, sequence, wanted) in enumerate(rows):
            self.batch.token[place] = token if exact else token % 1000 % self.vocabulary
            self.batch.pos[place] = position
            self.batch.n_seq_id[place] = 1
            self.batch.seq_id[place][0] = sequence
            self.batch.logits[place] = wanted
        if self.library.llama_decode(self.context, self.batch) != 0:
            sys.exit("llama.cpp failed in llama_decode")
        self.library.llama_synchronize(self.context)

    def run(self, work: str) -> dict[str, float]:
        self.library.llama_memory_clear(self.memory, True)
        if work in ("decode", "batch8"):
            for sequence in range(1 if work == "decode" else SEQUENCES):
                self.compute([(i, i, sequence, i == PROMPT - 1) for i in range(PROMPT)])
        start = time.monotonic(), time.process_time()
        count, further = getattr(self, work)()
        seconds, processor = time.monotonic() - start[0], time.process_time() - start[1]
        return {"count": count, "seconds": seconds, "rate": count / seconds, "cpu_rate": count / processor} | further

    def steps(self, sequences: int, steps: int, first: int) -> int:
        for step in range(steps):
            self.compute([(first + step + s, first + step, s, True) for s in range(sequences)])
        return steps * sequences

    def decode(self):
        return self.steps(1, 32, PROMPT), {}

    def batch8(self):
        return self.steps(SEQUENCES, 8, PROMPT), {}

    def prefill512(self):
        self.compute([(i, i, 0, i == 511) for i in range(512)])
        return 512, {}

    def streams8(self):
        """What a server over this library does with eight requests at once: all prompts, then all answers together."""
        start = time.monotonic()
        self.compute([(i, i, s, i == STREAM_PROMPT - 1) for s in range(SEQUENCES) for i in range(STREAM_PROMPT)])
        first = time.monotonic() - start
        return SEQUENCES + self.steps(SEQUENCES, STREAM_ANSWER - 1, STREAM_PROMPT), {"first_token_seconds": first}

    def surprise(self, tokens: Path, window: int = 512) -> float:
        """The mean of minus the logarithm of each token's probability after those before it in its window."""
        import numpy
        tokens = numpy.fromfile(tokens, dtype="<i4")
        total, count = 0.0, 0
        for start in range(0, len(tokens) - 1, window):
            part = tokens[start:start + window]
            self.library.llama_memory_clear(self.memory, True)
            self.compute([(int(token), place, 0, True) for place, token in enumerate(part)], exact=True)
            logits = numpy.ctypeslib.as_array(
                self.library.llama_get_logits(self.context), shape=(len(part), self.vocabulary)).astype(numpy.float64)
            largest = logits.max(axis=1)
            logs = largest + numpy.log(numpy.exp(logits - largest[:, None]).sum(axis=1))
            total += float((logs[:-1] - logits[numpy.arange(len(part) - 1), part[1:]]).sum())
            count += len(part) - 1
        return total / max(count, 1)

    def close(self) -> None:
        self.library.llama_batch_free(self.batch)
        self.library.llama_free(self.context)
        self.library.llama_model_free(self.model)

