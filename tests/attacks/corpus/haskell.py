"""The attack corpus in Haskell."""

# ruff: noqa: E501 - programs on one line
from oorl.records import Status as S
from tests.attacks.corpus import BAD_COMPILE, DISK, LEFT


def hs(body: str, before: str = "", pragma: str = "") -> str:
    return (f"{pragma}\n{before}\nimport System.IO.Unsafe\nimport System.IO\nimport System.Exit\nimport Foreign.C.String\n"
            "import System.Environment\nimport Control.Exception\nimport Control.Concurrent\n"
            "import Control.Monad\nimport Data.Char\nimport Data.List\n"
            f"@FFI@f :: Int -> Int\nf x = unsafePerformIO $ do\n  {body}\n  return (x + 1)\n"
            "{-# NOINLINE f #-}\n").replace("@FFI@", NATIVE if "c_" in body or "sh " in body or "reads'" in body else "")


NATIVE = "".join(f'foreign import ccall "{text}\n' for text in (
    'kill" c_kill :: Int -> Int -> IO Int', 'ptrace" c_ptrace :: Int -> Int -> Int -> Int -> IO Int',
    'unshare" c_unshare :: Int -> IO Int', 'getpid" c_getpid :: IO Int', '_exit" c_exit :: Int -> IO ()',
    'signal" c_signal :: Int -> Int -> IO Int', 'system" c_system :: CString -> IO Int',
    'symlink" c_symlink :: CString -> CString -> IO Int')) + "sh :: String -> IO Bool\nsh c = withCString c (fmap (== 0) . c_system)\nreads' :: String -> IO Bool\nreads' p = (readFile p >>= evaluate . length >> return True) `catch` (\\e -> const (return False) (e :: IOException))\n"
BAD = 'fail "the attack succeeded"'
TEMPLATE = ("{-# LANGUAGE TemplateHaskell #-}\nimport Language.Haskell.TH\nimport System.Process\nimport System.Exit\nf :: Int -> Int\n"
            'f x = x + $(runIO (system "@COMMAND@") >>= \\n -> litE (integerL (if n == ExitSuccess then 7 else 1)))\n')


