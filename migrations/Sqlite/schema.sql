CREATE TABLE IF NOT EXISTS "__EFMigrationsHistory" (
    "MigrationId" TEXT NOT NULL CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY,
    "ProductVersion" TEXT NOT NULL
);

CREATE TABLE "client_counts" (
    "replica" TEXT NOT NULL,
    "cluster" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    CONSTRAINT "pk_client_counts" PRIMARY KEY ("replica", "cluster")
);

CREATE TABLE "cluster_inbox" (
    "cluster" TEXT NOT NULL CONSTRAINT "pk_cluster_inbox" PRIMARY KEY,
    "desired" TEXT NOT NULL,
    "stop_reason" TEXT NULL,
    "stop_failed" INTEGER NOT NULL,
    "ended" INTEGER NOT NULL,
    "wake" INTEGER NOT NULL,
    "due_at" INTEGER NULL,
    "lease_owner" TEXT NULL,
    "lease_until" INTEGER NULL,
    "generation" INTEGER NOT NULL,
    "clients" INTEGER NOT NULL,
    "no_client_since" INTEGER NULL,
    "heartbeat_at" INTEGER NULL,
    "heartbeat_hash" INTEGER NULL,
    "incarnation" TEXT NULL,
    "sequence" INTEGER NULL,
    "idle_seconds" REAL NULL,
    "heartbeat" TEXT NULL
);

CREATE TABLE "clusters" (
    "name" TEXT NOT NULL CONSTRAINT "pk_clusters" PRIMARY KEY,
    "owner_id" TEXT NULL,
    "options" TEXT NOT NULL,
    "spec" TEXT NOT NULL,
    "phase" TEXT NOT NULL,
    "outcome" TEXT NULL,
    "reason" TEXT NULL,
    "worker_failures" INTEGER NOT NULL,
    "not_before" INTEGER NULL,
    "scheduler_address" TEXT NULL,
    "dashboard_address" TEXT NULL,
    "api_address" TEXT NULL,
    "created_at" INTEGER NOT NULL,
    "submitted_at" INTEGER NULL,
    "running_at" INTEGER NULL,
    "closing_at" INTEGER NULL,
    "ended_at" INTEGER NULL,
    "revision" INTEGER NOT NULL
);

CREATE TABLE "continuity" (
    "backend" TEXT NOT NULL,
    "node" TEXT NOT NULL,
    "since" INTEGER NOT NULL,
    "at" INTEGER NOT NULL,
    "gap" INTEGER NOT NULL,
    CONSTRAINT "pk_continuity" PRIMARY KEY ("backend", "node")
);

CREATE TABLE "credentials" (
    "cluster" TEXT NOT NULL CONSTRAINT "pk_credentials" PRIMARY KEY,
    "certificate" TEXT NOT NULL,
    "token_hash" BLOB NOT NULL,
    "key_id" TEXT NOT NULL,
    "sealed_key" BLOB NOT NULL,
    "sealed_token" BLOB NOT NULL
);

CREATE TABLE "duties" (
    "name" TEXT NOT NULL CONSTRAINT "pk_duties" PRIMARY KEY,
    "owner" TEXT NOT NULL,
    "until" INTEGER NOT NULL
);

CREATE TABLE "events" (
    "id" INTEGER NOT NULL CONSTRAINT "pk_events" PRIMARY KEY AUTOINCREMENT,
    "cluster" TEXT NOT NULL,
    "worker" TEXT NULL,
    "at" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "message" TEXT NOT NULL,
    "count" INTEGER NULL
);

CREATE TABLE "facts" (
    "name" TEXT NOT NULL CONSTRAINT "pk_facts" PRIMARY KEY,
    "value" TEXT NOT NULL
);

CREATE TABLE "identities" (
    "scheme" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    CONSTRAINT "pk_identities" PRIMARY KEY ("scheme", "issuer", "subject")
);

CREATE TABLE "jobs" (
    "name" TEXT NOT NULL CONSTRAINT "pk_jobs" PRIMARY KEY,
    "cluster" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "backend" TEXT NOT NULL,
    "node" TEXT NULL,
    "handle" TEXT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT NULL,
    "host" TEXT NULL,
    "exit_code" INTEGER NULL,
    "close_expected" INTEGER NOT NULL,
    "started_at" INTEGER NOT NULL,
    "state_since" INTEGER NOT NULL,
    "checked_address" TEXT NULL,
    "address_verdict" TEXT NULL,
    "ended_at" INTEGER NULL,
    "clean" INTEGER NOT NULL
);

