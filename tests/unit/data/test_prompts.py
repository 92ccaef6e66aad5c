"""What a model reads and what counts as its code."""

import pytest

from oorl.data.prompts import (
    completion,
    extract_code,
    ir_completion,
    ir_prompt,
    translation_prompt,
)
from oorl.errors import DataError, UnknownName
from oorl.records import Case, Parameter, Problem, Signature, Type

PROBLEM = Problem(
    id="p1", source="synthetic", split="rl",
    signature=Signature("add_two", (Parameter("x", Type("int")),), Type("int")),
    cases=(Case((1,), 3),),
    solutions={"python": "def add_two(x: int) -> int:\n    return x + 2\n"})


def test_compact_prompt() -> None:
    assert translation_prompt(PROBLEM, "python", "php") == (
        "python -> php\n```python\ndef add_two(x: int) -> int:\n    return x + 2\n```\n"
        "function add_two($x)\n")


def test_chat_prompt_says_the_same_in_words() -> None:
    text = translation_prompt(PROBLEM, "python", "cpp", style="chat")
    assert "```python\ndef add_two(x: int) -> int:\n    return x + 2\n```\n" in text
    assert "long long add_two(long long x)" in text
    assert "```cpp" in text


def test_ir_prompt_and_completion() -> None:
    assert ir_prompt("int f(void);\n") == "c -> llvm\n```c\nint f(void);\n```\n"
    assert ir_prompt("fn f() {}", language="rust") == "rust -> llvm\n```rust\nfn f() {}\n```\n"
    assert "this C++ function" in ir_prompt("int f();", "chat", "cpp")
    assert "this Rust function" in ir_prompt("fn f() {}", "chat", "rust")
    assert ir_completion("define i32 @f()\n") == "```llvm\ndefine i32 @f()\n```"
    assert extract_code(ir_completion("define i32 @f()"), "llvm") == "define i32 @f()"


@pytest.mark.parametrize(("answer", "code"), [
    ("```php\necho 1;\n```", "echo 1;"),
    ("```php\necho 1;\n```\n \n", "echo 1;"),
    ("```php\r\necho 1;\r\n```\r\n", "echo 1;"),
    ("Here it is:\n```php\necho 1;\n```", "echo 1;"),
    ("```php \necho 1;\n\necho 2;\n```", "echo 1;\n\necho 2;"),
    ("```php\necho '`````';\n```", "echo '`````';"),
    ("", None),
    ("echo 1;", None),
    ("```php\necho 1;", None),                                  # cut off
    ("```php\necho 1;\n``", None),
    ("```php\n```", None),                                      # empty
    ("```php\n \n\n```", None),
    ("```\necho 1;\n```", None),                                # no tag
    ("```python\necho 1;\n```", None),                          # another language
    ("```phpx\necho 1;\n```", None),
    ("```php\necho 1;\n```\nThat's it.", None),                 # something after
    ("```php\necho 1;\n```\n```php\necho 2;\n```", None),       # two blocks
    ("```php\necho 1;\n```x", None),
    ("```php\n```php\necho 1;\n```", None),
    ("  ```php\necho 1;\n```", None),
    ("```php\necho 1;\n  ```", None),
])
def test_extract_code(answer: str, code: str | None) -> None:
    assert extract_code(answer, "php") == code


def test_aliases_of_the_language_are_accepted_as_tags() -> None:
    assert extract_code("```c++\nint x;\n```", "cpp") == "int x;"


def test_gold_completions_are_in_the_required_format(problems: list[Problem]) -> None:
    for problem in problems[:100]:
        for language, code in problem.solutions.items():
            assert extract_code(completion(code, language), language) == code


def test_unknown_names_are_answered_with_the_known() -> None:
    with pytest.raises(DataError, match="no ruby solution"):
        translation_prompt(PROBLEM, "ruby", "php")
    with pytest.raises(UnknownName, match="javascript"):
        translation_prompt(PROBLEM, "python", "javascrpt")
    with pytest.raises(UnknownName, match="compact"):
        translation_prompt(PROBLEM, "python", "php", style="compct")
