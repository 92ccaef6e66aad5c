"""When and where the stages run. The graph between them is dvc.yaml's."""
