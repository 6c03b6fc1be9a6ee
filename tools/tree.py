# SPDX-FileCopyrightText: The Agizo authors
# SPDX-License-Identifier: Apache-2.0
"""What the lint scripts share: which files belong to the tree, C text without comments and strings, how to report."""
import os
import re
import subprocess
import sys


def files(root, *suffixes):
    """Paths below root that git tracks or would track; of every file where root is not inside a checkout."""
    command = ["git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, capture_output=True, text=True, check=False)
    if listing.returncode == 0:
        paths = set(filter(None, listing.stdout.split("\0")))
    else:
        paths = {os.path.relpath(os.path.join(folder, name), root)
                 for folder, folders, names in os.walk(root) if prune(folders) for name in names}
    return sorted(path for path in paths
                  if (not suffixes or path.endswith(suffixes)) and os.path.isfile(os.path.join(root, path)))


def prune(folders):
    folders[:] = [name for name in folders if name not in ("node_modules", ".git") and not name.startswith("build")]
    return True


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


def blank(match):
    """Spaces for what a comment or literal held; line ends stay, so that line numbers do."""
    text = match[0]
    return text if text[0] == "#" else '""' if text[0] in "\"'" else re.sub(r"[^\n]", " ", text)


def code(text):
    """C text with comments blanked and literals emptied; include lines keep their names."""
    return re.sub(r'^#include[^\n]*|/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text,
                  flags=re.S | re.M)


def report(findings):
    """Prints (file, line, text) findings in order and ends the program: 1 when there are any."""
    for path, line, text in sorted(findings):
        print(f"{path}:{line}: {text}")
    sys.exit(1 if findings else 0)
