-- The role of the MLflow server and its two databases: runs, and accounts. For psql, once.
\set ON_ERROR_STOP on
\set password `cat "${SECRETS:-/run/secrets}/database_password"`
CREATE ROLE mlflow LOGIN PASSWORD :'password';
CREATE DATABASE mlflow OWNER mlflow;
CREATE DATABASE mlflow_auth OWNER mlflow;
