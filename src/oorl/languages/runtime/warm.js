// Node.js as a warm parent: see warm.c, which is the addon, and warm.py for what it is about.
//
// Here nothing of a candidate is run. What programs need first (the driver, the console, streams)
// is loaded and has run once, so that each program's copy finds it compiled.
"use strict";
const Module = require("module"), vm = require("vm"), v8 = require("v8");
for (const name of ["assert", "buffer", "child_process", "crypto", "events", "fs", "os", "path",
  "perf_hooks", "readline", "stream", "string_decoder", "timers", "tty", "url", "util"]) require(name);
const addon = require("/prepared/node-warm/warm.node");
delete require.cache["/prepared/node-warm/warm.node"];

// node's own end waits for threads that a copy does not have, so each way to it is closed here: a
// call of process.exit, the end of all work (see `idle`; "exit" is emitted last, and listeners may
// still change the code), and an error that nobody catches (printed only after "exit").
const { inspect } = require("util"), { writeSync } = require("fs");
const { emit, _fatalException: uncaught } = process;
let failing = false;
process.reallyExit = addon.exit;
process.emit = function (name, ...args) {
  const result = emit.call(this, name, ...args);
  if (name === "exit" && !failing) addon.exit(Number(process.exitCode ?? args[0]) || 0);
  return result;
};
process._fatalException = function (error, ...args) {
  failing = true;
  let handled = false, code = 7;
  try {
    handled = uncaught.call(this, error, ...args);
    code = Number(process.exitCode ?? 1);
  } catch (another) { error = another; }
  failing = false;
  if (handled) return true;
  try {
    const text = error instanceof Error ? inspect(error) : "Uncaught " + inspect(error);
    writeSync(2, text + "\n\nNode.js " + process.version + "\n");
  } finally { addon.exit(code); }
};
const driver = require("/job/driver.js");

// A sample of what is to come. Its values go to descriptor 3, which is /dev/null here.
const kinds = ["list", ["map", ["str"], ["optional", ["list", ["float"]]]]];
const sample = [() => [[new Map([["a", [1.5, -0]], ["b", null]])]]];
driver.run("", "(x => x.map(m => new Map(m)))", kinds, sample);
driver.run("", "(() => { throw new Error('x'); })", ["int"], sample);
driver.run("", "(() => true)", ["bool"], sample);
driver.run("", "(() => 1)", ["int"], sample);
for (const name of ["require", "module", "exports"]) delete globalThis[name];
const sink = new (require("stream").Writable)({ write: (data, encoding, done) => done() });
new console.Console(sink).log("%s", "x", 1, [1, "a"], { a: new Map([[1, 2]]) });
v8.setFlagsFromString("--expose-gc");
vm.runInNewContext("gc")();
v8.setFlagsFromString("--no-expose-gc");

function idle(again) {
  if (again) process._exiting = true;
  process.emit(again ? "exit" : "beforeExit", process.exitCode ?? 0);
}
const job = addon.serve(idle);
v8.setFlagsFromString("--random-seed=" + addon.seed()); // else Math.random goes on as the parent's
Object.defineProperty(process, "pid", { value: Number(require("fs").readlinkSync("/proc/self")) });
if (job[0] === 0x66) { // "f": the length of the cases, the cases, the candidate
  const end = 5 + job.readUInt32BE(1);
  const cases = vm.runInThisContext(job.toString("utf8", 5, end), { filename: "cases.js" });
  driver.main(job.toString("utf8", end), ...cases);
} else {
  process.argv[1] = "/job/main.js";
  Module.runMain();
}
