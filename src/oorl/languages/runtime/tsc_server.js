// Checks and translates one TypeScript source after another; the standard library's declarations are
// parsed and bound once. Sources see no file but these.
"use strict";
const fs = require("fs"), ts = require("/job/typescript.js");
const LIB = "/lib/", MAIN = "/candidate.ts", PRELUDE = "/prelude.d.ts";
const edition = fs.existsSync("/job/lib.es2023.d.ts") ? "es2023" : "es2022";
const options = {
  target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.CommonJS, lib: [`lib.${edition}.d.ts`],
  types: [], skipLibCheck: true, skipDefaultLibCheck: true, noEmitOnError: false, esModuleInterop: true,
  strict: false, removeComments: true, noLib: false,
};
const cached = new Map();
const parse = (name, text) => ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
cached.set(PRELUDE, parse(PRELUDE, fs.readFileSync("/job/prelude.d.ts", "utf8")));
let text = "", emitted = "";
const host = {
  getSourceFile(name) {
    if (name === MAIN) return parse(name, text);
    if (!cached.has(name) && name.startsWith(LIB)) {
      const path = "/job/" + name.slice(LIB.length);
      cached.set(name, fs.existsSync(path) ? parse(name, fs.readFileSync(path, "utf8")) : undefined);
    }
    return cached.get(name);
  },
  getDefaultLibFileName: () => `${LIB}lib.${edition}.d.ts`, getDefaultLibLocation: () => LIB,
  writeFile: (_, data) => { emitted = data; }, getCurrentDirectory: () => "/",
  getCanonicalFileName: name => name, useCaseSensitiveFileNames: () => true, getNewLine: () => "\n",
  fileExists: name => name === MAIN || name === PRELUDE, readFile: () => undefined,
  directoryExists: () => false, getDirectories: () => [], resolveModuleNames: names => names.map(() => undefined),
};
let old;
function compile(source) {
  text = source; emitted = "";
  const program = ts.createProgram([PRELUDE, MAIN], options, host, old);
  old = program;
  const file = program.getSourceFile(MAIN);
  const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
  const errors = found.filter(d => d.category === ts.DiagnosticCategory.Error);
  if (errors.length) return [1, errors.slice(0, 5).map(d => {
    const { line } = file.getLineAndCharacterOfPosition(d.start || 0);
    return `line ${line + 1}: ${ts.flattenDiagnosticMessageText(d.messageText, "\n")}`;
  }).join("\n").slice(0, 4000)];
  program.emit(file);
  return [0, emitted];
}
function read(size) {
  const data = Buffer.alloc(size);
  for (let at = 0; at < size;) {
    const n = fs.readSync(0, data, at, size - at, null);
    if (n <= 0) process.exit(0);
    at += n;
  }
  return data;
}
function frame(data) {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(data.length);
  return Buffer.concat([head, data]);
}
for (;;) {
  const source = read(read(4).readUInt32BE()).toString("utf8");
  let code, answer;
  try { [code, answer] = compile(source); } catch (error) { [code, answer] = [1, String(error)]; old = undefined; }
  const body = Buffer.from(answer);
  const reply = frame(code ? Buffer.concat([Buffer.from([1]), body])
    : Buffer.concat([Buffer.from([0]), frame(Buffer.from("candidate.js")), frame(body)]));
  for (let at = 0; at < reply.length;) at += fs.writeSync(3, reply, at);
}
