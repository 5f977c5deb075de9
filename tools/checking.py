"""What the checks in this folder share: which files there are, C text without its comments, and
the way in which findings are told."""

import argparse
import hashlib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

HOME = pathlib.Path(__file__).resolve().parent.parent
C_FOLDERS = ("src", "tests", "bench")
CALL_WORDS = {"if", "while", "for", "switch", "return", "sizeof", "typeof", "defined", "alignof"}


def project_files(root):
    """All files of the tree as relative paths: those git knows or would add, or without git all
    but build folders."""
    command = ["git", "-c", "safe.directory=*", "-C", str(root), "ls-files", "-z", "-co",
               "--exclude-standard"]
    if (root / ".git").exists():
        try:
            told = subprocess.run(command, capture_output=True, check=True).stdout.decode()
            return sorted(name for name in told.split("\0") if name and (root / name).is_file())
        except (OSError, subprocess.CalledProcessError):
            pass
    names = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not re.match(
            r"build|\.git$|__pycache__|node_modules|data$|\.pytest_cache", name)]
        names += [os.path.relpath(os.path.join(folder, name), root) for name in files]
    return sorted(names)


def c_files(root, folders=C_FOLDERS, endings=(".c", ".h")):
    return [name for name in project_files(root)
            if name.split("/")[0] in folders and name.endswith(endings)]


def read(root, name):
    return (root / name).read_text(encoding="utf-8", errors="replace")


COMMENT_OR_TEXT = re.compile(
    r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(match, keep_quotes=True):
    text = match.group(0)
    inner = re.sub(r"[^\n]", " ", text)
    if keep_quotes and text[0] in "\"'" and len(text) >= 2:
        return text[0] + inner[1:-1] + text[-1]
    return inner


def without_comments(text):
    """C text with comments blanked and strings emptied; every line and column stays in place."""
    return COMMENT_OR_TEXT.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


DEFINITION = re.compile(r"^(?![ \t#}/{])"
                        r"(?P<head>[^;{}#=]*?\b(?P<name>\w+)\s*\([^;{}]*\)[^;{}=()]*?)"
                        r"\n\{", re.M)


def functions(code):
    """Yields (name, head, first line, lines, body) of each function defined in blanked C text."""
    for match in DEFINITION.finditer(code):
        end = code.find("\n}", match.end())
        if end < 0:
            continue
        first = line_of(code, match.start("head"))
        last = line_of(code, end + 1)
        # The first name before a parenthesis that is no attribute is the function's own.
        names = [name for name in re.findall(r"\b(\w+)\s*\(", match.group("head"))
                 if not name.startswith("__") and name not in ("format_like", "scoped")]
        yield (names[0] if names else match.group("name"), match.group("head"), first,
               last - first + 1, code[match.end():end])


def digest_of(*parts):
    sha = hashlib.sha256()
    for part in parts:
        sha.update(part if isinstance(part, bytes) else str(part).encode())
        sha.update(b"\0")
    return sha.hexdigest()


def in_parallel(work, items):
    """Runs work(item) for each, two at a time or as many as there are cores."""
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        return list(pool.map(work, items))


def first_command(*names):
    """The first of the commands that is installed, or None."""
    for name in names:
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
            path = os.path.join(folder, name)
            if os.access(path, os.X_OK) and os.path.isfile(path):
                return path
    return None


class Unable(Exception):
    """The check cannot be made here (a tool or a build is missing); says what to do."""


def write_tree(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(text)


def self_test(check, cases):
    """Each case is (name, files, words): the check must find exactly one thing for each of the
    words when it runs on the small tree, in any order, and nothing else."""
    bad = 0
    for name, files, words in cases:
        with tempfile.TemporaryDirectory(prefix="check-") as folder:
            root = pathlib.Path(folder)
            write_tree(root, files)
            found = check(root)
        wrong = [word for word in words if not any(word in line for line in found)]
        if wrong or len(found) != len(words):
            bad += 1
            print(f"self-test {name}: expected {words or 'nothing'}, found:")
            print("".join(f"    {line}\n" for line in found) or "    nothing\n", end="")
    print(f"self-test: {len(cases) - bad} of {len(cases)} cases as expected")
    return 1 if bad else 0


def main(check, cases, text, fix=None):
    parser = argparse.ArgumentParser(description=text)
    parser.add_argument("--root", type=pathlib.Path, default=HOME, help="the tree to check")
    parser.add_argument("--self-test", action="store_true", help="check the check itself")
    if fix:
        parser.add_argument("--fix", action="store_true", help="correct what can be corrected")
    options = parser.parse_args()
    try:
        if options.self_test:
            sys.exit(self_test(check, cases))
        if fix and options.fix:
            fix(options.root.resolve())
        found = check(options.root.resolve())
    except Unable as reason:
        # 77 is what test harnesses take for "skipped".
        print(f"skipped: {reason}")
        sys.exit(77)
    for line in found:
        print(line)
    if found:
        print(f"{len(found)} finding{'s' if len(found) > 1 else ''}")
    sys.exit(1 if found else 0)
