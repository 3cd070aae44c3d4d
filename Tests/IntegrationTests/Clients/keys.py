# SPDX-License-Identifier: Apache-2.0
"""The API keys that the tests made, by tenant."""
import json
import os

KEYS = json.loads(os.environ.get("API_KEYS", "{}"))


def signed_in(tenant=None, authority=None):
    """Metadata of a call that names its tenant by a slug, or by a host."""
    named = tenant or (authority or "umc").split(".")[0]
    return ([("x-tenant", tenant)] if tenant else []) + [("x-api-key", KEYS.get(named, "none"))]
