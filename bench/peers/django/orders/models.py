# SPDX-FileCopyrightText: The Agizo authors
# SPDX-License-Identifier: Apache-2.0
"""The tables of ../schema.sql."""
import os
import time
import uuid

from django.db import models


def new_id():
    """UUIDv7 (RFC 9562 section 5.7): begins with the time, so that new rows stand together in the indexes."""
    random = int.from_bytes(os.urandom(10), "big")
    value = (time.time_ns() // 1_000_000) << 80 | random
    value = value & ~(0xF000 << 64) | 0x7000 << 64
    return uuid.UUID(int=value & ~(0xC000 << 48) | 0x8000 << 48)


class Customer(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id)
    code = models.TextField()
    name = models.TextField()
    phone = models.TextField(null=True)
    language = models.TextField(null=True)
    sms_opt_out = models.BooleanField()
    version = models.BigIntegerField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "customers"


class Order(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id)
    customer = models.ForeignKey(Customer, models.PROTECT)
    item = models.TextField()
    amount_minor = models.BigIntegerField()
    currency = models.TextField()
    time = models.DateTimeField()
    external_ref = models.TextField(null=True)
    created_by = models.TextField()
    version = models.BigIntegerField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "orders"


class Message(models.Model):
    id = models.UUIDField(primary_key=True, default=new_id)
    order = models.OneToOneField(Order, models.PROTECT, related_name="message")
    customer = models.ForeignKey(Customer, models.PROTECT, db_constraint=False)
    to = models.TextField(null=True)
    body = models.TextField()
    encoding = models.TextField()
    parts = models.IntegerField()
    state = models.TextField()
    attempts = models.IntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    provider_id = models.TextField(null=True)
    provider_status = models.TextField(null=True)
    cost = models.TextField(null=True)
    failure = models.TextField(null=True)
    history = models.TextField(default="")

    class Meta:
        managed = False
        db_table = "messages"
