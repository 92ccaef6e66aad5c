-- Run by PostgreSQL's image at its first start.
CREATE DATABASE prefect;
CREATE DATABASE mlflow;
