#!/usr/bin/env python3
"""Does what a page of instructions says: follow_recipe.py PAGE TREE

The blocks of PAGE are taken in order, in the folder TREE. A block of `sh` is run and must succeed. Any other block goes
where the line before it says:
    `FILE`:                                  it is the whole file
    At the end of `FILE`:                    it is appended
    Before the line with `TEXT` in `FILE`:   it is inserted there
Commands that need PyTorch are left out where the distribution's Python does not have it."""
import pathlib
import re
import subprocess
import sys

PLACES = {
    "whole": re.compile(r"^`([^`]+)`:$"),
    "end": re.compile(r"^At the end of `([^`]+)`:$"),
    "before": re.compile(r"^Before the line with `([^`]+)` in `([^`]+)`:$"),
}


def blocks(page):
    """Yields (line number, language, the line of text before, the block)."""
    before, block, language = "", None, ""
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            if block is None:
                block, language, start = [], line[3:], number
            else:
                yield start, language, before, "".join(f"{text}\n" for text in block)
                before, block = "", None
        elif block is not None:
            block.append(line)
        elif line:
            before = line


def put(tree, before, block):
    for how, pattern in PLACES.items():
        found = pattern.match(before)
        if not found:
            continue
        path = tree / found[found.re.groups]
        if how == "whole":
            path.write_text(block)
        elif how == "end":
            path.write_text(path.read_text() + block)
        else:
            lines = path.read_text().splitlines(keepends=True)
            at = next(i for i, line in enumerate(lines) if found[1] in line)
            path.write_text("".join(lines[:at]) + block + "".join(lines[at:]))
        return True
    return False


def main():
    page, tree = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    torch = subprocess.run(["/usr/bin/python3", "-c", "import torch"], capture_output=True).returncode == 0
    for number, language, before, block in blocks(page):
        where = f"{page.name}:{number}"
        if language == "sh":
            if "python3" in block and not torch:
                print(f"{where}: left out, there is no PyTorch here")
                continue
            print(f"{where}: {block.splitlines()[0]}", flush=True)
            done = subprocess.run(["bash", "-e", "-c", block], cwd=tree, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                sys.exit(f"{where}: the commands fail:\n{done.stdout[-4000:]}")
        elif not put(tree, before, block):
            sys.exit(f"{where}: a block without a place")


main()
