# SPDX-License-Identifier: Apache-2.0
"""What schemathesis need not try: what a schema allows and cannot forbid."""

import datetime
import urllib.parse
import zoneinfo

import schemathesis

# Fields that name a thing by its id. Whatever is there, some numbers are nobody's.
REFERENCES = {"site", "asset", "device"}
# Times that must be near; schemathesis likes those of the year 2000.
TIMES = {"timestamp", "expires_at"}
RANGES = [("from", "to"), ("ts_from", "ts_to")]
ZONES = zoneinfo.available_timezones()
# 0, or not less than 7: a schema of limits has no gaps.
DAYS = {"raw_days", "compress_after_days"}


def is_far(text):
    """Whether a text is a time, and one that is years away."""
    try:
        time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
        return abs(time.year - datetime.datetime.now().year) > 3
    except (AttributeError, ValueError):
        return False


def is_hopeless(name, value):
    """Whether a member of a body is of its type, and nevertheless nothing that there is in the sample hospital."""
    if name in REFERENCES:
        return type(value) is int and value > 100
    if name in DAYS:
        return type(value) is int and 0 < value < 7
    if not isinstance(value, str):
        return False
    return name in TIMES and is_far(value) or name == "timezone" and value != "" and value not in ZONES


def members(value):
    """All members of all objects in a body."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield name, member
            yield from members(member)
    elif isinstance(value, list):
        for element in value:
            yield from members(element)


@schemathesis.hook
def filter_query(context, query):
    """Queries that fit into a request's head: beyond, the HTTP parser refuses, which the document is not about."""
    return len(urllib.parse.urlencode(query or {}, doseq=True)) < 6000


@schemathesis.hook
def filter_case(context, case):
    """Requests whose parts go together."""
    query = {name: value for name, value in (case.query or {}).items() if value != ""}
    if "points" in query and "downsample" not in query or "downsample" in query and query.keys() & {"limit", "cursor"}:
        return False
    for start, end in RANGES:
        # A range that begins in the examples' time and does not end is longer than it may be.
        if start in query and end not in query or is_far(query.get(start)) or is_far(query.get(end)):
            return False
    if case.path == "/ingest/telemetry/" and not query.keys() & {"device_id", "asset_tag"}:
        return False
    page = str(query.get("page", ""))
    if case.path.endswith("/readings/") and page.isdecimal() and int(page) > 200:
        # How deep a list of readings may be read depends on the size of its pages.
        return False
    body = case.body
    if isinstance(body, dict) and "asset_type" in body:
        # The one is another name for the other; and what has no tag gets one made of its name.
        if isinstance(body.get("type"), str) or not (body.get("tag") or body.get("name")):
            return False
    if case.path.endswith("/sensors_bulk/") and any(name == "device" and value for name, value in members(body)):
        # It is that of the path, or not said.
        return False
    return not any(is_hopeless(name, value) for name, value in members(body))
