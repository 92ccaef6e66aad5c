"""Prompts and answers: one place decides what a model reads and what counts as its code.

Two styles with the same content. `compact` is made for a tiny model, a header line instead
of a sentence:

    python -> php
    ```python
    def count_even(nums):
        ...
    ```
    function count_even($nums)

`chat` says it in words, for instruction-tuned models. The answer is the same in both: exactly
one fenced block tagged with the target language.
"""

from __future__ import annotations

from typing import Any

from oorl.errors import DataError, UnknownName
from oorl.languages import all_languages, get_language
from oorl.records import Problem

STYLES = ("compact", "chat")
FENCE = "```"
_UNJUDGED = {"llvm": "LLVM IR", "rust": "Rust"}
"""What appears in prompts without having to be a language of the judge."""


def translation_prompt(problem: Problem, source_language: str, target_language: str,
                       style: str = "compact") -> str:
    """The request to translate a problem's solution; ends with a newline.

    Raises `DataError` if the problem has no solution in the source language, `UnknownName` for
    an unknown language or style.
    """
    source = problem.solutions.get(source_language)
    if source is None:
        raise DataError(f"problem {problem.id} has no {source_language} solution",
                        f"It has: {', '.join(sorted(problem.solutions))}.")
    declaration = None if problem.whole else get_language(
        target_language).declaration(problem.signature)
    return request(source, declaration, source_language, target_language, style)


def request(source: str, declaration: str | None, source_language: str, target_language: str,
            style: str = "compact") -> str:
    """The same for any source: of a function, with the header that its translation must have, or
    of a whole program (`declaration` is None)."""
    block = fenced(source, source_language)
    compact = f"{source_language} -> {target_language}\n{block}\n"
    source_title, target_title = title(source_language), title(target_language)
    if declaration is None:
        return compact if _check(style) == "compact" else (
            f"Translate this {source_title} program into {target_title}.\n\n{block}\n\n"
            f"The {target_title} program must read the same standard input and write the same "
            f"standard output.\n\nAnswer with one {FENCE}{tag(target_language)} code block and "
            "nothing after it.\n")
    if _check(style) == "compact":
        return f"{compact}{declaration}\n"
    return (f"Translate this {source_title} function into {target_title}.\n\n{block}\n\n"
            f"Use exactly this {target_title} declaration:\n\n{declaration}\n\n"
            f"Answer with one {FENCE}{tag(target_language)} code block and nothing after it.\n")


def chat_template_kwargs(style: str) -> dict[str, Any]:
    """Qwen3's non-thinking mode, as in the paper; other templates ignore it."""
    return {} if style == "compact" else {"enable_thinking": False}


def ir_prompt(source: str, style: str = "compact", language: str = "c") -> str:
    """The request to translate into LLVM IR (Wu et al. 2025, sec. 3.2); ends with a newline."""
    block = fenced(source, language)
    if _check(style) == "compact":
        return f"{language} -> llvm\n{block}\n"
    return (f"Translate this {title(language)} function into LLVM IR.\n\n{block}\n\n"
            f"Answer with one {FENCE}llvm code block and nothing after it.\n")


def completion(code: str, target_language: str) -> str:
    """The answer that holds `code`: what a supervised model learns and `extract_code` reads."""
    return fenced(code, target_language)


def ir_completion(ir: str) -> str:
    """The answer that holds an IR text."""
    return fenced(ir, "llvm")


def extract_code(answer: str, target_language: str) -> str | None:
    """The code of an answer in the required format, else None.

    The format: exactly one fenced block, tagged with the target language (any of its tags),
    closed, not empty, and nothing but white space after it. Text before the block is allowed as
    long as it holds no fence. A truncated answer has no closing fence and so no code.
    """
    lines = answer.replace("\r\n", "\n").split("\n")
    fences = [i for i, line in enumerate(lines) if line.lstrip().startswith(FENCE)]
    if len(fences) != 2:
        return None
    start, end = fences
    if lines[end].rstrip() != FENCE or any(line.strip() for line in lines[end + 1:]):
        return None
    if not lines[start].startswith(FENCE) or lines[start][3:].rstrip() not in tags(target_language):
        return None
    code = "\n".join(lines[start + 1:end])
    return code if code.strip() else None


def fenced(code: str, language: str) -> str:
    """A fenced block without a newline at its end."""
    stripped = code.strip("\n")
    return f"{FENCE}{tag(language)}\n{stripped}\n{FENCE}"


def tag(language: str) -> str:
    """The fence tag written for a language."""
    return get_language(language).fence if _judged(language) else language


def tags(language: str) -> frozenset[str]:
    """The fence tags accepted for a language."""
    return get_language(language).fences if _judged(language) else frozenset((language,))


def title(language: str) -> str:
    """A language's name for people."""
    return get_language(language).title if _judged(language) else _UNJUDGED[language]


def _judged(language: str) -> bool:
    return language not in _UNJUDGED or language in all_languages()


def _check(style: str) -> str:
    if style not in STYLES:
        raise UnknownName("prompt style", style, list(STYLES))
    return style