CREATE TABLE "outbox" (
    "id" INTEGER NOT NULL CONSTRAINT "pk_outbox" PRIMARY KEY AUTOINCREMENT,
    "action" TEXT NOT NULL,
    "job" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "cluster" TEXT NOT NULL,
    "backend" TEXT NOT NULL,
    "node" TEXT NULL,
    "argument" TEXT NULL,
    "trace_parent" TEXT NULL,
    "attempt" INTEGER NOT NULL,
    "claim" INTEGER NOT NULL,
    "claimed" INTEGER NOT NULL,
    "due_at" INTEGER NOT NULL
);

CREATE TABLE "protection_keys" (
    "name" TEXT NOT NULL CONSTRAINT "pk_protection_keys" PRIMARY KEY,
    "key_id" TEXT NOT NULL,
    "sealed_xml" BLOB NOT NULL,
    "created_at" INTEGER NOT NULL
);

CREATE TABLE "replicas" (
    "name" TEXT NOT NULL CONSTRAINT "pk_replicas" PRIMARY KEY,
    "version" TEXT NOT NULL,
    "started_at" INTEGER NOT NULL,
    "pulse_at" INTEGER NOT NULL
);

CREATE TABLE "users" (
    "id" TEXT NOT NULL CONSTRAINT "pk_users" PRIMARY KEY,
    "display_name" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL
);

CREATE TABLE "workers" (
    "name" TEXT NOT NULL CONSTRAINT "pk_workers" PRIMARY KEY,
    "cluster" TEXT NOT NULL,
    "worker_group" TEXT NOT NULL,
    "backend" TEXT NOT NULL,
    "resources" TEXT NOT NULL,
    "phase" TEXT NOT NULL,
    "outcome" TEXT NULL,
    "reason" TEXT NULL,
    "submitted_at" INTEGER NOT NULL,
    "connected_at" INTEGER NULL,
    "leaving_at" INTEGER NULL,
    "stop_saved" INTEGER NOT NULL,
    "ended_at" INTEGER NULL
);

INSERT INTO "facts" ("name", "value")
VALUES ('schema_compatible_level', '1');
SELECT changes();

INSERT INTO "facts" ("name", "value")
VALUES ('schema_level', '1');
SELECT changes();


CREATE INDEX "ix_client_counts_cluster" ON "client_counts" ("cluster");

CREATE INDEX "ix_cluster_inbox_due_at" ON "cluster_inbox" ("due_at") WHERE due_at IS NOT NULL;

CREATE INDEX "ix_clusters_created_at" ON "clusters" ("created_at");

CREATE INDEX "ix_clusters_ended_at" ON "clusters" ("ended_at") WHERE ended_at IS NOT NULL;

CREATE INDEX "ix_clusters_live" ON "clusters" ("created_at") WHERE ended_at IS NULL;

CREATE INDEX "ix_clusters_live_of_owner" ON "clusters" ("owner_id", "created_at") WHERE ended_at IS NULL;

CREATE INDEX "ix_clusters_owner_id_created_at" ON "clusters" ("owner_id", "created_at");

CREATE INDEX "ix_credentials_key_id_cluster" ON "credentials" ("key_id", "cluster");

CREATE INDEX "ix_events_cluster_id" ON "events" ("cluster", "id");

CREATE INDEX "ix_jobs_cluster" ON "jobs" ("cluster");

CREATE INDEX "ix_jobs_live" ON "jobs" ("backend") WHERE ended_at IS NULL;

CREATE INDEX "ix_jobs_unclean" ON "jobs" ("backend", "ended_at") WHERE ended_at IS NOT NULL AND NOT clean;

CREATE INDEX "ix_outbox_backend_due_at" ON "outbox" ("backend", "due_at");

CREATE INDEX "ix_outbox_cluster" ON "outbox" ("cluster");

CREATE UNIQUE INDEX "ix_outbox_job_action" ON "outbox" ("job", "action");

CREATE INDEX "ix_outbox_stops" ON "outbox" ("backend", "due_at") WHERE action = 'Stop';

CREATE INDEX "ix_workers_cluster_submitted_at" ON "workers" ("cluster", "submitted_at");

CREATE INDEX "ix_workers_live" ON "workers" ("cluster") WHERE ended_at IS NULL;

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261122170024_Initial', '10.0.12');

DROP INDEX "ix_jobs_live";

UPDATE "facts" SET "value" = '2'
WHERE "name" = 'schema_level';
SELECT changes();


CREATE INDEX "ix_jobs_live_by_name" ON "jobs" ("backend", "name") WHERE ended_at IS NULL;

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261125185208_LiveJobsByName', '10.0.12');

