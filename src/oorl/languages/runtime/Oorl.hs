{-# LANGUAGE FlexibleInstances #-}
-- Reads the inputs and writes the records of a Haskell program. Compiled once per machine.
module Oorl (Get (..), Put (..), cases, answer, finish) where

import Control.Exception (SomeException, evaluate, try)
import qualified Data.ByteString as B
import qualified Data.ByteString.Char8 as C
import Data.Char (ord)
import Data.IORef
import qualified Data.Map as Map
import Numeric (showHex)
import System.Exit (ExitCode (ExitSuccess))
import System.IO
import System.IO.Unsafe (unsafePerformIO)
import System.Posix.IO (fdToHandle)
import System.Posix.Process (exitImmediately)

rest :: IORef B.ByteString
rest = unsafePerformIO (B.readFile "/job/input" >>= newIORef)
{-# NOINLINE rest #-}

channel :: Handle
channel = unsafePerformIO $ do
  h <- fdToHandle 3
  hSetBinaryMode h True
  hSetBuffering h (BlockBuffering (Just 65536))
  return h
{-# NOINLINE channel #-}

token :: IO B.ByteString
token = do
  text <- C.dropWhile (<= ' ') <$> readIORef rest
  let (word, more) = C.break (<= ' ') text
  writeIORef rest more
  return word

number :: IO Int
number = maybe 0 fst . C.readInt <$> token

cases :: IO Int
cases = number

class Get a where get :: IO a
class Put a where put :: a -> ShowS

instance Get Int where get = fromInteger . maybe 0 fst . C.readInteger <$> token
instance Get Bool where get = (== C.pack "1") <$> token
instance Get Double where
  get = do
    word <- C.unpack <$> token
    return $ case word of
      "nan" -> 0 / 0
      "inf" -> 1 / 0
      "-inf" -> -1 / 0
      '-' : digits -> negate (read digits)
      digits -> read digits
instance {-# OVERLAPPING #-} Get [Char] where
  get = do
    n <- number
    text <- readIORef rest
    let (word, more) = B.splitAt n (B.drop 1 text)
    writeIORef rest more
    return (decode (map fromIntegral (B.unpack word)))
instance Get a => Get [a] where get = number >>= \n -> mapM (const get) [1 .. n]
instance Get a => Get (Maybe a) where
  get = number >>= \n -> if n == 0 then return Nothing else Just <$> get
instance (Ord k, Get k, Get v) => Get (Map.Map k v) where
  get = number >>= \n -> Map.fromList <$> mapM (const ((,) <$> get <*> get)) [1 .. n]

-- UTF-8 that our own side has written, so it is valid.
decode :: [Int] -> String
decode (a : s) | a < 128 = toEnum a : decode s
decode (a : b : s) | a < 224 = toEnum ((a - 192) * 64 + b - 128) : decode s
decode (a : b : c : s) | a < 240 = toEnum (((a - 224) * 64 + b - 128) * 64 + c - 128) : decode s
decode (a : b : c : d : s) =
  toEnum ((((a - 240) * 64 + b - 128) * 64 + c - 128) * 64 + d - 128) : decode s
decode _ = []

instance Put Int where put = shows
instance Put Bool where put v = showString (if v then "true" else "false")
instance Put Double where
  put v | isNaN v = showString "NaN"
        | isInfinite v = showString (if v > 0 then "Infinity" else "-Infinity")
        | otherwise = shows v
instance {-# OVERLAPPING #-} Put [Char] where put v = showChar '"' . foldr ((.) . char) id v . showChar '"'
instance Put a => Put [a] where put v = showChar '[' . separated (map put v) . showChar ']'
instance Put a => Put (Maybe a) where put = maybe (showString "null") put
instance (Put k, Put v) => Put (Map.Map k v) where
  put v = showChar '[' . separated [showChar '[' . put k . showChar ',' . put x . showChar ']'
                                   | (k, x) <- Map.toList v] . showChar ']'

separated :: [ShowS] -> ShowS
separated [] = id
separated (x : more) = x . foldr (\y -> (.) (showChar ',' . y)) id more

char :: Char -> ShowS
char c
  | c == '"' || c == '\\' = showChar '\\' . showChar c
  | c >= ' ' && c <= '~' = showChar c
  | ord c < 65536 = unit (ord c)
  | otherwise = let n = ord c - 65536 in unit (55296 + n `div` 1024) . unit (56320 + n `mod` 1024)
  where unit n = showString "\\u" . showString (drop (length (showHex n "")) "0000") . showHex n

-- A value is lazy: computing it ends with the last character of its text.
answer :: Put a => Int -> a -> IO ()
answer index value = do
  done <- try (let text = put value "" in evaluate (length text) >> return text)
  let line = case done of
        Right text -> '=' : '\t' : shows index ('\t' : text)
        Left failure -> '!' : '\t' : shows index ('\t' : plain (show (failure :: SomeException)))
  hPutStr channel (line ++ "\n")
  hFlush channel
  where plain = map (\c -> if c < ' ' || c > '~' then ' ' else c) . take 500

finish :: IO ()
finish = exitImmediately ExitSuccess
