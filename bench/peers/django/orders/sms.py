# SPDX-FileCopyrightText: The Agizo authors
# SPDX-License-Identifier: Apache-2.0
"""The SMS that tells a customer of an order."""
from datetime import timedelta, timezone

from orders.models import Message

EAST_AFRICA = timezone(timedelta(hours=3), "EAT")
LIFETIME = timedelta(days=1)


def new_message(customer, order):
    body = write(customer, order)
    encoding, parts = measure(body)
    state, failure = decide(customer)
    return Message(
        order=order,
        customer=customer,
        to=customer.phone,
        body=body,
        encoding=encoding,
        parts=parts,
        state=state,
        failure=failure,
        due_at=order.created_at,
        expires_at=order.created_at + LIFETIME,
        created_at=order.created_at,
    )


def write(customer, order):
    whole, fraction = divmod(order.amount_minor, 100)
    time = order.time.astimezone(EAST_AFRICA)
    return (
        f"Dear {customer.name}, we have received your order of {order.item}, {order.currency} {whole:,}.{fraction:02}, "
        f"on {time.day} {time:%b %Y %H:%M} EAT. Ref {order.id.hex[-8:].upper()}."
    )


def measure(body):
    """Encoding and number of parts; plain ASCII stands for the GSM alphabet."""
    if body.isascii():
        return "gsm7", count_parts(len(body), 160, 153)
    return "ucs2", count_parts(len(body.encode("utf-16-be")) // 2, 70, 67)


def count_parts(units, single, each):
    return 1 if units <= single else -(-units // each)


def decide(customer):
    if customer.phone is None:
        return "skipped", "the customer has no phone number"
    if customer.sms_opt_out:
        return "suppressed", "the customer has opted out of SMS"
    return "queued", None
