# SPDX-FileCopyrightText: The Agizo authors
# SPDX-License-Identifier: Apache-2.0
"""How gunicorn runs the Django peer; README.md says what was tried."""
import multiprocessing
import os

bind = f"127.0.0.1:{os.environ['PEER_PORT']}"
worker_class = os.environ.get("PEER_WORKER_CLASS", "gthread")
workers = int(os.environ.get("PEER_WORKERS", multiprocessing.cpu_count() + 1))
threads = int(os.environ.get("PEER_THREADS", 4))
backlog = 2048
keepalive = 75
loglevel = "warning"
preload_app = True
