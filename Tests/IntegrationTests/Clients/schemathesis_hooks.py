# SPDX-License-Identifier: Apache-2.0
"""What schemathesis need not try."""

import urllib.parse

import schemathesis


@schemathesis.hook
def filter_query(context, query):
    """Queries that fit into a request's head: beyond, the HTTP parser refuses, which the document is not about."""
    return len(urllib.parse.urlencode(query or {}, doseq=True)) < 6000
