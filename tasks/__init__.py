"""The stages: one module each, run as `python -m tasks.<stage>` by DVC.

A stage reads params.yaml and the files before it, and writes the files that dvc.yaml names.
Stages import heavy libraries inside `run`, so that a wrong setting is reported at once.
"""
