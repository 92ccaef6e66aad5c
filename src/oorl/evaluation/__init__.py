"""Held-out evaluation: pass@k, paired bootstrap intervals, translation runs and the HTML report."""
