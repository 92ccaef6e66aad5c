"""What must hold of the data before anything is trained on it, checked by Great Expectations."""
