"""Which identifiers are legal in every language at once."""

from __future__ import annotations

from oorl.data.synthetic import nodes as n

# Keywords of the languages this project aims at (but Perl's one-letter quote operators,
# which are fine behind a sigil).
_KEYWORDS = """
abstract alias alignas alignof and array as asm assert async auto await base begin bind bool
boolean break byte callable case cast catch cd char class clone command const constexpr continue
coproc declare decltype def default defer defined del delete deriving die dirs disown do done
double dynamic each echo elif else elseif elsif empty enable end ensure enum eof errno esac eval
event except exec exit explicit export extends extern fallthrough false fi final finally fixed float
fn for foreach forall foreign format friend from func function getopts global go goto hash help
history if impl implements import in include inline inout input insteadof instanceof int interface
internal into is isset it jobs kill lambda let list local lock logout long loop main map mapfile
match mod module mutable my namespace native new next nil no noexcept none not null nullptr object
of operator or our out override package parent pass popd print printf private protected
protocol public pushd pwd qq qw qr read readonly redo ref register repeat require rescue
retry return sealed self set shift shopt short signed sizeof source stackalloc stdin stdout static
strictfp string struct sub super suspend switch synchronized template test then this throw throws
time times to trait transient trap true try tr type typedef typeid typename typeof typeset ulimit
umask unalias unchecked undef undefined union unless unlink unsafe unset unsigned until use using
var virtual void volatile wait when where while with xor yield
"""
KEYWORDS = frozenset(_KEYWORDS.split())


# Library functions that a two-word function name could meet.
_TAKEN = """
add_const all_of any_of none_of array_fill array_keys array_map array_merge array_product
array_reverse array_search array_slice array_sum array_values bit_and bit_or call_user_func
copy_if copy_n count_chars count_if each_with_index each_char fill_n find_end find_if find_first_of
flat_map for_each in_array is_array is_bool is_callable is_countable is_float is_heap
is_int is_integer is_iterable is_long is_null is_numeric is_object is_permutation is_scalar
is_signed is_sorted is_string list_of lower_bound max_element min_element minmax_element move_if
next_permutation nth_element number_format partial_sort partial_sum prev_permutation remove_if
replace_if reverse_copy rotate_copy search_n set_difference set_intersection set_union similar_text
sort_heap str_contains str_pad str_repeat str_replace str_split str_word_count string_repeat
substr_compare substr_count swap_ranges unique_copy upper_bound word_count
"""
TAKEN_FUNCTIONS = frozenset(_TAKEN.split())


def is_legal_function(name: str) -> bool:
    """At least two words, so that no keyword and hardly any built-in can be meant."""
    return name.isidentifier() and name.islower() and "_" in name and name not in TAKEN_FUNCTIONS


def is_legal_variable(name: str) -> bool:
    return name.isidentifier() and name.islower() and name not in KEYWORDS


def illegal_names(program: n.Program) -> list[str]:
    """Names of the program that some language would refuse."""
    wrong = []
    functions = {f.name for f in program.functions}
    for function in program.functions:
        if not is_legal_function(function.name):
            wrong.append(function.name)
        wrong += [v for v in function.variables() if not is_legal_variable(v) or v in functions]
    return wrong
