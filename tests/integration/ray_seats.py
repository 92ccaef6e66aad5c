"""Workers that fail, for the tests of the judge on Ray, which imports them by name."""

import os

from oorl.sandbox import fanout


class Dies(fanout.Seat):
    """A worker that some programs take down with it."""

    def run(self, submission):
        if "die" in submission.code:
            os._exit(1)
        return super().run(submission)


class Refuses(fanout.Seat):
    """A machine without a toolchain."""

    def fault(self, languages):
        return "ToolchainMissing", f"{languages[0]} is not installed", "install it"
