"""Trainers: thin subclasses of transformers' and TRL's, and the losses' way into them."""
