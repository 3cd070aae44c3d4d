# SPDX-License-Identifier: Apache-2.0
"""Whether a file is a valid OpenAPI 3.1 document. Usage: openapi.py FILE"""

import json
import sys

from openapi_spec_validator import OpenAPIV31SpecValidator

with open(sys.argv[1], encoding="utf-8") as file:
    document = json.load(file)
for problem in OpenAPIV31SpecValidator(document).iter_errors():
    sys.exit(f"{list(problem.absolute_path)}: {problem.message}")
print(json.dumps({"version": document["openapi"], "paths": len(document["paths"])}))
