#!/usr/bin/env python3
"""Checks what a compiler does not: that includes point down, third parties stay in their folders, pure layers do no I/O, no
banned function is called, and no file grows past a thousand lines.

Which layer may include which is read from the DEPS_ lists of the Makefile: an archive that is linked is one that may be
included. `--self-test` breaks every rule in a tree of its own and expects to be told."""

import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_LINES = 1000

# Header (as included) -> the layers that may see it. The first pattern that fits counts.
THIRD_PARTY = [
    (r"h2o(\.h|/.*)", {"net"}),
    (r"nghttp2/.*", {"h2"}),
    (r"openssl/.*", {"net"}),
    (r"(google/)?protobuf-c/.*|.*\.pb-c\.h", {"schema", "upstream", "transcode"}),
    (r"yajl/.*", {"json"}),
    (r"yaml\.h", {"config"}),
    (r"wslay/.*", {"http"}),
    (r"zlib\.h", {"http"}),
]
# Layers that take bytes and give bytes: no descriptors, no clock, no threads.
PURE = {"wire", "schema", "json", "transcode", "route", "http"}
IMPURE = r"unistd\.h|fcntl\.h|poll\.h|pthread\.h|threads\.h|netdb\.h|signal\.h|dirent\.h|(sys/(socket|epoll|stat|mman|uio|wait|time|select|ioctl)|netinet/.*|arpa/inet)\.h"

BANNED = r"v?sprintf|strcpy|stpcpy|strcat|strncat|strtok(?:_r)?|ato[ifl]|atoll|gets|alloca|tmpnam|mktemp|system|popen|setjmp|longjmp"
ALLOCATORS = r"malloc|calloc|realloc|reallocarray|free|strdup|strndup|aligned_alloc|posix_memalign|asprintf|vasprintf"

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', re.MULTILINE)
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def calls(names):
    return re.compile(rf"(?<![\w.>])({names})\s*\(")


def read_layers(makefile):
    """{layer: the layers that it may include}, from LAYERS and DEPS_ of the Makefile."""
    text = makefile.read_text().replace("\\\n", " ")
    variables = dict(re.findall(r"^(LAYERS|DEPS_\w+)\s*:?=[ \t]*(.*)$", text, re.MULTILINE))

    def expand(value):
        return re.sub(r"\$\((\w+)\)", lambda m: expand(variables[m[1]]), value).split("#")[0]

    return {layer: {layer, *expand(variables[f"DEPS_{layer}"]).split()} for layer in expand(variables["LAYERS"]).split()}


def blank(match):
    """White space of the same shape, so that offsets and line numbers stay."""
    return re.sub(r"[^\n]", " ", match[0])


def check_includes(layer, allowed, text, complain):
    for match in INCLUDE.finditer(text):
        quote, header = match.groups()
        folder = header.split("/")[0]
        if quote == '"' and "/" in header and folder in allowed:
            if folder not in allowed[layer]:
                complain(match.start(), f"{layer} must not include {header}: {folder} is not below it")
            continue
        for pattern, folders in THIRD_PARTY:
            if re.fullmatch(pattern, header):
                if layer not in folders:
                    complain(match.start(), f"{header} may be seen in {', '.join(sorted(folders))} only, not in {layer}")
                break
        if layer in PURE and re.fullmatch(IMPURE, header):
            complain(match.start(), f"{layer} is pure: no {header}")


def check_calls(path, text, complain):
    code = NOISE.sub(blank, text)
    banned = f"{BANNED}|{ALLOCATORS}" if path.as_posix() != "src/base/mem.c" else BANNED
    for match in calls(banned).finditer(code):
        instead = " (base/mem.h has what to use)" if re.fullmatch(ALLOCATORS, match[1]) else ""
        complain(match.start(), f"{match[1]} is banned{instead}")


def check_tree(root):
    """Every complaint as "path:line: text"."""
    allowed = read_layers(root / "Makefile")
    found = []
    files = sorted(f for folder in ("src", "tests", "bench", "fuzz", "demo", "scripts") for f in root.glob(f"{folder}/**/*"))
    for file in files:
        if file.suffix not in {".c", ".h", ".py", ".sh"} or not file.is_file():
            continue
        text, path = file.read_text(), file.relative_to(root)
        lines = text.count("\n")
        if lines > MAX_LINES:
            found.append(f"{path}:{MAX_LINES}: {lines} lines; a file has at most {MAX_LINES}")
        if path.parts[0] != "src" or file.suffix not in {".c", ".h"}:
            continue

        def complain(offset, message, path=path, text=text):
            found.append(f"{path}:{text.count(chr(10), 0, offset) + 1}: {message}")

        if len(path.parts) > 2:
            layer = path.parts[1]
            if layer in allowed:
                check_includes(layer, allowed, text, complain)
            else:
                complain(0, f"{layer} is not in the Makefile's LAYERS")
        check_calls(path, text, complain)
    return found


SELF_TEST = [  # path, text, what the complaint must hold ('' for none)
    ("src/base/fine.c", '#include "base/fine.h"\n#include <stdio.h>\n// malloc(1)\nchar *s = "gets(";\nx.free(1);\nss_free(p);\n', ""),
    ("src/http/fine.c", '#include <zlib.h>\n#include "base/fine.h"\n#include <sys/types.h>\n', ""),
    ("src/base/mem.c", "p = malloc(1);\nfree(p);\n", ""),
    ("src/main.c", '#include "net/loop.h"\n', ""),
    ("src/base/up.c", '#include "http/up.h"\n', "base must not include http/up.h"),
    ("src/http/up.c", '\n#include "net/loop.h"\n', "src/http/up.c:2: http must not include net/loop.h"),
    ("src/net/third.c", "#include <nghttp2/nghttp2.h>\n", "may be seen in h2 only"),
    ("src/http/third.c", "#  include <h2o.h>\n", "may be seen in net only"),
    ("src/http/io.c", "#include <sys/socket.h>\n", "http is pure"),
    ("src/net/calls.c", 'sprintf(b, "x");\n', "sprintf is banned"),
    ("src/net/alloc.c", "/* a\n comment */ p = malloc(3);\n", "src/net/alloc.c:2: malloc is banned"),
    ("src/other/new.c", "\n", "other is not in the Makefile's LAYERS"),
    ("src/net/long.c", "\n" * (MAX_LINES + 1), "1001 lines"),
]


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "Makefile").write_text(
            "LAYERS := base http \\\n  net\nDEPS_base :=\nDEPS_http := base\nDEPS_net := http $(DEPS_http)\n"
        )
        for path, text, _ in SELF_TEST:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        found = check_tree(root)
    failures = 0
    for path, _, expected in SELF_TEST:
        mine = [line for line in found if line.startswith(f"{path}:")]
        if (len(mine) != 1 or expected not in mine[0]) if expected else mine:
            print(f"self-test: {path}: expected {expected or 'no complaint'!r}, got {mine}")
            failures += 1
    print(f"self-test: {len(SELF_TEST) - failures} of {len(SELF_TEST)} as expected")
    return failures == 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        sys.exit(0 if self_test() else 1)
    if sys.argv[1:]:
        sys.exit(f"usage: {sys.argv[0]} [--self-test]")
    found = check_tree(ROOT)
    for line in found:
        print(line)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
