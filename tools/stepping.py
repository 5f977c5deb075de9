"""Runs the steps of ./test side by side where that is safe, and counts what they tell."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import xml.etree.ElementTree as ElementTree

TAIL_LINES = 40
SKIPPED_EXIT = 77


class Step:
    """One step: a command, or a function (runner, step, log) that returns an exit code, in a lane.

    Steps of one lane never run at the same time. Lane "compute" uses the processors and yields to
    the lane "wire", whose tests have deadlines. `count` reads the figures when the step is over:
    a function of the log's text that returns (passed, failed, skipped)."""

    def __init__(self, name, command, lane="compute", after=(), count=None, env=None,
                 limit_s=1200):
        self.name, self.command, self.lane = name, command, lane
        self.after, self.count = tuple(after), count
        self.env, self.limit_s = env or {}, limit_s
        self.passed = self.failed = self.skipped = 0
        self.seconds = 0.0
        self.state = "waiting"
        self.reason = ""


def count_as_one(_text):
    return 1, 0, 0


def count_nothing(_text):
    return 0, 0, 0


def count_told(text):
    """For a program that itself ends with `N passed, N failed`."""
    told = re.findall(r"^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?", text, re.M)
    return tuple(int(number or 0) for number in told[-1]) if told else (1, 0, 0)


def count_junit(path):
    def count(_text):
        passed = failed = skipped = 0
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            if case.find("failure") is not None or case.find("error") is not None:
                failed += 1
            elif case.find("skipped") is not None:
                skipped += 1
            else:
                passed += 1
        return passed, failed, skipped
    return count


class Runner:
    def __init__(self, root, steps, logs):
        self.root, self.steps, self.logs = root, steps, logs
        self.by_name = {step.name: step for step in steps}
        self.changed = threading.Condition()
        self.groups = set()
        logs.mkdir(parents=True, exist_ok=True)

    def run(self):
        """Runs all steps; whatever way this ends, no process of a step is left behind."""
        try:
            with self.changed:
                while any(step.state != "done" for step in self.steps):
                    self.start_what_can_run()
                    self.changed.wait(1)
        finally:
            for group in list(self.groups):
                end_group(group)

    def start_what_can_run(self):
        busy = {step.lane for step in self.steps if step.state == "running"}
        for step in self.steps:
            if step.state != "waiting":
                continue
            before = [self.by_name[name] for name in step.after if name in self.by_name]
            broken = [other.name for other in before if other.state == "done" and
                      (other.failed or other.reason) and other.count is count_nothing]
            if broken:
                step.skipped, step.reason = 1, f"not run, because {broken[0]} failed"
                self.finish(step)
            elif step.lane not in busy and all(other.state == "done" for other in before):
                busy.add(step.lane)
                step.state = "running"
                threading.Thread(target=self.work, args=(step,), daemon=True).start()

    def work(self, step):
        log_path = self.logs / f"{step.name}.log"
        begin = time.monotonic()
        with open(log_path, "wb") as log:
            try:
                if callable(step.command):
                    code = step.command(self, step, log)
                else:
                    code = self.execute(step, step.command, log)
            except Exception as error:  # a step that cannot start is a failed step
                log.write(f"cannot run: {error}\n".encode())
                code = 1
        step.seconds = time.monotonic() - begin
        text = log_path.read_text(errors="replace")
        self.count(step, code, text)
        with self.changed:
            self.finish(step)
            if step.failed:
                print("".join(f"    {line}\n" for line in text.splitlines()[-TAIL_LINES:]), end="")
                print(f"    (all of it: {os.path.relpath(log_path, self.root)})", flush=True)
            self.changed.notify()

    def count(self, step, code, text):
        if code == SKIPPED_EXIT:
            step.skipped = 1
            step.reason = text.strip().split("\n")[-1].removeprefix("skipped: ")
            return
        try:
            step.passed, step.failed, step.skipped = step.count(text) if step.count else (1, 0, 0)
        except (OSError, ElementTree.ParseError) as error:
            step.passed = 0
            step.reason = f"its results cannot be read: {error}"
            code = code or 1
        if code != 0 and step.failed == 0:
            step.failed = 1
            if step.count in (None, count_as_one, count_told):
                step.passed = 0

    def execute(self, step, command, log, **env):
        """Runs one command of a step to its end or the step's limit; returns its exit code."""
        if step.lane == "compute":
            command = ["nice", "-n", "10", *command]
        log.write(f"$ {' '.join(map(str, command))}\n".encode())
        log.flush()
        process = subprocess.Popen(
            [str(word) for word in command], cwd=self.root, stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, env={**os.environ, **step.env, **env}, start_new_session=True)
        self.groups.add(process.pid)
        try:
            return process.wait(step.limit_s)
        except subprocess.TimeoutExpired:
            log.write(f"\nended after {step.limit_s} s, its limit\n".encode())
            return 1
        finally:
            end_group(process.pid)
            self.groups.discard(process.pid)

    def finish(self, step):
        step.state = "done"
        figures = [f"{step.passed} passed"] if step.passed else []
        figures += [f"{step.failed} failed"] if step.failed else []
        figures += [f"{step.skipped} skipped"] if step.skipped else []
        word = "FAIL" if step.failed else "skip" if not step.passed and step.skipped else "ok"
        print(f"{word:5}{step.name:24}{step.seconds:7.1f} s   {', '.join(figures)}"
              f"{': ' + step.reason if step.reason else ''}", flush=True)


def end_group(group):
    """Ends what a step left running in its own process group."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def summary(steps):
    """Prints the closing line; returns the exit code."""
    passed, failed, skipped = (sum(getattr(step, what) for step in steps)
                               for what in ("passed", "failed", "skipped"))
    if failed:
        print("failed: " + ", ".join(step.name for step in steps if step.failed))
    sys.stderr.flush()
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""),
          flush=True)
    return 0 if passed and not failed else 1


def executables_in(build, folder):
    """The programs that a build folder makes from sources below `folder`, as (name, path)."""
    with open(build / "meson-info" / "intro-targets.json", encoding="utf-8") as file:
        targets = json.load(file)
    return sorted((target["name"], target["filename"][0]) for target in targets
                  if target["type"] == "executable" and
                  os.path.dirname(target["defined_in"]).endswith(folder))
