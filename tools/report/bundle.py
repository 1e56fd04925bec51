"""Makes the report's page one text: bundle.py PAGE OUTPUT. See CMakeLists.txt.

`<!--style FILE-->` and `<!--script FILE ...-->` in PAGE become the files' texts in place, and `{style}` and `{script}`
in its content policy their hashes, so that a browser runs these and nothing else.
"""

import base64
import hashlib
import pathlib
import re
import sys


def policy_hash(text):
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def main():
    page_path, output = map(pathlib.Path, sys.argv[1:])
    page = page_path.read_text()
    hashes = {}

    def inline(match):
        kind, files = match.group(1), match.group(2).split()
        text = "\n" + "\n".join((page_path.parent / file).read_text() for file in files)
        if "</" + kind in text:
            sys.exit(f"bundle.py: a {kind} of {page_path} holds its own end tag")
        hashes[kind] = policy_hash(text)
        return f"<{kind}>{text}</{kind}>"

    page = re.sub(r"<!--(style|script) ([^>]*?)-->", inline, page)
    for kind, value in hashes.items():
        page = page.replace("{" + kind + "}", value, 1)
    output.write_text(page)


if __name__ == "__main__":
    main()
