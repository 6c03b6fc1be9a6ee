# SPDX-FileCopyrightText: The Agizo authors
# SPDX-License-Identifier: Apache-2.0
"""The two routes."""
from django.db import transaction
from django.db.models.functions import Lower
from django.db.models import Value
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.views import APIView, exception_handler

from orders.models import Customer, Order
from orders.serializers import OrderInput, OrderOutput
from orders.sms import new_message


def answer_exception(error, context):
    """DRF answers a refused value with 400; the service says 422."""
    response = exception_handler(error, context)
    if isinstance(error, ValidationError):
        response.status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    return response


class OrderList(APIView):
    required_scope = "orders:write"

    def post(self, request):
        entry = OrderInput(data=request.data)
        entry.is_valid(raise_exception=True)
        order = create_order(entry.validated_data, request.user.subject)
        location = {"Location": f"/v1/orders/{order.id}"}
        return Response(OrderOutput(order).data, status=status.HTTP_201_CREATED, headers=location)


class OrderDetail(APIView):
    required_scope = "orders:read"

    def get(self, request, pk):
        orders = Order.objects.select_related("customer", "message")
        return Response(OrderOutput(get_object_or_404(orders, pk=pk)).data)


@transaction.atomic
def create_order(entry, subject):
    customer = find_customer(entry["customer"])
    now = timezone.now()
    order = Order.objects.create(
        customer=customer,
        item=entry["item"],
        amount_minor=int(entry["amount"] * 100),
        currency=entry["currency"],
        time=entry.get("time", now),
        created_by=subject,
        version=1,
        created_at=now,
        updated_at=now,
    )
    message = new_message(customer, order)
    message.save(force_insert=True)
    return order


def find_customer(code):
    customer = Customer.objects.annotate(folded=Lower("code")).filter(folded=Lower(Value(code))).first()
    if customer is None:
        raise ValidationError({"customer": "Is not known."})
    return customer
