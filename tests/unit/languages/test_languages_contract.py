"""Contracts that hold for every file in the languages folder."""

import pkgutil

import pytest

import oorl.languages
from oorl.errors import ToolchainMissing, UnknownName
from oorl.languages import PROBE_SIGNATURE, all_languages, base, get_language
from oorl.records import Parameter, Signature, Status, Type

NAMES = sorted(all_languages())
HELPERS = {"base", "probe", "values"}


def signature(name: str, returns: str, **parameters: str) -> Signature:
    return Signature(name, tuple(Parameter(k, Type.parse(v)) for k, v in parameters.items()),
                     Type.parse(returns))


def test_the_folder_is_the_registry():
    files = {m.name for m in pkgutil.iter_modules(oorl.languages.__path__)} - HELPERS
    assert files == set(NAMES)
    assert all(all_languages()[name].name == name for name in NAMES)


def test_names_and_aliases_are_unique():
    every = [alias for lang in all_languages().values() for alias in (lang.name, *lang.aliases)]
    assert len(every) == len(set(every))
    for language in all_languages().values():
        assert all(get_language(alias) is language for alias in language.aliases)


def test_unknown_name_shows_the_nearest():
    with pytest.raises(UnknownName, match=r"Did you mean 'javascript'") as error:
        get_language("javascrpt")
    assert "cpp" in error.value.remedy


@pytest.mark.parametrize("name", NAMES)
def test_each_language_describes_itself(name):
    language = get_language(name)
    assert language.title
    assert language.suffix.startswith(".")
    assert language.fence in language.fences
    assert language.packages
    assert set(language.probes) == {"ok", "wrong", "compile_error", "crash", "hang"}
    assert {p.status for p in language.probes.values()} <= {str(s) for s in Status}
    assert language.supports_signature(PROBE_SIGNATURE)
    assert PROBE_SIGNATURE.name in language.declaration(PROBE_SIGNATURE)


@pytest.mark.parametrize("name", NAMES)
def test_reserved_words_are_refused(name):
    language = get_language(name)
    word = sorted(language.reserved)[0]
    assert not language.supports_signature(signature(word, "int", x="int"))
    assert not language.supports_signature(signature("f", "int", **{word: "int"}))
    assert language.supports_signature(signature("twice_of", "int", amount="int"))


def test_php_functions_may_not_be_builtins_but_parameters_may():
    assert not get_language("php").supports_signature(signature("count", "int", x="int"))
    assert get_language("php").supports_signature(signature("twice_of", "int", count="int"))


DECLARATIONS = {
    "python": "def f(xs: list[int], m: dict[str, float]) -> str | None:",
    "cpp": "optional<string> f(vector<long long> xs, map<string, double> m)",
    "java": "static String f(List<Long> xs, Map<String, Double> m)",
    "javascript": "function f(xs, m)",
    "php": "function f($xs, $m)",
    "ruby": "def f(xs, m)",
    "perl": "sub f  # ($xs, $m)",
    "lua": "function f(xs, m)",
}


@pytest.mark.parametrize("name", DECLARATIONS)
def test_declarations(name):
    asked = signature("f", "optional[str]", xs="list[int]", m="map[str,float]")
    assert get_language(name).declaration(asked) == DECLARATIONS[name]


def test_declarations_with_fewer_types():
    asked = signature("f", "bool", xs="list[int]", s="str")
    assert get_language("c").declaration(asked) == (
        "bool f(const long long *xs, int xs_len, const char *s)")
    assert get_language("bash").declaration(asked) == "f()  # $1 = xs, $2 = s"


@pytest.mark.parametrize(("name", "kind", "supported"), [
    ("bash", "list[bool]", True), ("bash", "float", False), ("bash", "list[str]", False),
    ("bash", "map[str,int]", False), ("c", "list[float]", True), ("c", "list[list[int]]", False),
    ("c", "optional[int]", False), ("lua", "optional[int]", True),
    ("lua", "list[optional[int]]", False), ("python", "map[int,list[optional[str]]]", True),
])
def test_supported_types(name, kind, supported):
    assert get_language(name).supports(Type.parse(kind)) is supported


def test_c_has_no_list_results():
    assert not get_language("c").supports_signature(signature("f", "list[int]", x="int"))


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_toolchain_names_the_package(name, monkeypatch):
    monkeypatch.setattr(base, "find_tool", lambda names: None)
    language = get_language(name)
    with pytest.raises(ToolchainMissing) as error:
        language.check()
    assert error.value.remedy.startswith("sudo apt-get install -y ")
    assert language.tools[0].package in error.value.remedy