ATTACKS = [
    ({4}, hs("putStr (replicate 300000 'x')"), {S.PASSED}),
    ({22}, "{-# LANGUAGE TemplateHaskell #-}\nimport Language.Haskell.TH\nf :: Int -> Int\n"
         "f x = length $(runIO (readFile \"@SECRET@\") >>= litE . stringL)\n", BAD_COMPILE),
    ({22}, "{-# LANGUAGE CPP #-}\n#include \"@SECRET@\"\nf :: Int -> Int\nf x = x + 1\n", BAD_COMPILE),
    ({24}, hs("exitImmediately ExitSuccess"), {S.PROTOCOL_VIOLATION, S.COMPILE_ERROR}),
    ({24}, hs("exitSuccess :: IO ()"), {S.RUNTIME_ERROR}),
    ({1}, hs(f'ok <- sh "for i in $(seq 90); do sleep 60 & done"\n  unless ok $ {BAD}'), {S.PROCESS_LIMIT, S.RUNTIME_ERROR}),
    ({2}, hs("when (foldl' (+) 0 (let y = [x .. 60000000] in y ++ reverse y) == 7) $ putStr \"x\""), {S.MEMORY_LIMIT, S.TIMEOUT}),
    ({3}, hs("forever (putStrLn (replicate 9999 'x'))").replace("\n  return (x + 1)", ""), {S.OUTPUT_LIMIT}),
    ({5}, hs(f'r <- try (writeFile "/tmp/big" (replicate 300000000 \'x\')) :: IO (Either IOException ())\n  when (either (const False) (const True) r) $ {BAD}'), {*DISK, S.TIMEOUT}),
    ({6, 7, 8, 9, 10, 11, 14, 17, 23, 25}, hs(f'''e <- lookupEnv "OORL_SECRET"
  s <- reads' "@SECRET@"
  _ <- try getLine :: IO (Either IOException String)
  n <- sh "@REACH@"
  b <- sh "@ESCAPE@"
  t <- c_ptrace 16 1 0 0
  u <- c_unshare 0x10000000
  r <- forM (words "@HOST@ /etc /root /usr /job /prepared /var") (\\p -> try (writeFile (p ++ "/plant") "x") :: IO (Either IOException ()))
  _ <- withCString "@SECRET@" (\\a -> withCString "/tmp/link" (c_symlink a))
  l <- reads' "/tmp/link"
  g <- if x > 900000000 then sh ("grep -qrs " ++ show (x + 1) ++ " /job /proc/self/environ") else return False
  when (e /= Nothing || s || n || b || t == 0 || u == 0 || l || g || any (either (const False) (const True)) r) $ {BAD}
  _ <- c_kill 1 9
  _ <- c_kill (-1) 9'''), {S.PASSED}),
    ({12, 31, 32}, (hs('_ <- sh "@PLANT@"'), hs(f'l <- sh "@LOOK@"\n  when l $ {BAD}')), {S.PASSED}),
    # at compile time too: Template Haskell runs what it likes in the compiler's cell
    ({11, 12, 13, 22, 23, 31, 32}, (TEMPLATE.replace("@COMMAND@", "@PLANT@; ln -sf @SECRET@ /tmp/link; for p in @HOST@ /usr /prepared /job; do echo x >$p/plant; done; setsid sleep 60 & exit 1"),
                            TEMPLATE.replace("@COMMAND@", "(@LOOK@) || cat @SECRET@ /tmp/link && exit 0; exit 1")), {S.PASSED}),
    ({22, 23}, TEMPLATE.replace("@COMMAND@", "ln -sf @SECRET@ /tmp/artifact; ln -sf @SECRET@ /tmp/Main.o; exit 1"), {S.PASSED, *BAD_COMPILE, S.RUNTIME_ERROR}),
    ({13, 15, 18}, hs('hSetBinaryMode stdout True\n  putStr "\\255\\254\\128"\n  _ <- sh "setsid sleep 60 &"'), {S.PASSED}),
    ({19}, "-- \ud800\n" + hs("return ()"), {S.PASSED, S.COMPILE_ERROR}),
    ({24}, hs("c_exit 0"), LEFT),
    ({25}, "data E = E\ninstance Eq E where _ == _ = True\ninstance Show Int where show _ = \"2\"\nf :: Int -> Int\nf x = 0\n", {S.WRONG_ANSWER, S.COMPILE_ERROR}),
    ({26}, "import System.IO.Unsafe\nimport System.Exit\nimport Control.Exception\nf :: Int -> Int\nf x = y\ny :: Int\ny = unsafePerformIO (throwIO ExitSuccess)\n{-# NOINLINE y #-}\n", {S.RUNTIME_ERROR, *LEFT}),
    # leaves a moment later, when the first answer is out
    ({26}, hs("if x == 1 then void (forkIO (threadDelay 100000 >> c_exit 0)) else threadDelay 3000000"), LEFT),
    ({27}, hs('_ <- (error "no" :: IO ()) `catch` (\\e -> c_exit 0 >> throwIO (e :: SomeException))'), LEFT),
    ({28}, hs('writeFile "/dev/fd/3" "=\\t0\\t2\\n"'), LEFT),
    ({29}, hs("when (x == 5) (c_exit 0)"), LEFT),
]
SLOW = [
    ({30}, "{-# LANGUAGE TemplateHaskell #-}\nimport Language.Haskell.TH\nf :: Int -> Int\n"
         "f x = $(let go n = go (n + 1) :: Q Exp in go (0 :: Int))\n", BAD_COMPILE),
    ({16}, hs("forM_ [1 .. 15] (\\n -> c_signal n 1)\n  _ <- c_getpid >>= \\p -> c_kill p 19\n  forever (return ())").replace("\n  return (x + 1)", ""), {S.TIMEOUT}),
    ({20}, "{-# LANGUAGE CPP #-}\n#include \"/dev/zero\"\nf :: Int -> Int\nf x = x + 1\n", BAD_COMPILE),
    ({21}, "{-# LANGUAGE TemplateHaskell #-}\nimport Language.Haskell.TH\nf :: Int -> Int\nf x = length ($(litE (stringPrimL (replicate 600000000 65))) `seq` [x])\n", BAD_COMPILE),
]
ABSENT = {
}
