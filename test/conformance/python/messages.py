"""The messages and stubs of proto/renorm/v1, generated into a temporary folder."""

import importlib
import pathlib
import sys
import tempfile
from types import SimpleNamespace

from grpc_tools import protoc

PROTO = pathlib.Path(__file__).resolve().parents[3] / "proto"


def load() -> SimpleNamespace:
    folder = tempfile.mkdtemp(prefix="renorm-proto-")
    files = [str(path) for path in sorted((PROTO / "renorm/v1").glob("*.proto"))]
    arguments = ["protoc", f"-I{PROTO}", f"--python_out={folder}", f"--grpc_python_out={folder}"]
    if protoc.main(arguments + files) != 0:
        raise SystemExit("the .proto files do not compile")
    sys.path.insert(0, folder)
    modules = [importlib.import_module(f"renorm.v1.{name}") for name in ("adaptation_pb2", "trust_pb2", "adaptation_pb2_grpc")]
    names = {}
    for module in modules:
        names.update({name: value for name, value in vars(module).items() if not name.startswith("_")})
    return SimpleNamespace(**names)
