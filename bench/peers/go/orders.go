// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
)

const (
	bodyMax    = 1 << 20
	timeLayout = "2006-01-02T15:04:05.000Z"
	// A clock of a client may run ahead by this much.
	timeAhead = 5 * time.Minute
)

var amountPattern = regexp.MustCompile(`^[0-9]{1,15}(\.[0-9]{1,2})?$`)

var errUnknownCustomer = errors.New("unknown customer")

// orderInput is the body of POST /v1/orders. The tags are checked by gin's validator.
type orderInput struct {
	Customer string     `json:"customer" binding:"required,max=64"`
	Item     string     `json:"item" binding:"required,max=200"`
	Amount   string     `json:"amount" binding:"required"`
	Currency string     `json:"currency" binding:"omitempty,len=3,alpha,uppercase"`
	Time     *time.Time `json:"time"`
}

type order struct {
	id           uuid.UUID
	customer     string
	customerID   uuid.UUID
	item         string
	amountMinor  int64
	currency     string
	time         time.Time
	createdBy    string
	version      int64
	createdAt    time.Time
	updatedAt    time.Time
	messageID    uuid.UUID
	messageState string
}

// orderReply is an order as JSON.
type orderReply struct {
	ID         uuid.UUID    `json:"id"`
	Customer   string       `json:"customer"`
	CustomerID uuid.UUID    `json:"customer_id"`
	Item       string       `json:"item"`
	Amount     string       `json:"amount"`
	Currency   string       `json:"currency"`
	Time       string       `json:"time"`
	Version    int64        `json:"version"`
	CreatedBy  string       `json:"created_by"`
	CreatedAt  string       `json:"created_at"`
	UpdatedAt  string       `json:"updated_at"`
	Message    messageReply `json:"message"`
}

type messageReply struct {
	ID    uuid.UUID `json:"id"`
	State string    `json:"state"`
}

type orderHandler struct {
	store *store
}

func (h *orderHandler) create(c *gin.Context) {
	var input orderInput
	if status, err := bindOrder(c, &input); err != nil {
		refuse(c, status, err.Error())
		return
	}
	made, err := newOrder(&input, c.GetString(subjectKey))
	if err != nil {
		refuse(c, http.StatusUnprocessableEntity, err.Error())
		return
	}
	err = h.store.create(c.Request.Context(), made)
	if errors.Is(err, errUnknownCustomer) {
		refuse(c, http.StatusUnprocessableEntity, "customer: is not known")
		return
	}
	if err != nil {
		fail(c, err)
		return
	}
	c.Header("Location", "/v1/orders/"+made.id.String())
	c.JSON(http.StatusCreated, made.reply())
}

func (h *orderHandler) get(c *gin.Context) {
	id, err := uuid.Parse(c.Param("id"))
	if err != nil {
		refuse(c, http.StatusNotFound, "no such order")
		return
	}
	found, err := h.store.get(c.Request.Context(), id)
	if err != nil {
		fail(c, err)
		return
	}
	if found == nil {
		refuse(c, http.StatusNotFound, "no such order")
		return
	}
	c.JSON(http.StatusOK, found.reply())
}

// bindOrder decodes and checks the body: 400 for what is no JSON, 422 for a value that is wrong.
func bindOrder(c *gin.Context, input *orderInput) (int, error) {
	c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, bodyMax)
	err := c.ShouldBindJSON(input)
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &syntax) || strings.Contains(err.Error(), "EOF"):
		return http.StatusBadRequest, err
	default:
		return http.StatusUnprocessableEntity, err
	}
}

func newOrder(input *orderInput, subject string) (*order, error) {
	amount, err := parseAmount(input.Amount)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	made := &order{
		id: newID(now), customer: input.Customer, item: input.Item, amountMinor: amount, currency: input.Currency,
		time: now, createdBy: subject, version: 1, createdAt: now, updatedAt: now, messageID: newID(now),
	}
	if made.currency == "" {
		made.currency = "KES"
	}
	if input.Time != nil {
		made.time = input.Time.UTC().Truncate(time.Millisecond)
	}
	if made.time.After(now.Add(timeAhead)) {
		return nil, errors.New("time: lies in the future")
	}
	return made, nil
}

// parseAmount makes "12.5" 1250.
func parseAmount(text string) (int64, error) {
	if !amountPattern.MatchString(text) {
		return 0, errors.New("amount: must be a decimal number from 0 with at most 2 digits after the point")
	}
	whole, fraction, _ := strings.Cut(text, ".")
	return strconv.ParseInt(whole+(fraction + "00")[:2], 10, 64)
}

// newID is a UUIDv7 (RFC 9562 §5.7): it begins with the time, so that new rows stand together in the indexes.
func newID(now time.Time) uuid.UUID {
	id := uuid.New()
	version := binary.BigEndian.Uint16(id[6:])&0x0fff | 0x7000
	binary.BigEndian.PutUint64(id[:], uint64(now.UnixMilli())<<16|uint64(version))
	return id
}

func (o *order) amount() string {
	return fmt.Sprintf("%d.%02d", o.amountMinor/100, o.amountMinor%100)
}

func (o *order) reply() *orderReply {
	return &orderReply{
		ID: o.id, Customer: o.customer, CustomerID: o.customerID, Item: o.item, Amount: o.amount(), Currency: o.currency,
		Time: o.time.UTC().Format(timeLayout), Version: o.version, CreatedBy: o.createdBy,
		CreatedAt: o.createdAt.UTC().Format(timeLayout), UpdatedAt: o.updatedAt.UTC().Format(timeLayout),
		Message: messageReply{ID: o.messageID, State: o.messageState},
	}
}

func refuse(c *gin.Context, status int, detail string) {
	c.AbortWithStatusJSON(status, gin.H{"status": status, "title": http.StatusText(status), "detail": detail})
}

func fail(c *gin.Context, err error) {
	log.Print(err)
	refuse(c, http.StatusInternalServerError, "the order could not be stored or read")
}
