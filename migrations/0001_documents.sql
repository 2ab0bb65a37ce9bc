-- Rows, versions, checkpoint. The log is the truth: this file is made from it at will, so it never migrates data. When a
-- table changes, FOLD_VERSION of gantry-views is raised, and every instance builds itself anew.

-- One row. In the same transaction as all else, so it is true of the whole file.
CREATE TABLE checkpoint (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    seq INTEGER NOT NULL
) STRICT;
INSERT INTO checkpoint (one, seq) VALUES (1, 0);

-- Every version of every document: it held from `from_seq` on and before `to_seq`; the current one has no end.
-- At most one a commit.
CREATE TABLE versions (
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    from_seq INTEGER NOT NULL,
    to_seq INTEGER,
    body TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX versions_by_name ON versions (kind, scope, id, from_seq);
CREATE UNIQUE INDEX current_by_name ON versions (kind, scope, id) WHERE to_seq IS NULL;

-- Births and ends, for lists of now and of the past. What ended may be born again under its name.
CREATE TABLE lives (
    kind TEXT NOT NULL,
    scope TEXT NOT NULL,
    sorting TEXT NOT NULL,
    id TEXT NOT NULL,
    born_seq INTEGER NOT NULL,
    ended_seq INTEGER,
    PRIMARY KEY (kind, scope, sorting, id, born_seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX living ON lives (kind, scope, sorting, id) WHERE ended_seq IS NULL;

-- Which request began an operation: a retry is told from another request under its key.
CREATE TABLE operations (
    id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    request TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Files that commands hold, by digest.
CREATE TABLE contents (
    digest TEXT PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

-- Where each event stands and what it is about; its body is read from the log. Commands are events too.
CREATE TABLE events (
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    scope TEXT NOT NULL,
    type TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    operation TEXT,
    actor TEXT NOT NULL,
    PRIMARY KEY (seq, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_by_scope ON events (scope, seq, idx);
CREATE INDEX events_by_entity ON events (kind, id, seq, idx);
CREATE INDEX events_by_operation ON events (operation, seq, idx) WHERE operation IS NOT NULL;
CREATE INDEX events_by_actor ON events (actor, seq, idx);

-- When each message was decided or accepted, in milliseconds since 1970, for reads as of a time.
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY,
    time INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_by_time ON messages (time, seq);

-- Messages that count for nothing, by subject.
CREATE TABLE void_messages (
    subject TEXT PRIMARY KEY,
    messages INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
