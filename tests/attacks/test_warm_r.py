"""R by a fork of a warm R: what one program changes the next does not find, on both paths."""

import pytest

from oorl.languages import get_language
from oorl.records import Status, StdioCase, StdioSubmission
from oorl.sandbox.doctor import missing_tools

pytestmark = pytest.mark.skipif(bool(missing_tools(get_language("r"))),
                                reason="R is not installed")
CHANGE_EVERYTHING = """
planted <- 1
Sys.setenv(PLANT = "1")
options(digits = 3, planted = 1)
assign("paste", function(...) "0", envir = globalenv())
unlockBinding("sum", baseenv()); assign("sum", function(...) -1, envir = baseenv())
f <- function(x) {
  writeLines("x", "/tmp/plant"); setwd("/proc"); set.seed(1); x + 1
}
"""
SEE_NOTHING = """
f <- function(x) {
  if (exists("planted") || Sys.getenv("PLANT") != "" || !is.null(getOption("planted"))
      || getOption("digits") != 7 || sum(1, 2) != 3 || paste(1) != "1" || getwd() != "/tmp"
      || exists(".Random.seed") || file.exists("/tmp/plant")) return(-1)
  if (length(grep("^[0-9]+$", list.files("/proc"))) > 3) return(-2)
  caps <- readLines("/proc/self/status")
  if (!any(grepl("^CapEff:\\t0+$", caps)) || !any(grepl("^Seccomp:\\t2", caps))) return(-3)
  name <- tempfile(); writeLines("x", name)
  if (!file.exists(name)) return(-5)
  x + 1
}
"""


def test_state_does_not_outlive_a_program(attack):
    """Rows 12, 31 and 32: variables, options, base functions, files, environment."""
    for _ in range(2):
        assert attack("r", CHANGE_EVERYTHING).passed_cases >= 0
        verdict = attack("r", SEE_NOTHING)
        assert verdict.status is Status.PASSED, verdict


@pytest.mark.parametrize(("code", "status"), [
    ("f <- function(x) x + 1", Status.PASSED), ("f <- function(x) x", Status.WRONG_ANSWER),
    ("f <- function(x) while (TRUE) {}", Status.TIMEOUT),
    ("f <- function(x) quit('no', 0)", Status.PROTOCOL_VIOLATION),
    ("quit('no', 0)", Status.PROTOCOL_VIOLATION), ("f <- function(x) {", Status.COMPILE_ERROR),
    ("f <- function(x) stop('no')", Status.RUNTIME_ERROR),
    ("f <- function(x) { tools::pskill(Sys.getpid(), 9); x + 1 }", Status.RUNTIME_ERROR),
    ("f <- function(x) { y <- numeric(2e8) + 1; x + 1 }", Status.MEMORY_LIMIT),
    ("f <- function(x) repeat cat(strrep('x', 9999))", Status.OUTPUT_LIMIT),
    ("f <- function(x) { cat(strrep('x', 300000)); x + 1 }", Status.PASSED),
    ("f <- function(x) { system('sleep 60 &'); x + 1 }", Status.PASSED),
    ("f <- function(x) if (file.exists('@SECRET@')) -1 else x + 1", Status.PASSED),
    ("f <- function(x) { for (p in c(1, Sys.getpid() - 1)) tools::pskill(p, 9); x + 1 }",
     Status.PASSED),
    ("f <- function(x) { g <- function(n) if (n == 0) 0 else 1 + g(n - 1); g(200); x + 1 }",
     Status.PASSED),
    ("f <- function(x) { .C('oorl_r_serve'); x + 1 }", Status.RUNTIME_ERROR),
])
def test_programs_end_alike_on_both_paths(attack, code, status):
    verdict = attack("r", code)
    assert verdict.status is status, verdict


def test_random_numbers_differ_between_forks(attacked):
    code = "cat(runif(1))  # {}"
    details = {attacked.judge([StdioSubmission("r", code.format(n), (StdioCase("", "?"),))]
                              )[0].detail for n in range(3)}
    assert len(details) == 3
