"""Ruby: the candidate is loaded at top level, its method called on the main object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from oorl.languages.base import Language, Probe, Program, Tool, source_bytes, words
from oorl.languages.values import braced_hex, escaped, nested
from oorl.records import Json, Signature, Type

DRIVER = r'''
module OorlDriver
  OUT = IO.for_fd(3, "wb", autoclose: false)
  OUT.sync = true
  def self.write(*fields) = OUT.write(fields.join("\t") + "\n")

  def self.one_line(error)
    text = begin "#{error.class}: #{error.message}" rescue "an unprintable error" end
    text.encode("US-ASCII", invalid: :replace, undef: :replace).gsub(/\s+/, " ")[0, 500]
  end

  def self.quote(text)
    text = text.encode("UTF-8", invalid: :replace, undef: :replace).scrub
    '"' + text.gsub(/[^ !#-\[\]-~]/) { |c|
      c.encode("UTF-16BE").unpack("n*").map { |u| format('\u%04x', u) }.join
    } + '"'
  end

  def self.float(value)
    return "NaN" if value.nan?
    return value > 0 ? "Infinity" : "-Infinity" if value.infinite?
    format("%.17g", value)
  end

  def self.encode(kind, value)
    case kind[0]
    when "optional" then return value.nil? ? "null" : encode(kind[1], value)
    when "int" then return value.to_s if Integer === value
    when "float" then
      return value.to_s if Integer === value
      return float(value) if Float === value
    when "bool" then return value.to_s if true.equal?(value) || false.equal?(value)
    when "str" then return quote(value) if String === value
    when "list" then
      return "[" + value.map { |x| encode(kind[1], x) }.join(",") + "]" if Array === value
    when "map" then
      if Hash === value
        return "[" + value.map { |k, v|
          "[" + encode(kind[1], k) + "," + encode(kind[2], v) + "]" }.join(",") + "]"
      end
    end
    raise TypeError, "#{kind[0]} expected, got #{value.class}"
  end

  def self.load_candidate
    Kernel.load "/job/candidate.rb"
  rescue SyntaxError => error
    write("C", one_line(error)); exit!(0)
  rescue Exception => error
    write("L", one_line(error)); exit!(0)
  end

  def self.run(main, name, returns, cases)
    load_candidate
    cases.each_with_index do |arguments, index|
      begin
        result = main.send(name, *arguments.call)
      rescue Exception => error
        write("!", index, one_line(error)); next
      end
      begin
        write("=", index, encode(returns, result))
      rescue Exception => error
        write("?", index, one_line(error))
      end
    end
    exit!(0)
  end
end
'''


class Ruby(Language):
    """Ruby of the machine, without gems."""

    name = "ruby"
    title = "Ruby"
    aliases = ("rb",)
    suffix = ".rb"
    fence = "ruby"
    reserved = words(
        "BEGIN END alias and begin break case class def defined? do else elsif end ensure false "
        "for if in module next nil not or redo rescue retry return self super then true undef "
        "unless until when while yield __FILE__ __LINE__ __ENCODING__ __method__ p puts print "
        "gets")
    tools = (Tool(("ruby",), "ruby"),)
    completion = '$stdout.syswrite("\\n@SECRET@\\n")'
    syntax_errors = r"\(SyntaxError\)|: syntax error"
    memory_errors = ("NoMemoryError",)

    def declaration(self, signature: Signature) -> str:
        return f"def {signature.name}({', '.join(p.name for p in signature.parameters)})"

    def literal(self, type_: Type, value: Json) -> str:
        if type_.kind == "optional":
            return "nil" if value is None else self.literal(type_.args[0], value)
        if type_.kind == "list":
            return "[" + ", ".join(self.literal(type_.args[0], v) for v in value) + "]"
        if type_.kind == "map":
            key, item = type_.args
            pairs = (f"{self.literal(key, k)} => {self.literal(item, v)}" for k, v in value)
            return "{" + ", ".join(pairs) + "}"
        if type_.kind == "str":
            # +"" : a fresh string that may be changed, even under frozen_string_literal
            return "+" + escaped(value, braced_hex).replace("#", "\\#")
        if type_.kind == "bool":
            return "true" if value else "false"
        if type_.kind == "float" and isinstance(value, str):
            return {"NaN": "Float::NAN", "Infinity": "Float::INFINITY",
                    "-Infinity": "-Float::INFINITY"}[value]
        return repr(float(value)) if type_.kind == "float" else str(value)

    def program(self, code: str, signature: Signature, inputs: Sequence[tuple[Json, ...]]
                ) -> Program:
        cases = "".join(
            "  -> { [" + ", ".join(
                self.literal(p.type, v)
                for p, v in zip(signature.parameters, arguments, strict=True)) + "] },\n"
            for arguments in inputs)
        driver = (f"{DRIVER}OorlDriver.run(self, :{signature.name}, {nested(signature.returns)}, "
                  f"[\n{cases}])\n")
        files = {"candidate.rb": source_bytes(code), "driver.rb": driver.encode()}
        return Program(files, (*self.interpreter(), "/job/driver.rb"))

    def interpreter(self) -> tuple[str, ...]:
        return (self.find(), "--disable-gems", "-W0")

    @property
    def probes(self) -> Mapping[str, Probe]:
        def body(text: str) -> str:
            return f"def count_even(nums)\n  {text}\nend\n"
        return {
            "ok": Probe(body("nums.count(&:even?)"), "passed"),
            "wrong": Probe(body("nums.size"), "wrong_answer"),
            "compile_error": Probe("def count_even(nums)\n  if\nend\n", "compile_error"),
            "crash": Probe(body("nums.fetch(99)"), "runtime_error"),
            "hang": Probe(body("loop {}"), "timeout"),
        }


LANGUAGE = Ruby()
