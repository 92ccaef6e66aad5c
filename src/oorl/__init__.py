"""OORL: on-policy RL rewarded by unit tests plus GEPO over groups of LLVM IRs.

Wu et al. 2025, "On-Policy Optimization with Group Equivalent Preference for
Multi-Programming Language Understanding", arXiv 2505.12723.

The library knows no orchestrator: it imports neither Prefect, DVC nor MLflow.
"""

__version__ = "0.1.0"
