# SPDX-FileCopyrightText: The Agizo authors
# SPDX-License-Identifier: Apache-2.0
from django.http import HttpResponse
from django.urls import path

from orders.views import OrderDetail, OrderList

urlpatterns = [
    path("livez", lambda request: HttpResponse()),
    path("v1/orders", OrderList.as_view()),
    path("v1/orders/<uuid:pk>", OrderDetail.as_view()),
]
