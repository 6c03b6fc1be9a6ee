# SPDX-FileCopyrightText: The Agizo authors
# SPDX-License-Identifier: Apache-2.0
