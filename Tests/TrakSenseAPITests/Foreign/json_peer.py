# SPDX-License-Identifier: Apache-2.0
"""Google's Python protobuf as the foreign side of the JSON mapping.

Reads lines `message<TAB>json`; answers each with `binary in hexadecimal<TAB>json`, read and written by
json_format. The first argument is the root of the .proto files, the others are the files.
"""

import json
import sys
import tempfile
from importlib import import_module

import grpc_tools
from google.protobuf import json_format
from grpc_tools import protoc

root, files = sys.argv[1], sys.argv[2:]
out = tempfile.mkdtemp()
common = grpc_tools.__path__[0] + "/_proto"
if protoc.main(["protoc", f"-I{root}", f"-I{common}", f"--python_out={out}", *files]) != 0:
    sys.exit(1)
sys.path.insert(0, out)
modules = [import_module(name[: -len(".proto")].replace("/", ".") + "_pb2") for name in files]

for line in sys.stdin:
    name, text = line.rstrip("\n").split("\t", 1)
    short = name.split(".")[2:]
    value = next(m for m in modules if m.DESCRIPTOR.package == name.rsplit(".", len(short))[0])
    for part in short:
        value = getattr(value, part)
    message = json_format.Parse(text, value())
    again = json_format.MessageToDict(message)
    print(message.SerializeToString(deterministic=True).hex() + "\t" + json.dumps(again))
