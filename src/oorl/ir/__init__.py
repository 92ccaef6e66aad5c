"""LLVM IR groups: winners proved equal and losers proved different by execution.

`groups.build_groups` is the way in; `tables` reads and writes the result, `verify` re-proves
every label by a separate path. Importing this package loads no compiler and no LLVM.
"""
