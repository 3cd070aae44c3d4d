# SPDX-License-Identifier: Apache-2.0
"""Generates a client of the OpenAPI document with openapi-python-client, and uses it with an API key.

Usage: generated.py SERVER KEY FOLDER, of the sample hospital. The folder holds the client afterwards.
Prints {"event": "generated", "warnings": […], "sites": […], "asset": …, "refused": {…}, "history": […]}.
"""

import datetime
import importlib
import json
import re
import subprocess
import sys

server, key, folder = sys.argv[1:]
made = subprocess.run(
    [sys.executable, "-m", "openapi_python_client", "generate", "--url", f"{server}/api/schema/", "--meta", "none",
     "--output-path", f"{folder}/traksense_api"], capture_output=True, text=True, check=False)
if made.returncode:
    sys.exit(made.stdout + made.stderr)
sys.path.insert(0, folder)
api = importlib.import_module("traksense_api")
models = importlib.import_module("traksense_api.models")


def operation(tag, name):
    """One of the client's functions."""
    return importlib.import_module(f"traksense_api.api.{tag}.{name}")


client = api.AuthenticatedClient(
    base_url=f"{server}/api", token=key, prefix="", auth_header_name="X-Api-Key", headers={"Host": "umc.localhost"},
    raise_on_unexpected_status=True)
sites = operation("site", "list_sites").sync(client=client)
chiller = models.CreateAssetBodyAssetType.CHILLER
create = operation("asset", "create_asset")
asset = create.sync(client=client, body=models.CreateAssetBody(site=1, asset_type=chiller, tag="GEN-1"))
assert isinstance(asset.created_at, datetime.datetime), asset
again = create.sync(client=client, body=models.CreateAssetBody(site=1, asset_type=chiller, tag="GEN-1"))
operation("asset", "delete_asset").sync_detailed(asset.id, client=client)
# Of an API key that reads as well.
history = operation("telemetry", "get_ingest_history_device_id").sync(
    "ESP32-01", client=client, interval=models.GetIngestHistoryDeviceIdInterval.RAW)
print(json.dumps({
    "event": "generated",
    "warnings": re.findall(r"^(?:WARNING|ERROR) .*$", made.stdout + made.stderr, re.MULTILINE),
    "sites": [site.name for site in sites.results], "asset": asset.tag, "refused": again.to_dict(),
    "history": [row.value for row in history.data]}), flush=True)
