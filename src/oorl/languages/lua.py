"""Lua 5.4: lists are tables counted from 1, maps are tables, strings are bytes.

An integral float within 2^53 is accepted as int. nil cannot be an item of a table, so optionals
are supported as parameters and results, not inside lists and maps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oorl.languages.base import Language, Probe, Program, Tool, source_bytes, words
from oorl.languages.values import braced_hex, escaped, nested
from oorl.records import Json, Signature, Type

DRIVER = r'''
local out = assert(io.open("/dev/fd/3", "wb"))
out:setvbuf("no")
local exit, type, pairs, pcall, tostring = os.exit, type, pairs, pcall, tostring
local format, gsub, sub, concat = string.format, string.gsub, string.sub, table.concat
local number_type, tointeger, len, codes = math.type, math.tointeger, utf8.len, utf8.codes
local byte, load, error = string.byte, load, error
local function write(...) out:write(concat({...}, "\t"), "\n") end
local function one_line(text)
  local ok, shown = pcall(tostring, text)
  shown = gsub(sub(ok and shown or "an unprintable error", 1, 500), "%s+", " ")
  return (gsub(shown, "[^ -~]", "?"))
end
local function quote(text)
  if not len(text) then return '"\\ufffd"' end
  local parts = {}
  for _, c in codes(text) do
    if c == 34 or c == 92 then parts[#parts + 1] = "\\" .. utf8.char(c)
    elseif c >= 32 and c <= 126 then parts[#parts + 1] = utf8.char(c)
    elseif c > 0xFFFF then
      c = c - 0x10000
      parts[#parts + 1] = format("\\u%04x\\u%04x", 0xD800 + (c >> 10), 0xDC00 + (c & 0x3FF))
    else parts[#parts + 1] = format("\\u%04x", c) end
  end
  return '"' .. concat(parts) .. '"'
end
local encode
local function encode_table(kind, value)
  local parts, count = {}, 0
  for k, v in next, value do
    count = count + 1
    if kind[1] == "map" then
      parts[count] = "[" .. encode(kind[2], k) .. "," .. encode(kind[3], v) .. "]"
    end
  end
  if kind[1] == "list" then
    for i = 1, count do parts[i] = encode(kind[2], rawget(value, i)) end
  end
  return "[" .. concat(parts, ",") .. "]"
end
function encode(kind, value)
  local name, is = kind[1], type(value)
  if name == "optional" then return value == nil and "null" or encode(kind[2], value) end
  if name == "int" and is == "number" then
    if number_type(value) == "integer" then return format("%d", value) end
    if value >= -2^53 and value <= 2^53 and tointeger(value) then
      return format("%d", tointeger(value))
    end
  elseif name == "float" and is == "number" then
    if value ~= value then return "NaN" end
    if value == 1/0 then return "Infinity" elseif value == -1/0 then return "-Infinity" end
    return format("%.17g", value)
  elseif name == "bool" and is == "boolean" then return value and "true" or "false"
  elseif name == "str" and is == "string" then return quote(value)
  elseif (name == "list" or name == "map") and is == "table" then
    return encode_table(kind, value)
  end
  error(name .. " expected, got " .. is, 0)
end
local function read_candidate()
  local file = assert(io.open("/job/candidate.lua", "rb"))
  local source = file:read("a")
  file:close()
  return source
end
local function find(name)
  local source = read_candidate()
  -- With the name returned at the end, a local function is found too.
  local chunk, message = load(source .. "\nreturn " .. name, "=candidate", "t")
  if not chunk then chunk, message = load(source, "=candidate", "t") end
  if not chunk then write("C", one_line(message)) exit(0, false) end
  local ok, found = pcall(chunk)
  if not ok then write("L", one_line(found)) exit(0, false) end
  if found == nil then found = _G[name] end
  if found == nil then write("L", "function " .. name .. " is not defined") exit(0, false) end
  return found
end
local function run(name, returns, cases)
  local candidate = find(name)
  for index, arguments in ipairs(cases) do
    local ok, result = pcall(function() return (candidate(arguments())) end)
    if not ok then write("!", index - 1, one_line(result))
    else
      local good, text = pcall(encode, returns, result)
      if good then write("=", index - 1, text) else write("?", index - 1, one_line(text)) end
    end
  end
  exit(0, false)
end
'''


class Lua(Language):
    """Lua 5.4."""

    name = "lua"
    title = "Lua"
    suffix = ".lua"
    fence = "lua"
    reserved = words(
        "and break do else elseif end false for function goto if in local nil not or repeat return "
        "then true until while")
    tools = (Tool(("lua5.4", "lua"), "lua5.4", ("-v",)),)
    completion = 'io.stdout:write("\\n@SECRET@\\n") io.stdout:flush()'
    syntax_errors = r"^[^:\n]*lua[^:\n]*: /job/[^:]+:\d+: .* (near|expected)\b"
    memory_errors = ("not enough memory",)

    def supports(self, type_: Type) -> bool:
        """Everything but optionals inside lists and maps."""
        inside = [a for t in type_.walk() if t.kind in ("list", "map") for a in t.args]
        return super().supports(type_) and all(t.kind != "optional" for t in inside)

    def declaration(self, signature: Signature) -> str:
        return f"function {signature.name}({', '.join(p.name for p in signature.parameters)})"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            return "nil" if value is None else self.literal(type_.args[0], value)
        if type_.kind == "list":
            return "{" + ", ".join(self.literal(type_.args[0], v) for v in value) + "}"
        if type_.kind == "map":
            key, item = type_.args
            pairs = (f"[{self.literal(key, k)}] = {self.literal(item, v)}" for k, v in value)
            return "{" + ", ".join(pairs) + "}"
        if type_.kind == "str":
            return escaped(value, braced_hex)
        if type_.kind == "bool":
            return "true" if value else "false"
        if type_.kind == "float" and isinstance(value, str):
            return {"NaN": "(0/0)", "Infinity": "(1/0)", "-Infinity": "(-1/0)"}[value]
        if type_.kind == "float":
            return repr(float(value))
        # The literal -2^63 would read as a float: 2^63 is parsed before the sign.
        return "math.mininteger" if value == -2**63 else str(value)

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        cases = "".join(
            "  function() return " + ", ".join(
                self.literal(p.type, v)
                for p, v in zip(signature.parameters, arguments, strict=True)) + " end,\n"
            for arguments in inputs)
        driver = (f"{DRIVER}run('{signature.name}', {nested(signature.returns, '{', '}')}, "
                  f"{{\n{cases}}})\n")
        files = {"candidate.lua": source_bytes(code), "driver.lua": driver.encode()}
        return Program(files, (self.find(), "/job/driver.lua"))

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"function count_even(nums)\n  {text}\nend\n"
        return {
            "ok": Probe(body("local c = 0 for _, n in ipairs(nums) do if n % 2 == 0 then "
                             "c = c + 1 end end return c"), "passed"),
            "wrong": Probe(body("return #nums"), "wrong_answer"),
            "compile_error": Probe("function count_even(nums) if end\n", "compile_error"),
            "crash": Probe(body("return nums[99].x"), "runtime_error"),
            "hang": Probe(body("while true do end"), "timeout"),
        }


LANGUAGE = Lua()
