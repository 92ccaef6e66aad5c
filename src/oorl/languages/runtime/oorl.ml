(* Reads the inputs and writes the records of an OCaml program. Compiled once per machine. *)
let data = lazy (
  let file = open_in_bin "/job/input" in
  let text = really_input_string file (in_channel_length file) in
  close_in file; text)
let at = ref 0
let b = Buffer.create 4096

let token () =
  let text = Lazy.force data in
  while text.[!at] = ' ' || text.[!at] = '\n' do incr at done;
  let from = !at in
  while text.[!at] <> ' ' && text.[!at] <> '\n' do incr at done;
  String.sub text from (!at - from)

let int () = Int64.to_int (Int64.of_string (token ()))
let cases = int
let float () = float_of_string (token ())
let bool () = token () = "1"
let str () =
  let n = int () in
  let from = !at + 1 in
  at := from + n;
  String.sub (Lazy.force data) from n
let list item () =
  let n = int () in
  let rec more i found = if i = n then List.rev found else more (i + 1) (item () :: found) in
  more 0 []
let pair key value () = let k = key () in let v = value () in (k, v)
let map key value = list (pair key value)
let opt item () = if int () = 0 then None else Some (item ())

let put_int v = Buffer.add_string b (string_of_int v)
let put_bool v = Buffer.add_string b (string_of_bool v)
let put_float v =
  Buffer.add_string b (if v <> v then "NaN" else if v = infinity then "Infinity"
    else if v = neg_infinity then "-Infinity" else Printf.sprintf "%.17g" v)
let put_char c =
  if c = '"' || c = '\\' then (Buffer.add_char b '\\'; Buffer.add_char b c)
  else if c < ' ' then Buffer.add_string b (Printf.sprintf "\\u%04x" (Char.code c))
  else Buffer.add_char b c
let put_str v = Buffer.add_char b '"'; String.iter put_char v; Buffer.add_char b '"'
let put_list item v =
  Buffer.add_char b '[';
  List.iteri (fun i x -> if i > 0 then Buffer.add_char b ','; item x) v;
  Buffer.add_char b ']'
let put_pair key value (k, v) =
  Buffer.add_char b '['; key k; Buffer.add_char b ','; value v; Buffer.add_char b ']'
let put_map key value v =
  let seen = Hashtbl.create 16 in
  let first (k, _) = if Hashtbl.mem seen k then false else (Hashtbl.add seen k (); true) in
  put_list (put_pair key value) (List.filter first v)
let put_opt item = function None -> Buffer.add_string b "null" | Some v -> item v

let channel = lazy (Unix.openfile "/dev/fd/3" [Unix.O_WRONLY] 0)
let start tag i = Buffer.clear b; Buffer.add_string b (Printf.sprintf "%c\t%d\t" tag i)
let send () =
  Buffer.add_char b '\n';
  let text = Buffer.contents b in
  let rec more from =
    if from < String.length text then
      more (from + Unix.write_substring (Lazy.force channel) text from (String.length text - from)) in
  more 0
let answer i put call =
  match call () with
  | value -> start '=' i; put value; send ()
  | exception error ->
    let text = Printexc.to_string error in
    start '!' i;
    String.iter (fun c -> Buffer.add_char b (if c < ' ' || c > '~' then ' ' else c))
      (String.sub text 0 (min 500 (String.length text)));
    send ()
let finish () = flush stdout; Unix._exit 0
