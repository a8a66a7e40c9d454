"""The Python of one page: blocks come on standard input as JSON, a line each, and share their names.

Run as a process of its own. ``await`` may stand at the top of a block; a block with ``>>>`` is a doctest.
"""

import ast
import asyncio
import contextlib
import doctest
import inspect
import io
import json
import sys
import traceback
import types


def main():
    """Run block after block until there are no more."""
    sink, names = sys.stdout, types.ModuleType("__main__").__dict__
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                fault = _fault(json.loads(line), names, runner)
            sink.write(json.dumps({"fault": fault, "printed": printed.getvalue()}) + "\n")
            sink.flush()


def _fault(block, names, runner):
    """What went wrong; empty if nothing did."""
    try:
        if ">>> " in block["text"]:
            return _tested(block, names)
        program = compile("\n" * block["line"] + block["text"], block["page"], "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        outcome = types.FunctionType(program, names)()
        if inspect.iscoroutine(outcome):
            runner.run(outcome)
    except BaseException:  # noqa: BLE001 - told to the test
        return traceback.format_exc()
    return ""


def _tested(block, names):
    test = doctest.DocTestParser().get_doctest(block["text"], names, block["page"], block["page"], block["line"])
    told = io.StringIO()
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    doctest.DocTestRunner(optionflags=options).run(test, out=told.write, clear_globs=False)
    names.update(test.globs)
    return told.getvalue()


if __name__ == "__main__":
    main()
