"""Losses: pure functions of tensors, one file each, each with an oracle test."""
