-- The application database of the demo trading platform. Applying it twice is harmless.

CREATE TABLE IF NOT EXISTS bots (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name             text NOT NULL UNIQUE,
    exchange         text NOT NULL,
    symbol           text NOT NULL,
    order_notional   numeric NOT NULL CHECK (order_notional > 0),
    interval_seconds double precision NOT NULL CHECK (interval_seconds > 0),
    state            text NOT NULL CHECK (
        state IN ('created', 'starting', 'running', 'paused', 'stopping', 'stopped', 'failed')),
    desired          text NOT NULL CHECK (desired IN ('running', 'paused', 'stopped')),
    restarts         integer NOT NULL DEFAULT 0,
    last_error       text,
    created_at       timestamptz NOT NULL DEFAULT now(),
    state_since      timestamptz NOT NULL DEFAULT now(),
    heartbeat_at     timestamptz
);

CREATE TABLE IF NOT EXISTS bot_events (
    id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bot_id bigint NOT NULL REFERENCES bots (id) ON DELETE CASCADE,
    at     timestamptz NOT NULL DEFAULT now(),
    kind   text NOT NULL,
    detail text NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS bot_events_by_bot ON bot_events (bot_id, at);

CREATE TABLE IF NOT EXISTS orders (
    client_order_id   text PRIMARY KEY,
    bot_id            bigint NOT NULL,
    exchange          text NOT NULL,
    symbol            text NOT NULL,
    side              text NOT NULL CHECK (side IN ('buy', 'sell')),
    type              text NOT NULL CHECK (type IN ('limit', 'market')),
    amount            numeric NOT NULL CHECK (amount > 0),
    price             numeric NOT NULL CHECK (price > 0),
    filled            numeric NOT NULL DEFAULT 0,
    status            text NOT NULL CHECK (
        status IN ('submitting', 'open', 'closed', 'canceled', 'rejected', 'unknown')),
    exchange_order_id text,
    reason            text,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS orders_by_bot_and_time ON orders (bot_id, created_at);
CREATE INDEX IF NOT EXISTS orders_unsettled ON orders (created_at)
    WHERE status IN ('submitting', 'open', 'unknown');

CREATE TABLE IF NOT EXISTS fills (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_order_id text NOT NULL REFERENCES orders (client_order_id),
    amount          numeric NOT NULL CHECK (amount > 0),
    price           numeric NOT NULL CHECK (price > 0),
    at              timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS fills_by_order ON fills (client_order_id);

CREATE TABLE IF NOT EXISTS positions (
    bot_id     bigint NOT NULL,
    exchange   text NOT NULL,
    symbol     text NOT NULL,
    quantity   numeric NOT NULL DEFAULT 0,
    cost       numeric NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (bot_id, exchange, symbol)
);
