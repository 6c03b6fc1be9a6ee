// SPDX-FileCopyrightText: The Agizo authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf16"
)

// Messages wait at most a day.
const messageLifetime = 24 * time.Hour

var eastAfrica = time.FixedZone("EAT", 3*60*60)

type customer struct {
	name   string
	phone  *string
	optOut bool
}

type message struct {
	body     string
	encoding string
	parts    int
	state    string
	failure  *string
}

// newMessage writes the SMS that tells the customer of the order.
func newMessage(c *customer, o *order) *message {
	id := o.id.String()
	body := fmt.Sprintf("Dear %s, we have received your order of %s, %s %s, on %s. Ref %s.", c.name, o.item, o.currency,
		groupThousands(o.amount()), o.time.In(eastAfrica).Format("2 Jan 2006 15:04 EAT"), strings.ToUpper(id[len(id)-8:]))
	made := &message{body: body, state: "queued"}
	made.encoding, made.parts = measure(body)
	switch {
	case c.phone == nil:
		made.skip("skipped", "the customer has no phone number")
	case c.optOut:
		made.skip("suppressed", "the customer has opted out of SMS")
	}
	return made
}

func (m *message) skip(state, failure string) {
	m.state, m.failure = state, &failure
}

// groupThousands makes "1234567.00" "1,234,567.00".
func groupThousands(amount string) string {
	whole, fraction, _ := strings.Cut(amount, ".")
	for at := len(whole) - 3; at > 0; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	return whole + "." + fraction
}

// measure counts the parts; plain ASCII stands for the GSM alphabet.
func measure(body string) (string, int) {
	for i := 0; i < len(body); i++ {
		if body[i] >= 0x80 {
			return "ucs2", countParts(len(utf16.Encode([]rune(body))), 70, 67)
		}
	}
	return "gsm7", countParts(len(body), 160, 153)
}

func countParts(units, single, each int) int {
	if units <= single {
		return 1
	}
	return (units + each - 1) / each
}
