// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

const defaultPool = 24

const (
	selectCustomer = `select id, code, name, phone, sms_opt_out from customers where lower(code) = lower($1)`
	insertOrder    = `insert into orders (id, customer_id, item, amount_minor, currency, time, created_by, version, created_at, updated_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	insertMessage = `insert into messages (id, order_id, customer_id, "to", body, encoding, parts, state, failure, due_at, expires_at, created_at)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	selectOrder = `select o.id, c.code, o.customer_id, o.item, o.amount_minor, o.currency, o.time, o.created_by, o.version,
			o.created_at, o.updated_at, m.id, m.state
		from orders o join customers c on c.id = o.customer_id join messages m on m.order_id = o.id
		where o.id = $1`
)

// store reads and writes orders. pgx prepares each statement once per connection.
type store struct {
	pool *pgxpool.Pool
	// Both inserts in one round trip, instead of begin, insert, insert, commit.
	batch bool
}

func poolSize(text string) (int32, error) {
	if text == "" {
		return defaultPool, nil
	}
	size, err := strconv.ParseInt(text, 10, 32)
	if err != nil || size < 1 {
		return 0, fmt.Errorf("PEER_POOL %q is no number from 1", text)
	}
	return int32(size), nil
}

// create writes the order and its message in one transaction and completes the order.
func (s *store) create(ctx context.Context, o *order) error {
	if s.batch {
		return s.createInBatch(ctx, o)
	}
	return s.pool.BeginFunc(ctx, func(tx pgx.Tx) error {
		c, m, err := prepare(ctx, tx, o)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertOrder, orderValues(o)...); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, insertMessage, messageValues(o, c, m)...)
		return err
	})
}

// createInBatch sends both inserts at once: PostgreSQL takes what stands before one Sync as one transaction.
func (s *store) createInBatch(ctx context.Context, o *order) error {
	c, m, err := prepare(ctx, s.pool, o)
	if err != nil {
		return err
	}
	var batch pgx.Batch
	batch.Queue(insertOrder, orderValues(o)...)
	batch.Queue(insertMessage, messageValues(o, c, m)...)
	return s.pool.SendBatch(ctx, &batch).Close()
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...interface{}) pgx.Row
}

// prepare looks the customer up and writes the message's text.
func prepare(ctx context.Context, from querier, o *order) (*customer, *message, error) {
	var c customer
	row := from.QueryRow(ctx, selectCustomer, o.customer)
	err := row.Scan(&o.customerID, &o.customer, &c.name, &c.phone, &c.optOut)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil, errUnknownCustomer
	}
	if err != nil {
		return nil, nil, err
	}
	m := newMessage(&c, o)
	o.messageState = m.state
	return &c, m, nil
}

func orderValues(o *order) []interface{} {
	return []interface{}{o.id, o.customerID, o.item, o.amountMinor, o.currency, o.time, o.createdBy, o.version, o.createdAt, o.updatedAt}
}

func messageValues(o *order, c *customer, m *message) []interface{} {
	return []interface{}{o.messageID, o.id, o.customerID, c.phone, m.body, m.encoding, m.parts, m.state, m.failure, o.createdAt,
		o.createdAt.Add(messageLifetime), o.createdAt}
}

// get is nil where there is no such order.
func (s *store) get(ctx context.Context, id uuid.UUID) (*order, error) {
	o := new(order)
	err := s.pool.QueryRow(ctx, selectOrder, id).Scan(&o.id, &o.customer, &o.customerID, &o.item, &o.amountMinor, &o.currency,
		&o.time, &o.createdBy, &o.version, &o.createdAt, &o.updatedAt, &o.messageID, &o.messageState)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return o, err
}
