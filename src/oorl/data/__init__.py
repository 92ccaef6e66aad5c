"""Problems: where they come from, how they are stored, split and shown to a model."""
