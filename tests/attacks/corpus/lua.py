"""The attack corpus in Lua."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import DISK, LEFT, NO_RAW_CALLS, NOT_COMPILED


def lua(body: str, before: str = "") -> str:
    return f"{before}\nfunction f(x)\n{body}\nreturn x + 1\nend\n"


ATTACKS = [
    ({24}, "function f(x) os.exit(0) end", LEFT),
    ({1}, lua("h = {} for i = 1, 200 do h[i] = assert(io.popen('exec sleep 60')) end"), {S.PROCESS_LIMIT}),
    ({2}, lua("local y = string.rep('x', 1500 << 20)"), {S.MEMORY_LIMIT}),
    ({3}, lua("while true do io.write(string.rep('x', 9999)) end"), {S.OUTPUT_LIMIT}),
    ({4, 13, 15, 18}, lua("io.write(string.rep('x', 300000), '\\xff\\xfe\\x80') os.execute('setsid sleep 60 &')"), {S.PASSED}),
    ({5}, lua("local o = io.open('/tmp/big', 'wb') for i = 1, 300 do if not o:write(string.rep('x', 1 << 20)) then return x + 1 end end do return -1 end"), DISK),
    ({6, 7, 17}, lua("if io.open('@SECRET@') or os.getenv('OORL_SECRET') then return -1 end io.read('l')"), {S.PASSED}),
    ({8, 14}, lua("if os.execute([[@REACH@]]) or os.execute([[@ESCAPE@]]) then return -1 end"), {S.PASSED}),
    ({9}, lua("os.execute('kill -9 -1 1 $PPID')"), {S.PASSED, S.RUNTIME_ERROR}),
    ({11, 23}, lua("for p in ('@HOST@ /etc /root /usr /job /prepared /var'):gmatch('%S+') do if io.open(p .. '/plant', 'w') then return -1 end end os.execute('ln -sf @SECRET@ /tmp/link') if io.open('/tmp/link') then return -1 end"), {S.PASSED}),
    ({12, 31, 32}, (lua("os.execute([[@PLANT@]])", "planted = 1 string.planted = 1"),
                    lua("if os.execute([[@LOOK@]]) or planted or string.planted then return -1 end")), {S.PASSED}),
    ({19}, "-- \ud800\n" + lua(""), {S.PASSED, S.COMPILE_ERROR}),
    ({22}, lua("if loadfile('@SECRET@') or pcall(dofile, '@SECRET@') then return -1 end"), {S.PASSED}),
    ({22}, "dofile('@SECRET@')\n" + lua(""), {S.RUNTIME_ERROR, S.COMPILE_ERROR}),
    ({25}, lua("do return setmetatable({}, {__eq = function() return true end, __tostring = function() return '2' end}) end"), {S.WRONG_ANSWER}),
    ({25}, lua("do return 0 end", "type = function() return 'number' end math.type = function() return 'integer' end tostring = function() return '2' end string.format = tostring table.concat = tostring"), {S.WRONG_ANSWER}),
    ({25}, lua("if x > 9e8 then for p in io.popen('ls /job/* /proc/self/environ'):lines() do local h = io.open(p) if h and h:read('a'):find(tostring(x + 1)) then return -1 end end end"), {S.PASSED}),
    ({26}, "os.exit(0)\n" + lua(""), LEFT),
    ({26}, lua("if x > 1 then os.execute('sleep 2') end", "os.execute('(sleep 0.1; kill -9 $PPID) >/dev/null 2>&1 &')"), {*LEFT, S.RUNTIME_ERROR, S.PASSED}),
    ({27}, lua("error('no')", "debug.traceback = function() os.exit(0) end debug.sethook(function() end, 'c')"), {S.RUNTIME_ERROR}),
    ({28}, lua("io.open('/dev/fd/3', 'w'):write('=\\t0\\t2\\n')"), LEFT),
    ({29}, lua("if x == 5 then os.exit(0) end"), LEFT),
]
SLOW = [
    ({16}, lua("os.execute('kill -STOP $PPID') while true do end"), {S.TIMEOUT}),
]
ABSENT = {
    10: NO_RAW_CALLS, 20: NOT_COMPILED, 21: NOT_COMPILED, 30: NOT_COMPILED,
}
