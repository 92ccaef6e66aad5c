"""What MLflow runs to serve a registered version: `mlflow models serve -m models:/NAME@champion`.

Logged with a version as its code, together with the model's folder and a copy of `src/oorl`. A
request row has `code`, `source`, `target` and may have `declaration`, the header that the
translation must have; an answer row has `code`, and `error` where there is no code.
"""

from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext


class ServedTranslator(PythonModel):
    """`oorl.trainers.translator.Translator` behind MLflow's interface."""

    def load_context(self, context: PythonModelContext) -> None:
        from oorl.trainers.translator import Translator

        self._translator = Translator(Path(context.artifacts["model"]), **context.model_config)

    def predict(self, context: PythonModelContext, model_input: pd.DataFrame,
                params: dict[str, Any] | None = None) -> pd.DataFrame:
        rows = model_input.astype(object).where(model_input.notna(), None).to_dict("records")
        answers = self._translator.translate(rows)
        return pd.DataFrame([vars(answer) for answer in answers], columns=["code", "error"])


set_model(ServedTranslator())
