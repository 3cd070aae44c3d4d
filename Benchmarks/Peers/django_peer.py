# SPDX-License-Identifier: Apache-2.0
"""The peer of the part `rest`: Django behind gunicorn, as lean as it goes.

The same rows and fields by the same SQL over connections that stay open, one serializer call, and none of what
the server that is measured does besides: no credentials, no permissions, no limits, no security headers.
DB_URL names the database. Run: gunicorn django_peer:application
"""

import os
from urllib.parse import urlsplit

from django.conf import settings

_url = urlsplit(os.environ["DB_URL"])
settings.configure(
    SECRET_KEY="signs nothing",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=[],
    INSTALLED_APPS=[],
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _url.path.lstrip("/"),
            "USER": _url.username,
            "HOST": _url.hostname,
            "PORT": _url.port,
            "CONN_MAX_AGE": None,
        }
    },
)

import django  # noqa: E402

django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402

SCHEMA = "uberlandia_medical_center"
PAGE = 50

SITES = f"{SCHEMA}.assets_site site"
DEVICES = f"""{SCHEMA}.assets_device device
    JOIN {SCHEMA}.assets_asset asset ON asset.id = device.asset_id
    JOIN {SCHEMA}.assets_site site ON site.id = asset.site_id
    LEFT JOIN {SCHEMA}.ingest_devicestatus seen ON seen.device_id = device.id"""
SENSORS = f"""{SCHEMA}.assets_sensor sensor
    JOIN {SCHEMA}.assets_device device ON device.id = sensor.device_id
    JOIN {SCHEMA}.assets_asset asset ON asset.id = device.asset_id
    JOIN {SCHEMA}.assets_site site ON site.id = asset.site_id
    LEFT JOIN {SCHEMA}.ingest_sensorstatus status ON status.sensor_id = sensor.id"""
DEVICE_ONLINE = "coalesce(seen.last_seen > now() - make_interval(secs => device.offline_after_seconds), false)"
SENSOR_ONLINE = (
    "coalesce(status.last_timestamp > now() - make_interval(secs => device.offline_after_seconds), false)"
)

LISTS = {
    "sites": (
        SITES,
        "site.name",
        f"""site.id, site.name, concat_ws(' - ', site.name, nullif(site.company, ''),
        nullif(site.sector, '')) AS full_name, site.company, site.sector, site.subsector, site.address,
        site.latitude::text, site.longitude::text, site.timezone, (SELECT count(*) FROM
        {SCHEMA}.assets_asset asset WHERE asset.site_id = site.id AND asset.is_active) AS asset_count,
        site.is_active, site.created_at, site.updated_at""",
    ),
    "devices": (
        DEVICES,
        "device.name",
        f"""device.id, device.name, 'Device ' || right(device.serial_number, 4) AS display_name,
        device.serial_number, device.mqtt_client_id, asset.id AS asset, asset.tag AS asset_tag,
        asset.name AS asset_name, site.id AS site, site.name AS site_name, device.device_type,
        CASE WHEN device.status IN ('ERROR', 'MAINTENANCE') THEN device.status::text
          WHEN {DEVICE_ONLINE} THEN 'ONLINE' ELSE 'OFFLINE' END AS status, device.firmware_version,
        seen.last_seen, {DEVICE_ONLINE} AS is_online, device.offline_after_seconds,
        (SELECT count(*) FROM {SCHEMA}.assets_sensor sensor
          WHERE sensor.device_id = device.id AND sensor.is_active) AS sensor_count,
        (SELECT count(*) FROM {SCHEMA}.assets_sensor sensor
          JOIN {SCHEMA}.ingest_sensorstatus status ON status.sensor_id = sensor.id
          WHERE sensor.device_id = device.id AND sensor.is_active AND {SENSOR_ONLINE})
          AS online_sensor_count, device.is_active, device.created_at, device.updated_at""",
    ),
    "sensors": (
        SENSORS,
        "sensor.tag",
        f"""sensor.id, sensor.tag, device.id AS device, device.name AS device_name,
        'Device ' || right(device.serial_number, 4) AS device_display_name,
        device.serial_number AS device_serial, device.mqtt_client_id AS device_mqtt_client_id,
        asset.id AS asset, asset.tag AS asset_tag, asset.name AS asset_name, site.name AS site_name,
        sensor.metric_type, sensor.unit, sensor.min_value, sensor.max_value, sensor.thresholds,
        status.last_value, status.last_timestamp AS last_reading_at, {SENSOR_ONLINE} AS is_online,
        sensor.is_active, sensor.created_at, sensor.updated_at""",
    ),
}


def _rows(cursor):
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def page(request, kind):
    source, order, columns = LISTS[kind]
    key = kind[:-1]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {source} WHERE {key}.is_active")
        (count,) = cursor.fetchone()
        cursor.execute(
            f"SELECT {columns} FROM {source} WHERE {key}.is_active ORDER BY {order}, {key}.id LIMIT %s",
            [PAGE],
        )
        rows = _rows(cursor)
    following = request.build_absolute_uri("?page=2") if count > PAGE else None
    return JsonResponse({"count": count, "next": following, "previous": None, "results": rows})


def history(request, device):
    start, end = request.GET["from"], request.GET["to"]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT bucket AS timestamp, sensor.tag AS sensor_id, sensor.metric_type AS sensor_type,
            sum_value / count AS value, sensor.unit, sum_value / count AS avg, rollup.min_value AS min,
            rollup.max_value AS max, count, last_value AS last, device.mqtt_client_id AS device_id
            FROM {SCHEMA}.assets_device device
            JOIN {SCHEMA}.assets_sensor sensor ON sensor.device_id = device.id
            JOIN {SCHEMA}.telemetry_5m rollup ON rollup.sensor_id = sensor.id
            WHERE device.mqtt_client_id = %s AND bucket >= %s AND bucket < %s ORDER BY bucket, sensor.id""",
            [device, start, end],
        )
        rows = _rows(cursor)
    return JsonResponse(
        {"device_id": device, "interval": "5m", "from": start, "to": end, "data": rows, "count": len(rows),
         "truncated": False, "next_cursor": None}
    )


urlpatterns = [
    path("ingest/history/<str:device>/", history),
    path("assets/<str:kind>/", page),
]
application = get_wsgi_application()
