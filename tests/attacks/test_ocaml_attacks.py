"""The attack corpus in OCaml; rows are those of the corpus, see `test_attacks.py` for the rest.
OCaml's own: a module's initialisers run before the driver, and `Obj.magic`."""

# ruff: noqa: E501 - programs on one line
import pytest

from oorl.records import Status

S = Status
BAD_COMPILE = {S.COMPILE_ERROR, S.COMPILE_TIMEOUT}
WRITE = 'Unix.write_substring (Unix.openfile "/dev/fd/3" [Unix.O_WRONLY] 0) "=\\t0\\t2\\n" 0 6'


def ml(body: str, before: str = "") -> str:
    return f"{before}\nlet f (x : int) : int = {body}x + 1\n"


ATTACKS = [
    # 1 processes, 2 memory, 3 endless output, 4 a lot of output from a correct program
    (ml('for i = 1 to 200 do if Unix.fork () = 0 then (Unix.sleep 60; exit 0) done; '), {S.PROCESS_LIMIT}),
    (ml("let b = Bytes.make (1500 lsl 20) 'x' in if Bytes.get b x = 'y' then 0 else "), {S.MEMORY_LIMIT}),
    (ml("while true do print_string (String.make 9999 'x') done; "), {S.OUTPUT_LIMIT}),
    (ml("print_string (String.make 300000 'x'); "), {S.PASSED}),
    # 6, 7, 8 files of the host, environment, network
    (ml('if Sys.file_exists "@SECRET@" then -1 else '), {S.PASSED}),
    (ml('if Sys.getenv_opt "OORL_SECRET" <> None then -1 else '), {S.PASSED}),
    (ml('let s = Unix.socket Unix.PF_INET Unix.SOCK_STREAM 0 in if (try Unix.connect s '
        '(Unix.ADDR_INET (Unix.inet_addr_of_string "8.8.8.8", 53)); true with _ -> false) then -1 else '), {S.PASSED}),
    # 19 surrogates in the source
    ("(* \ud800 *)\n" + ml(""), {S.PASSED, S.COMPILE_ERROR}),
    # 20, 22 the compiler's line directive shows no file of the host
    ('# 1 "@SECRET@"\nx y z =', BAD_COMPILE),
    # 24, 26 leaving before the tests end
    (ml("exit 0; "), {S.PROTOCOL_VIOLATION}),
    (ml("", "let () = exit 0"), {S.PROTOCOL_VIOLATION}),
    (ml("Unix._exit 0; "), {S.PROTOCOL_VIOLATION}),
    (ml("raise Exit; "), {S.RUNTIME_ERROR}),
    (ml("", "let () = at_exit (fun () -> Unix._exit 0)\nlet () = raise Exit"), {S.PROTOCOL_VIOLATION}),
    # 25 what the driver uses, redefined; a value of another type
    ("let f (x : int) : int = 0\nlet ( = ) _ _ = true\nmodule Oorl = struct let answer _ _ _ = () end", {S.WRONG_ANSWER}),
    ('let f (x : int) : int = Obj.magic "2"', {S.WRONG_ANSWER, S.RUNTIME_ERROR}),
    # 28 forged records, 29 a correct prefix
    (ml(f"ignore ({WRITE}); "), {S.PROTOCOL_VIOLATION}),
    (ml("if x = 5 then exit 0; "), {S.PROTOCOL_VIOLATION}),
]


@pytest.mark.parametrize(("code", "allowed"), ATTACKS, ids=range(len(ATTACKS)))
def test_attack(attack, code, allowed):
    verdict = attack("ocaml", code)
    assert verdict.status in allowed, verdict
