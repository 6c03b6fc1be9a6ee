# SPDX-FileCopyrightText: The Agizo authors
# SPDX-License-Identifier: Apache-2.0
"""An order as it comes in and as it goes out."""
from datetime import timedelta

from django.utils import timezone
from rest_framework import serializers

TIME_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
TIME_AHEAD = timedelta(minutes=5)  # a client's clock may run ahead by this much


class OrderInput(serializers.Serializer):
    customer = serializers.CharField(max_length=64)
    item = serializers.CharField(max_length=200)
    amount = serializers.DecimalField(max_digits=17, decimal_places=2, min_value=0)
    currency = serializers.RegexField("^[A-Z]{3}$", default="KES")
    time = serializers.DateTimeField(required=False)

    def validate_time(self, value):
        if value > timezone.now() + TIME_AHEAD:
            raise serializers.ValidationError("Lies in the future.")
        return value


class MessageOutput(serializers.Serializer):
    id = serializers.UUIDField()
    state = serializers.CharField()


class OrderOutput(serializers.Serializer):
    id = serializers.UUIDField()
    customer = serializers.CharField(source="customer.code")
    customer_id = serializers.UUIDField()
    item = serializers.CharField()
    amount = serializers.SerializerMethodField()
    currency = serializers.CharField()
    time = serializers.DateTimeField(format=TIME_FORMAT)
    version = serializers.IntegerField()
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField(format=TIME_FORMAT)
    updated_at = serializers.DateTimeField(format=TIME_FORMAT)
    message = MessageOutput()

    def get_amount(self, order):
        whole, fraction = divmod(order.amount_minor, 100)
        return f"{whole}.{fraction:02}"
