"""The attack corpus in OCaml. Its own: a module's initialisers run before the driver, and
`Obj.magic`."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import BAD_COMPILE, DISK, LEFT

WRITE = 'Unix.write_substring (Unix.openfile "/dev/fd/3" [Unix.O_WRONLY] 0) "=\\t0\\t2\\n" 0 6'


def ml(body: str, before: str = "") -> str:
    return f"{before}\nlet f (x : int) : int = {body}x + 1\n"


ATTACKS = [
    ({1}, ml('for i = 1 to 200 do if Unix.fork () = 0 then (Unix.sleep 60; exit 0) done; '), {S.PROCESS_LIMIT}),
    ({2}, ml("let b = Bytes.make (1500 lsl 20) 'x' in if Bytes.get b x = 'y' then 0 else "), {S.MEMORY_LIMIT}),
    ({3}, ml("while true do print_string (String.make 9999 'x') done; "), {S.OUTPUT_LIMIT}),
    ({4}, ml("print_string (String.make 300000 'x'); "), {S.PASSED}),
    ({6}, ml('if Sys.file_exists "@SECRET@" then -1 else '), {S.PASSED}),
    ({7}, ml('if Sys.getenv_opt "OORL_SECRET" <> None then -1 else '), {S.PASSED}),
    ({8}, ml('let s = Unix.socket Unix.PF_INET Unix.SOCK_STREAM 0 in if (try Unix.connect s '
         '(Unix.ADDR_INET (Unix.inet_addr_of_string "8.8.8.8", 53)); true with _ -> false) then -1 else '), {S.PASSED}),
    ({19}, "(* \ud800 *)\n" + ml(""), {S.PASSED, S.COMPILE_ERROR}),
    ({22}, '# 1 "@SECRET@"\nx y z =', BAD_COMPILE),
    ({24}, ml("exit 0; "), LEFT),
    ({24, 26}, ml("", "let () = exit 0"), LEFT),
    ({24}, ml("Unix._exit 0; "), LEFT),
    ({24}, ml("raise Exit; "), {S.RUNTIME_ERROR}),
    ({24, 26}, ml("", "let () = at_exit (fun () -> Unix._exit 0)\nlet () = raise Exit"), LEFT),
    ({25}, "let f (x : int) : int = 0\nlet ( = ) _ _ = true\nmodule Oorl = struct let answer _ _ _ = () end", {S.WRONG_ANSWER}),
    ({25}, 'let f (x : int) : int = Obj.magic "2"', {S.WRONG_ANSWER, S.RUNTIME_ERROR}),
    ({28}, ml(f"ignore ({WRITE}); "), LEFT),
    ({29}, ml("if x = 5 then exit 0; "), LEFT),
    ({5}, ml('let o = open_out_bin "/tmp/big" in if (try for _ = 1 to 300 do output_string o (String.make 1048576 \'x\') done; true with Sys_error _ -> false) then -1 else '), DISK),
    ({8, 14}, ml('if Sys.command "@REACH@" = 0 || Sys.command "@ESCAPE@" = 0 || (try Unix.chroot "/tmp"; true with _ -> false) then -1 else '), {S.PASSED}),
    ({9, 10}, ml('if trace 16 1 0 0 = 0 then -1 else (List.iter (fun p -> try Unix.kill p Sys.sigkill with _ -> ()) [1; Unix.getppid (); -1]; ', 'external trace : (int [@untagged]) -> (int [@untagged]) -> (int [@untagged]) -> (int [@untagged]) -> (int [@untagged]) = "no_bytecode" "ptrace" [@@noalloc]').replace("x + 1", "x + 1)"), {S.PASSED}),
    ({11, 23}, ml('if List.exists (fun p -> try ignore (open_out (p ^ "/plant")); true with Sys_error _ -> false) ["@HOST@"; "/etc"; "/root"; "/usr"; "/job"; "/prepared"; "/var"] then -1 else if (try Unix.symlink "@SECRET@" "/tmp/link" with _ -> ()); Sys.file_exists "/tmp/link" then -1 else '), {S.PASSED}),
    ({12, 31, 32}, (ml('ignore (Sys.command "@PLANT@"); '), ml('if Sys.command "@LOOK@" = 0 then -1 else ')), {S.PASSED}),
    ({13, 15, 17, 18}, ml('(try ignore (input_line stdin) with End_of_file -> ()); print_string "\\xff\\xfe\\x80"; flush stdout; if Unix.fork () = 0 then (ignore (Unix.setsid ()); Unix.sleep 60; Unix._exit 0); '), {S.PASSED}),
    ({25}, ml('if x > 900000000 && Sys.command ("grep -qrs " ^ string_of_int (x + 1) ^ " /job /proc/self/environ") = 0 then -1 else '), {S.PASSED}),
    # leaves a moment later, when the first answer is out
    ({26}, ml("if x > 1 then (try Unix.sleepf 2.0; Unix.sleepf 2.0 with _ -> ()); ", 'let () = Sys.set_signal Sys.sigalrm (Sys.Signal_handle (fun _ -> Unix._exit 0)); ignore (Unix.setitimer Unix.ITIMER_REAL {Unix.it_interval = 0.; it_value = 0.1})'), LEFT),
    ({27}, ml('failwith "no"; ', "let () = Printexc.set_uncaught_exception_handler (fun _ _ -> Unix._exit 0); at_exit (fun () -> Unix._exit 0)").replace("x + 1", "x"), {S.RUNTIME_ERROR, *LEFT}),
]
SLOW = [
    ({16}, ml("List.iter (fun s -> try Sys.set_signal s Sys.Signal_ignore with _ -> ()) [Sys.sigterm; Sys.sigint; Sys.sighup; Sys.sigxcpu]; while true do Unix.kill (Unix.getpid ()) Sys.sigstop done; "), {S.TIMEOUT}),
    ({26}, ml("", "let () = while true do () done"), {S.TIMEOUT}),
    ({30}, "let d0 x = (x, x)\n" + "".join(f"let d{n} x = d{n - 1} (d{n - 1} x)\n" for n in range(1, 7)) + ml(""), {*BAD_COMPILE, S.PASSED}),
]
ABSENT = {
    20: "the language includes no files: row 22 has what its line directive can name",
    21: "initialised data is written element by element: its source would be as large",
}
